//! The grammar of all attributes, `key = value, key(..), word, ..`, and the types of their values.

use std::time::Duration;

use proc_macro2::{Ident, Span, TokenStream, TokenTree};
use quote::{ToTokens as _, quote};
use syn::ext::IdentExt as _;
use syn::parse::{ParseStream, Parser as _};
use syn::punctuated::Punctuated;
use syn::spanned::Spanned as _;
use syn::{Attribute, Expr, ExprLit, ExprPath, Lit, LitStr, Meta, Token};

use crate::diagnostics::Errors;
use crate::slot::{Slot, Value};

/// One `key = value`, one `key(..)`, or one word without a value.
pub(crate) struct Entry {
    pub(crate) key: Ident,
    pub(crate) value: Option<Expr>,
    /// The tokens between the parentheses.
    pub(crate) nested: Option<TokenStream>,
}

impl Entry {
    pub(crate) fn name(&self) -> String {
        self.key.to_string()
    }

    pub(crate) fn expr(&self) -> syn::Result<&Expr> {
        let key = &self.key;
        let found = if self.nested.is_some() { "unexpected `(..)`" } else { "missing value" };
        self.value.as_ref().ok_or_else(|| syn::Error::new(key.span(), format!("{found}, write `{key} = ..`")))
    }

    fn literal(&self, expected: &str) -> syn::Result<(&Lit, Span)> {
        match ungrouped(self.expr()?) {
            Expr::Lit(ExprLit { lit, .. }) => Ok((lit, lit.span())),
            other => Err(syn::Error::new(other.span(), format!("expected {expected}"))),
        }
    }
}

/// Removes the invisible groups that `macro_rules` puts around an expression.
pub(crate) fn ungrouped(mut expr: &Expr) -> &Expr {
    while let Expr::Group(group) = expr {
        expr = &group.expr;
    }
    expr
}

/// Parses `key = value, word, ..`. After a mistake, parsing continues at the next comma.
pub(crate) fn entries(tokens: TokenStream, errors: &mut Errors) -> Vec<Entry> {
    let parsed = (|input: ParseStream| Ok(rest_of_entries(input, errors))).parse2(tokens);
    parsed.unwrap_or_default()
}

/// Parses the entries of an attribute whose first key is `label`, as [`entries`] does. A literal in the first place is
/// reported, and read as the value of that key.
pub(crate) fn labelled_entries(tokens: TokenStream, label: &str, errors: &mut Errors) -> Vec<Entry> {
    let mut rest = tokens.clone().into_iter();
    let first = rest.next();
    let ends =
        rest.next().is_none_or(|token| matches!(token, TokenTree::Punct(comma) if comma.as_char() == ','));
    let Some(TokenTree::Literal(literal)) = first.filter(|_| ends) else { return entries(tokens, errors) };
    errors.push(literal.span(), format_args!("expected a key, write `{label} = {literal}`"));
    let key = Ident::new(label, literal.span());
    let value = Some(Expr::Lit(ExprLit { attrs: Vec::new(), lit: Lit::new(literal) }));
    let mut found = entries(rest.collect(), errors);
    found.insert(0, Entry { key, value, nested: None });
    found
}

/// Parses the entries up to the end of `input`, as [`entries`] does.
pub(crate) fn rest_of_entries(input: ParseStream, errors: &mut Errors) -> Vec<Entry> {
    let mut found = Vec::new();
    while !input.is_empty() {
        match entry(input) {
            Ok(entry) => found.push(entry),
            Err(error) => {
                errors.extend(error);
                skip_to_comma(input);
            }
        }
        if input.is_empty() {
            break;
        }
        if let Err(error) = input.parse::<Token![,]>() {
            errors.extend(error);
            skip_to_comma(input);
            let _ = input.parse::<Option<Token![,]>>();
        }
    }
    found
}

fn entry(input: ParseStream) -> syn::Result<Entry> {
    let key = Ident::parse_any(input).map_err(|error| syn::Error::new(error.span(), "expected a key"))?;
    if input.is_empty() || input.peek(Token![,]) {
        return Ok(Entry { key, value: None, nested: None });
    }
    if input.peek(syn::token::Paren) {
        let group: proc_macro2::Group = input.parse()?;
        return Ok(Entry { key, value: None, nested: Some(group.stream()) });
    }
    if !input.peek(Token![=]) {
        return Err(input.error(format!("expected `=` after `{key}`")));
    }
    let equals: Token![=] = input.parse()?;
    if input.is_empty() || input.peek(Token![,]) {
        return Err(syn::Error::new(equals.span, format!("missing value, write `{key} = ..`")));
    }
    Ok(Entry { key, value: Some(input.parse()?), nested: None })
}

fn skip_to_comma(input: ParseStream) {
    while !input.is_empty() && !input.peek(Token![,]) {
        let _ = input.parse::<TokenTree>();
    }
}

/// Parses the entries of every helper attribute named `helper`.
pub(crate) fn helper_entries(attrs: &[Attribute], helper: &str, errors: &mut Errors) -> Vec<Entry> {
    let mut found = Vec::new();
    for attr in attrs.iter().filter(|attr| attr.path().is_ident(helper)) {
        match &attr.meta {
            Meta::List(list) => found.extend(entries(list.tokens.clone(), errors)),
            Meta::Path(_) | Meta::NameValue(_) => {
                errors.push(attr.path().span(), format_args!("expected `#[{helper}(..)]`"));
            }
        }
    }
    found
}

/// Creates the slot of the key `crate`, which every macro has.
pub(crate) fn crate_slot() -> Slot<syn::Path> {
    Slot::new("crate")
}

/// Returns the path of the runtime crate: the given one, or `::agent_metrics`.
pub(crate) fn crate_path(given: Option<syn::Path>) -> syn::Path {
    given.unwrap_or_else(|| syn::parse_quote!(::agent_metrics))
}

impl Value for Expr {
    fn read(entry: &Entry) -> syn::Result<Self> {
        entry.expr().cloned()
    }
}

impl Value for syn::Path {
    fn read(entry: &Entry) -> syn::Result<Self> {
        match ungrouped(entry.expr()?) {
            Expr::Path(ExprPath { qself: None, path, .. }) => Ok(path.clone()),
            other => Err(syn::Error::new(
                other.span(),
                format!("expected a path, such as `{} = ::name`", entry.key),
            )),
        }
    }
}

/// An expression that may be a closure or name a function: anything but a literal.
pub(crate) struct Callback(pub(crate) Expr);

impl Value for Callback {
    fn read(entry: &Entry) -> syn::Result<Self> {
        match ungrouped(entry.expr()?) {
            Expr::Lit(literal) => Err(syn::Error::new(
                literal.span(),
                format!("expected a closure, such as `{} = |value| ..`", entry.key),
            )),
            // A variant of an enum, which is no function with the required output.
            Expr::Path(ExprPath { qself: None, path, .. }) if is_variant(path) => {
                let found = path.to_token_stream().to_string().replace(' ', "");
                Err(syn::Error::new(
                    path.span(),
                    format!("expected a closure, such as `{} = |_| {found}`", entry.key),
                ))
            }
            other => Ok(Self(other.clone())),
        }
    }
}

/// Returns true if a path is spelled like the variant of an enum.
fn is_variant(path: &syn::Path) -> bool {
    let name = path.segments.last().map(|last| last.ident.to_string()).unwrap_or_default();
    path.segments.len() > 1 && name.starts_with(char::is_uppercase) && name.contains(char::is_lowercase)
}

/// A word without a value, with its span.
pub(crate) struct Flag(pub(crate) Span);

impl Value for Flag {
    fn read(entry: &Entry) -> syn::Result<Self> {
        match (&entry.value, &entry.nested) {
            (None, None) => Ok(Self(entry.key.span())),
            (value, _) => {
                let span = value.as_ref().map_or(entry.key.span(), syn::spanned::Spanned::span);
                Err(syn::Error::new(span, format!("`{}` takes no value", entry.key)))
            }
        }
    }
}

/// A string literal, with its span.
pub(crate) struct Text {
    pub(crate) value: String,
    pub(crate) span: Span,
}

impl Text {
    pub(crate) fn literal(&self) -> LitStr {
        LitStr::new(&self.value, self.span)
    }
}

impl Value for Text {
    fn read(entry: &Entry) -> syn::Result<Self> {
        match entry.literal("a string literal")? {
            (Lit::Str(text), span) => Ok(Self { value: text.value(), span }),
            (_, span) => Err(syn::Error::new(span, "expected a string literal")),
        }
    }
}

/// A string literal that is not empty.
pub(crate) struct Name(pub(crate) Text);

impl Value for Name {
    fn read(entry: &Entry) -> syn::Result<Self> {
        let text = Text::read(entry)?;
        if text.value.is_empty() {
            return Err(syn::Error::new(text.span, format!("empty `{}`", entry.key)));
        }
        Ok(Self(text))
    }
}

/// The maximum number of series of a family.
pub(crate) struct SeriesBudget(pub(crate) syn::LitInt);

impl Value for SeriesBudget {
    fn read(entry: &Entry) -> syn::Result<Self> {
        match entry.literal("an integer literal")? {
            (Lit::Int(number), span) => match number.base10_parse::<usize>()? {
                0 => Err(syn::Error::new(span, "a budget of 0 series, expected at least 1")),
                _ => Ok(Self(number.clone())),
            },
            (_, span) => Err(syn::Error::new(span, "expected an integer literal")),
        }
    }
}

/// The bucket bounds of a histogram, such as `[0.1, 1.0]`. The runtime checks their order in a constant.
pub(crate) struct Buckets {
    pub(crate) bounds: Punctuated<Expr, Token![,]>,
    pub(crate) span: Span,
}

impl Value for Buckets {
    fn read(entry: &Entry) -> syn::Result<Self> {
        match ungrouped(entry.expr()?) {
            Expr::Array(list) if list.elems.is_empty() => {
                Err(syn::Error::new(list.bracket_token.span.join(), "no buckets, expected at least one"))
            }
            Expr::Array(list) => {
                Ok(Self { bounds: list.elems.clone(), span: list.bracket_token.span.join() })
            }
            other => {
                Err(syn::Error::new(other.span(), "expected a list of bounds, such as `[0.1, 0.5, 1.0]`"))
            }
        }
    }
}

/// A duration such as `"30s"`, with the span of its literal.
pub(crate) struct DurationLiteral {
    pub(crate) duration: Duration,
    pub(crate) span: Span,
}

impl DurationLiteral {
    /// Returns the expression that creates the duration.
    pub(crate) fn tokens(&self) -> TokenStream {
        let milliseconds = u64::try_from(self.duration.as_millis()).unwrap_or(u64::MAX);
        quote!(::core::time::Duration::from_millis(#milliseconds))
    }
}

/// The value of a key that takes a literal, or an expression that is evaluated at each call.
pub(crate) enum Given<L> {
    Literal(L),
    Expr(Expr),
}

impl<L: Value> Value for Given<L> {
    fn read(entry: &Entry) -> syn::Result<Self> {
        match ungrouped(entry.expr()?) {
            Expr::Lit(_) => L::read(entry).map(Self::Literal),
            other => Ok(Self::Expr(other.clone())),
        }
    }
}

impl Given<DurationLiteral> {
    pub(crate) fn span(&self) -> Span {
        match self {
            Self::Literal(literal) => literal.span,
            Self::Expr(expr) => expr.span(),
        }
    }

    /// Returns the expression that creates the duration.
    pub(crate) fn tokens(&self) -> TokenStream {
        match self {
            Self::Literal(literal) => literal.tokens(),
            Self::Expr(expr) => expr.to_token_stream(),
        }
    }
}

impl<L> Given<L> {
    /// Returns the expression, unless the value is a literal.
    pub(crate) fn expr(&self) -> Option<&Expr> {
        match self {
            Self::Literal(_) => None,
            Self::Expr(expr) => Some(expr),
        }
    }
}

impl Value for DurationLiteral {
    fn read(entry: &Entry) -> syn::Result<Self> {
        const SHAPE: &str = "a duration, such as `\"250ms\"`, `\"30s\"`, `\"5m\"`, or `\"1h\"`";
        let (literal, span) = entry.literal(SHAPE)?;
        let Lit::Str(text) = literal else {
            return Err(syn::Error::new(span, format!("expected {SHAPE}")));
        };
        let duration = parse_duration(&text.value()).ok_or_else(|| {
            syn::Error::new(span, format!("invalid duration `{}`, expected {SHAPE}", text.value()))
        })?;
        if duration.is_zero() {
            return Err(syn::Error::new(
                span,
                format!("`{}` of zero, expected a duration above zero", entry.key),
            ));
        }
        Ok(Self { duration, span })
    }
}

/// A share of all calls in percent, above 0 and below 100.
pub(crate) struct Percent(pub(crate) f64);

impl Value for Percent {
    fn read(entry: &Entry) -> syn::Result<Self> {
        let shape = "a percentage, such as `99.9`";
        let (literal, span) = entry.literal(shape)?;
        let number = match literal {
            Lit::Float(number) => number.base10_parse::<f64>()?,
            Lit::Int(number) => number.base10_parse::<f64>()?,
            _ => return Err(syn::Error::new(span, format!("expected {shape}"))),
        };
        if number > 0.0 && number < 100.0 {
            return Ok(Self(number));
        }
        Err(syn::Error::new(
            span,
            format!("`{}` of {number} percent, expected more than 0 and less than 100", entry.key),
        ))
    }
}

/// `true` or `false`.
pub(crate) struct BoolLiteral(pub(crate) bool);

impl Value for BoolLiteral {
    fn read(entry: &Entry) -> syn::Result<Self> {
        match entry.literal("`true` or `false`")? {
            (Lit::Bool(switch), _) => Ok(Self(switch.value)),
            (_, span) => Err(syn::Error::new(span, "expected `true` or `false`")),
        }
    }
}

/// Parses an integer with one of the units `ms`, `s`, `m` and `h`.
fn parse_duration(text: &str) -> Option<Duration> {
    let unit = text.find(|letter: char| !letter.is_ascii_digit())?;
    let count: u64 = text[..unit].parse().ok()?;
    let milliseconds = match &text[unit..] {
        "ms" => 1,
        "s" => 1_000,
        "m" => 60_000,
        "h" => 3_600_000,
        _ => return None,
    };
    count.checked_mul(milliseconds).map(Duration::from_millis)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_need_an_integer_and_a_unit() {
        assert_eq!(parse_duration("250ms"), Some(Duration::from_millis(250)));
        assert_eq!(parse_duration("30s"), Some(Duration::from_secs(30)));
        assert_eq!(parse_duration("5m"), Some(Duration::from_secs(300)));
        assert_eq!(parse_duration("1h"), Some(Duration::from_secs(3_600)));
        for wrong in ["", "5", "s", "5 s", "-5s", "1.5s", "5d", "99999999999999999h", "5S"] {
            assert_eq!(parse_duration(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn parsing_continues_after_a_mistake() {
        let mut errors = Errors::default();
        let found = entries(quote!(a = , 5 = 1, b c, d = |x, y| x, crate = ::e), &mut errors);
        assert_eq!(
            errors.messages(),
            ["missing value, write `a = ..`", "expected a key", "expected `=` after `b`"]
        );
        assert_eq!(found.iter().map(Entry::name).collect::<Vec<_>>(), ["d", "crate"]);
    }
}
