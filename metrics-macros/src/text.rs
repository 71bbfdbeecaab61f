//! Names and help texts derived from identifiers and doc comments.

use proc_macro2::Ident;
use syn::ext::IdentExt as _;
use syn::{Attribute, Expr, ExprLit, Lit, Meta};

/// Returns the text of an identifier without `r#`.
pub(crate) fn plain(ident: &Ident) -> String {
    ident.unraw().to_string()
}

/// Converts an identifier to `snake_case`: `HTTPServer` to `http_server`, `Gpt4` to `gpt4`.
pub(crate) fn snake_case(name: &str) -> String {
    let letters: Vec<char> = name.chars().collect();
    let mut snake = String::with_capacity(name.len() + 4);
    for (at, &letter) in letters.iter().enumerate() {
        if letter.is_uppercase() && at > 0 {
            let before = letters[at - 1];
            let ends_acronym =
                before.is_uppercase() && letters.get(at + 1).is_some_and(|next| next.is_lowercase());
            if before != '_' && (!before.is_uppercase() || ends_acronym) {
                snake.push('_');
            }
        }
        snake.extend(letter.to_lowercase());
    }
    snake
}

/// Returns the first paragraph of a doc comment as one line, or `None` without a doc comment.
pub(crate) fn doc_paragraph(attrs: &[Attribute]) -> Option<String> {
    let mut lines = Vec::new();
    for attr in attrs.iter().filter(|attr| attr.path().is_ident("doc")) {
        let Meta::NameValue(pair) = &attr.meta else { continue };
        let Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) = &pair.value else { continue };
        for line in text.value().lines().map(|line| line.trim().to_owned()) {
            if !line.is_empty() {
                lines.push(line);
            } else if !lines.is_empty() {
                return Some(lines.join(" "));
            }
        }
        if text.value().trim().is_empty() && !lines.is_empty() {
            break;
        }
    }
    (!lines.is_empty()).then(|| lines.join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identifiers_are_converted_to_snake_case() {
        for (name, snake) in [
            ("Search", "search"),
            ("HTTPServer", "http_server"),
            ("Gpt4", "gpt4"),
            ("Gpt4Turbo", "gpt4_turbo"),
            ("WebSearch", "web_search"),
            ("A", "a"),
            ("AB", "ab"),
            ("already_snake", "already_snake"),
            ("Snake_Case", "snake_case"),
        ] {
            assert_eq!(snake_case(name), snake);
        }
    }

    #[test]
    fn help_is_the_first_paragraph_of_the_doc_comment() {
        let item: syn::ItemStruct = syn::parse_quote! {
            /// Time the agent
            /// reasoned.
            ///
            /// More.
            struct S;
        };
        assert_eq!(doc_paragraph(&item.attrs).as_deref(), Some("Time the agent reasoned."));
        let bare: syn::ItemStruct = syn::parse_quote!(
            struct S;
        );
        assert_eq!(doc_paragraph(&bare.attrs), None);
    }
}
