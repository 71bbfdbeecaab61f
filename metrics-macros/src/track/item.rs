//! The kind of item that an attribute is applied to.

use proc_macro2::{Delimiter, Span, TokenStream, TokenTree};

/// The kind of an item, which its first keywords determine.
pub(super) enum Item {
    Function,
    Impl,
    Trait(Span),
    Other { span: Span, found: String },
}

impl Item {
    pub(super) fn from_tokens(item: &TokenStream) -> Self {
        let mut tokens = Vec::new();
        flatten(item.clone(), &mut tokens);
        let start = after_attributes(&tokens);
        let mut before = None;
        for token in &tokens[start..] {
            let word = token.to_string();
            match token {
                TokenTree::Ident(_) => match word.as_str() {
                    "fn" => return Self::Function,
                    "impl" => return Self::Impl,
                    "trait" => return Self::Trait(token.span()),
                    // These may come before the keyword that determines the kind.
                    "async" | "auto" | "const" | "crate" | "default" | "extern" | "pub" | "safe"
                    | "unsafe" => {}
                    word => return Self::other(token, item_name(word, before.as_deref())),
                },
                // `pub(crate)` and `extern "C"`.
                TokenTree::Group(group) if group.delimiter() == Delimiter::Parenthesis => continue,
                TokenTree::Literal(_) if before.as_deref() == Some("extern") => continue,
                TokenTree::Group(_) if before.as_deref() == Some("extern") => {
                    return Self::other(token, Some("an extern block"));
                }
                TokenTree::Punct(bar) if bar.as_char() == '|' => {
                    return Self::other(token, Some("a closure"));
                }
                _ => return Self::other(token, None),
            }
            before = Some(word);
        }
        Self::Other { span: Span::call_site(), found: "nothing".to_owned() }
    }

    fn other(token: &TokenTree, name: Option<&str>) -> Self {
        let found = name.map_or_else(|| format!("`{token}`"), str::to_owned);
        Self::Other { span: token.span(), found }
    }
}

/// Returns the name of the item kind that `word` determines.
fn item_name(word: &str, before: Option<&str>) -> Option<&'static str> {
    let name = match word {
        "enum" => "an enum",
        "let" => "a statement",
        "macro" | "macro_rules" => "a macro",
        "mod" => "a module",
        "move" => "a closure",
        "static" => "a static",
        "struct" => "a struct",
        "type" => "a type alias",
        "union" => "a union",
        "use" => "an import",
        _ if before == Some("const") => "a constant",
        _ if before == Some("crate") => "an extern crate",
        _ => return None,
    };
    Some(name)
}

/// Appends the tokens of `stream` to `flat`, without the invisible groups of `macro_rules`.
fn flatten(stream: TokenStream, flat: &mut Vec<TokenTree>) {
    for token in stream {
        match token {
            TokenTree::Group(group) if group.delimiter() == Delimiter::None => flatten(group.stream(), flat),
            other => flat.push(other),
        }
    }
}

/// Returns the index of the first token after the attributes.
fn after_attributes(tokens: &[TokenTree]) -> usize {
    let is_hash = |token: &TokenTree| matches!(token, TokenTree::Punct(hash) if hash.as_char() == '#');
    let attributes = tokens.chunks_exact(2).take_while(|pair| is_hash(&pair[0])).count();
    attributes * 2
}

#[cfg(test)]
mod tests {
    use quote::quote;

    use super::*;

    #[test]
    fn the_first_keywords_determine_the_kind_of_an_item() {
        for (item, expected) in [
            (
                quote!(
                    pub(crate) const unsafe extern "C" fn f() {}
                ),
                "function",
            ),
            (
                quote!(
                    #[a]
                    #[b = "struct"]
                    async fn f() {}
                ),
                "function",
            ),
            (
                quote!(
                    #[a]
                    unsafe impl<T> A for B<T> {}
                ),
                "impl",
            ),
            (
                quote!(
                    pub(crate) struct S;
                ),
                "a struct",
            ),
            (
                quote!(
                    pub unsafe auto trait T {}
                ),
                "trait",
            ),
            (
                quote!(
                    const F: fn() = f;
                ),
                "a constant",
            ),
            (
                quote!(
                    extern "C" {
                        fn f();
                    }
                ),
                "an extern block",
            ),
            (
                quote!(
                    extern crate a;
                ),
                "an extern crate",
            ),
            (
                quote!(
                    mod m {
                        fn f() {}
                    }
                ),
                "a module",
            ),
            (quote!(move || 1), "a closure"),
            (quote!(|x| x), "a closure"),
            (quote!(5 + 5), "`5`"),
            (quote!(), "nothing"),
        ] {
            let found = match Item::from_tokens(&item) {
                Item::Function => "function".to_owned(),
                Item::Impl => "impl".to_owned(),
                Item::Trait(_) => "trait".to_owned(),
                Item::Other { found, .. } => found,
            };
            assert_eq!(found, expected, "{item}");
        }
    }
}
