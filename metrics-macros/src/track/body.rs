//! The body of a function, which is kept as a group of tokens and never parsed.

use std::collections::HashSet;

use proc_macro2::{Delimiter, Group, Ident, Span, TokenStream, TokenTree};
use quote::quote;

use crate::text::plain;

/// A function's body.
pub(crate) struct Body {
    /// The block, without its inner attributes.
    pub(crate) group: Group,
    /// The inner attributes: for each, the tokens between its brackets.
    pub(crate) attrs: Vec<TokenStream>,
}

/// A body whose last expression is `Box::pin(argument)`, directly or inside nested blocks that are last expressions too.
pub(crate) struct BoxedTail {
    /// The tokens before each nested block, from the outermost to the innermost, with the span of the block.
    blocks: Vec<(TokenStream, Span)>,
    /// The tokens before the argument: statements and `Box::pin`.
    before: TokenStream,
    pub(crate) argument: Group,
}

impl BoxedTail {
    /// Returns the body with another argument of `Box::pin`.
    pub(crate) fn with(&self, argument: TokenStream) -> TokenStream {
        let mut group = Group::new(self.argument.delimiter(), argument);
        group.set_span(self.argument.span());
        let before = &self.before;
        let innermost = quote!(#before #group);
        self.blocks.iter().rev().fold(innermost, |content, (before, span)| {
            let block = braces(content, *span);
            quote!(#before #block)
        })
    }
}

impl Body {
    pub(crate) fn new(group: Group) -> Self {
        let mut tokens: Vec<TokenTree> = group.stream().into_iter().collect();
        let mut attrs = Vec::new();
        while let [TokenTree::Punct(hash), TokenTree::Punct(bang), TokenTree::Group(content), ..] =
            tokens.as_slice()
        {
            if hash.as_char() != '#' || bang.as_char() != '!' || content.delimiter() != Delimiter::Bracket {
                break;
            }
            attrs.push(content.stream());
            tokens.drain(..3);
        }
        if attrs.is_empty() {
            return Self { group, attrs };
        }
        Self { group: braces(tokens.into_iter().collect(), group.span()), attrs }
    }

    /// Returns the start of the last expression. The call around the body is located there, so that the compiler reports
    /// errors about the result at that expression.
    pub(crate) fn tail(&self) -> Span {
        let tokens: Vec<TokenTree> = self.group.stream().into_iter().collect();
        let start = (1..tokens.len()).rev().find(|&at| ends_statement(&tokens[at - 1], &tokens[at]));
        tokens.get(start.unwrap_or(0)).map_or_else(|| self.group.span_close(), TokenTree::span)
    }

    /// Splits the body at the `Box::pin(..)` that is its last expression, if there is one.
    pub(crate) fn boxed_tail(&self) -> Option<BoxedTail> {
        let mut blocks = Vec::new();
        let mut before: Vec<TokenTree> = self.group.stream().into_iter().collect();
        let argument = loop {
            let TokenTree::Group(last) = before.pop()? else { return None };
            match last.delimiter() {
                Delimiter::Parenthesis => break without_last_comma(&last),
                // A second attribute of this crate leaves the user's block as the last expression.
                Delimiter::Brace if is_end_of_statement(before.last()) => {
                    blocks.push((before.into_iter().collect(), last.span()));
                    before = last.stream().into_iter().collect();
                }
                _ => return None,
            }
        };
        let start = tail_path(&before)?;
        let is_block = |token: &TokenTree| matches!(token, TokenTree::Group(block) if block.delimiter() == Delimiter::Brace);
        let last = before[..start].last();
        (is_end_of_statement(last) || last.is_some_and(is_block)).then(|| BoxedTail {
            blocks,
            before: before.into_iter().collect(),
            argument,
        })
    }

    /// Splits the body at the `.boxed()` or `.boxed_local()` at its end, if there is one.
    pub(crate) fn boxed_by_method(&self) -> Option<(Self, TokenStream)> {
        let mut tokens: Vec<TokenTree> = self.group.stream().into_iter().collect();
        let method = tokens.split_off(tokens.len().checked_sub(3)?);
        let [TokenTree::Punct(dot), TokenTree::Ident(name), TokenTree::Group(arguments)] = method.as_slice()
        else {
            return None;
        };
        let is_boxed = (name == "boxed" || name == "boxed_local")
            && dot.as_char() == '.'
            && arguments.delimiter() == Delimiter::Parenthesis
            && arguments.stream().is_empty();
        let group = braces(tokens.into_iter().collect(), self.group.span());
        is_boxed.then(|| (Self { group, attrs: self.attrs.clone() }, method.into_iter().collect()))
    }

    /// Returns the first `return` of the function itself, not of a closure or an async block inside it.
    pub(crate) fn early_return(&self) -> Option<Span> {
        early_return(self.group.stream())
    }
}

/// Returns `stream` in braces located at `span`.
pub(crate) fn braces(stream: TokenStream, span: Span) -> Group {
    let mut group = Group::new(Delimiter::Brace, stream);
    group.set_span(span);
    group
}

/// Returns the arguments of a call without the comma that may follow the last one.
fn without_last_comma(arguments: &Group) -> Group {
    let mut tokens: Vec<TokenTree> = arguments.stream().into_iter().collect();
    if matches!(tokens.last(), Some(TokenTree::Punct(comma)) if comma.as_char() == ',') {
        tokens.pop();
    }
    let mut group = Group::new(arguments.delimiter(), tokens.into_iter().collect());
    group.set_span(arguments.span());
    group
}

/// Returns true if this token ends a statement, or if there is no token before the next statement.
fn is_end_of_statement(token: Option<&TokenTree>) -> bool {
    token.is_none_or(|token| matches!(token, TokenTree::Punct(end) if end.as_char() == ';'))
}

/// Returns the index at which the path `..::Box::pin` at the end of `tokens` starts.
fn tail_path(tokens: &[TokenTree]) -> Option<usize> {
    let is_word =
        |at: usize, word: &str| matches!(tokens.get(at), Some(TokenTree::Ident(ident)) if ident == word);
    let is_colons = |at: usize| {
        let is_colon = |at| matches!(tokens.get(at), Some(TokenTree::Punct(colon)) if colon.as_char() == ':');
        is_colon(at) && is_colon(at + 1)
    };
    let boxed = tokens.len().checked_sub(4)?;
    if !(is_word(boxed, "Box") && is_colons(boxed + 1) && is_word(boxed + 3, "pin")) {
        return None;
    }
    let mut start = boxed;
    while start >= 2 && is_colons(start - 2) {
        start -= 2;
        if start >= 1 && matches!(tokens[start - 1], TokenTree::Ident(_)) {
            start -= 1;
        }
    }
    Some(start)
}

/// Returns true if a statement probably ends between two tokens. A certain answer would need parsing.
fn ends_statement(before: &TokenTree, after: &TokenTree) -> bool {
    match (before, after) {
        (TokenTree::Punct(mark), _) => mark.as_char() == ';',
        (TokenTree::Group(block), TokenTree::Ident(word)) => {
            block.delimiter() == Delimiter::Brace && word != "else" && word != "as"
        }
        (TokenTree::Group(block), TokenTree::Literal(_)) => block.delimiter() == Delimiter::Brace,
        _ => false,
    }
}

/// Returns the first `return` in `tokens` that belongs to the function itself.
fn early_return(tokens: TokenStream) -> Option<Span> {
    let mut inside = Inside::Function;
    let mut before: Option<TokenTree> = None;
    for token in tokens {
        match &token {
            // The blocks of an `if` that is the body of a closure.
            TokenTree::Group(group)
                if matches!(inside, Inside::ClosureIf | Inside::AfterClosureIf)
                    && group.delimiter() == Delimiter::Brace =>
            {
                inside = Inside::AfterClosureIf;
            }
            TokenTree::Ident(word) if inside == Inside::AfterClosureIf => {
                if word == "return" {
                    return Some(word.span());
                }
                inside = if word == "else" { Inside::ClosureIf } else { Inside::Function };
            }
            TokenTree::Ident(word) if word == "return" && inside == Inside::Function => {
                return Some(word.span());
            }
            TokenTree::Group(group)
                if inside != Inside::Function && group.delimiter() == Delimiter::Brace =>
            {
                inside = Inside::Function;
            }
            TokenTree::Group(group) => {
                if let Some(found) = early_return(group.stream()) {
                    return Some(found);
                }
            }
            other => inside = inside.after(other, before.as_ref()),
        }
        before = Some(token);
    }
    None
}

/// The owner of a block that would start at the current token.
#[derive(Clone, Copy, PartialEq)]
enum Inside {
    Function,
    /// Between the bars of a closure.
    Parameters,
    Closure,
    /// In the condition of an `if` or `match` that is the body of a closure.
    ClosureIf,
    /// After a block of that `if`.
    AfterClosureIf,
    /// The return type of a closure.
    ClosureType,
    /// A nested `fn` or an async block.
    Other,
}

impl Inside {
    fn after(self, token: &TokenTree, before: Option<&TokenTree>) -> Self {
        match token {
            // `fn` without a name is a function pointer type.
            TokenTree::Ident(_) if matches!(before, Some(TokenTree::Ident(word)) if word == "fn") => {
                Self::Other
            }
            TokenTree::Ident(word) if word == "async" => Self::Other,
            TokenTree::Ident(word) if self == Self::Closure && (word == "if" || word == "match") => {
                Self::ClosureIf
            }
            TokenTree::Ident(word) if word == "else" => Self::Function,
            TokenTree::Punct(mark) => match (self, mark.as_char()) {
                (Self::Parameters, '|') => Self::Closure,
                (Self::Closure, '>') if is_minus(before) => Self::ClosureType,
                (Self::Function | Self::Closure, '|') if begins_expression(before) => Self::Parameters,
                (_, ';') | (Self::Closure, ',') => Self::Function,
                // `=>` follows: it was a match pattern with `|`, not a closure.
                (Self::Closure | Self::Parameters, '>') if is_equals(before) => Self::Function,
                _ => self,
            },
            _ => self,
        }
    }
}

fn is_minus(token: Option<&TokenTree>) -> bool {
    matches!(token, Some(TokenTree::Punct(mark)) if mark.as_char() == '-')
}

fn is_equals(token: Option<&TokenTree>) -> bool {
    matches!(token, Some(TokenTree::Punct(mark)) if mark.as_char() == '=')
}

/// Returns true if an expression starts after `before`. There, `|` opens a closure; elsewhere it is an operator.
fn begins_expression(before: Option<&TokenTree>) -> bool {
    match before {
        None => true,
        Some(TokenTree::Punct(mark)) => !matches!(mark.as_char(), '?' | '|'),
        Some(TokenTree::Ident(word)) => word == "move" || word == "return",
        Some(TokenTree::Group(_) | TokenTree::Literal(_)) => false,
    }
}

/// The identifiers in a token stream, including the placeholders of format strings (`"{name}"`).
#[derive(Default)]
pub(crate) struct UsedNames {
    idents: HashSet<String>,
    literals: Vec<String>,
}

impl UsedNames {
    pub(crate) fn new(tokens: TokenStream) -> Self {
        let mut names = Self::default();
        names.add(tokens);
        names
    }

    fn add(&mut self, tokens: TokenStream) {
        for token in tokens {
            match token {
                TokenTree::Group(group) => self.add(group.stream()),
                TokenTree::Ident(ident) => {
                    self.idents.insert(plain(&ident));
                }
                TokenTree::Literal(literal) => self.literals.push(literal.to_string()),
                TokenTree::Punct(_) => {}
            }
        }
    }

    pub(crate) fn union(mut self, other: Self) -> Self {
        self.idents.extend(other.idents);
        self.literals.extend(other.literals);
        self
    }

    pub(crate) fn contains(&self, ident: &Ident) -> bool {
        let name = plain(ident);
        self.idents.contains(&name) || self.literals.iter().any(|literal| has_placeholder(literal, &name))
    }
}

/// Returns true if a literal has a placeholder for `name`: `{name}`, `{name:?}`, or a width or precision of that name.
fn has_placeholder(literal: &str, name: &str) -> bool {
    literal.match_indices(name).any(|(at, _)| {
        let is_word = |letter: char| letter.is_alphanumeric() || letter == '_';
        let (before, after) = (&literal[..at], &literal[at + name.len()..]);
        before.contains('{') && !before.ends_with(is_word) && after.starts_with(['}', ':', '$'])
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn body(tokens: TokenStream) -> Body {
        Body::new(Group::new(Delimiter::Brace, tokens))
    }

    #[test]
    fn inner_attributes_are_separated_from_the_body() {
        let body = body(quote!(#![allow(unused)] let a = 1; a));
        assert_eq!(body.attrs.len(), 1);
        assert_eq!(body.group.stream().to_string(), "let a = 1 ; a");
    }

    #[test]
    fn a_boxed_tail_is_found() {
        for tokens in [
            quote!(Box::pin(async {})),
            quote!(let a = 1; ::std::boxed::Box::pin(async {})),
            quote!(if a { b() } std::boxed::Box::pin(x)),
            quote!(let a = 1; { let b = 2; { Box::pin(async {}) } }),
        ] {
            let tail = body(tokens.clone()).boxed_tail().expect("a boxed tail");
            assert_eq!(tail.with(tail.argument.stream()).to_string(), tokens.to_string());
        }
        for tokens in [
            quote!(make()),
            quote!(x.Box::pin(a)),
            quote!(Box::pin(a);),
            quote!(a + Box::pin(b)),
            quote!(if a {
                Box::pin(b)
            }),
            quote!(),
        ] {
            assert!(body(tokens.clone()).boxed_tail().is_none(), "{tokens}");
        }
    }

    #[test]
    fn only_a_return_of_the_function_itself_is_early() {
        for tokens in [
            quote!(if a { return b; } Box::pin(c)),
            quote!(if a || b { return c; } Box::pin(d)),
            quote!(let x = f(|y| y); if a | x { return b; } Box::pin(c)),
            quote!(let x = a || return b; Box::pin(c)),
            quote!(let f = |x| if x { 1 } else { 2 }; if f(a) { return b; } Box::pin(c)),
            quote!(let f = |x| -> Result<u8, E> { b }; if f(a) { return b; } Box::pin(c)),
            quote!(if is::<fn() -> u8>() { return a; } Box::pin(b)),
            quote!(match a { | Some(1) | None => { return b; } _ => {} } Box::pin(c)),
        ] {
            assert!(body(tokens.clone()).early_return().is_some(), "{tokens}");
        }
        for tokens in [
            quote!(let f = g(|x, y| { return x; }, 1); Box::pin(f)),
            quote!(
                fn g<A, B>(a: A) -> u8 {
                    return 1;
                },
                Box::pin(f)
            ),
            quote!(Box::pin(async move {
                return 1;
            })),
            quote!(let f = |x| { return x; }; Box::pin(f(1))),
            quote!(let f = move || async { return 1; }; Box::pin(f())),
            quote!(let f = |x| if x > 9 { return 9 } else if x > 8 { return 8 } else { return x }; Box::pin(f(1))),
            quote!(let f = |x| match x { 1 => { return 1 } _ => return 2 }; Box::pin(f(1))),
            quote!(let f = |x| -> Result<u8, E> { if x { return a; } b }; Box::pin(f(1))),
        ] {
            assert!(body(tokens.clone()).early_return().is_none(), "{tokens}");
        }
    }

    #[test]
    fn placeholders_of_format_strings_are_used_names() {
        let names = UsedNames::new(quote!(println!("{name}", r#type)));
        let contains = |word: &str| names.contains(&Ident::new(word, Span::call_site()));
        assert!(contains("name") && contains("println") && !contains("other") && !contains("nam"));
        assert!(has_placeholder("{a:width$} {b:.width$}", "width") && !has_placeholder("{a} none", "no"));
        assert!(names.contains(&Ident::new_raw("type", Span::call_site())));
    }
}
