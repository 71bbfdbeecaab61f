//! Applies the other attributes of a function first.
//!
//! The measured function has to be the one that runs: otherwise, `tracing::instrument` below this attribute would
//! instrument only the creation of the future, and `tokio::test` would not see an `async fn`. The function is expanded with
//! this attribute after the others, and a hidden key marks it as moved, so that this happens only once.

use proc_macro2::{Ident, Span, TokenStream};
use quote::quote;
use syn::{Attribute, Path};

use super::shared::LAST;
use super::signature::Function;

/// The built-in attributes, which the compiler keeps on a function and which do not rewrite it.
const INERT: [&str; 26] = [
    "allow",
    "automatically_derived",
    "cfg",
    "cold",
    "deny",
    "deprecated",
    "doc",
    "expect",
    "export_name",
    "forbid",
    "ignore",
    "inline",
    "instruction_set",
    "link_name",
    "link_section",
    "must_use",
    "naked",
    "no_mangle",
    "no_sanitize",
    "non_exhaustive",
    "optimize",
    "should_panic",
    "target_feature",
    "track_caller",
    "unsafe",
    "warn",
];
/// The tools whose attributes the compiler ignores.
const TOOLS: [&str; 5] = ["clippy", "diagnostic", "miri", "rust_analyzer", "rustfmt"];

/// Returns true if a function has attributes that may rewrite it.
pub(super) fn must_requeue(attrs: &[Attribute]) -> bool {
    attrs.iter().any(|attr| !is_inert(attr.path()))
}

fn is_inert(path: &Path) -> bool {
    let Some(first) = path.segments.first() else { return false };
    let names: &[&str] = if path.segments.len() == 1 { &INERT } else { &TOOLS };
    names.iter().any(|name| first.ident == name)
}

/// Writes the attribute again, after the other attributes of the function.
pub(super) fn expand(krate: &Path, name: &str, args: &TokenStream, function: &Function) -> TokenStream {
    let (attrs, rest) = (&function.attrs, &function.rest);
    let (name, last) = (Ident::new(name, Span::call_site()), Ident::new(LAST, Span::call_site()));
    let ends_in_comma = matches!(args.clone().into_iter().last(), Some(proc_macro2::TokenTree::Punct(end)) if end.as_char() == ',');
    let args = match (args.is_empty(), ends_in_comma) {
        (true, _) => quote!(#last),
        (false, true) => quote!(#args #last),
        (false, false) => quote!(#args, #last),
    };
    quote!(#(#attrs)* #[#krate::#name(#args)] #rest)
}
