//! Reports an attribute that a function has twice: each call would count twice.

use proc_macro2::TokenStream;
use quote::ToTokens as _;
use syn::spanned::Spanned as _;
use syn::{Attribute, Meta};

use super::signature::Function;
use super::{Naming, Preset, general};
use crate::diagnostics::Errors;

/// Reports the same attribute among the attributes after this one. An attribute for another user-defined family is not the
/// same.
pub(super) fn check<P: Preset>(args: &TokenStream, function: &Function, errors: &mut Errors) {
    let is_same = |attr: &&Attribute| {
        let name = attr.path().segments.last().map(|last| last.ident.to_string());
        let is_named = name.as_deref() == Some(P::NAME);
        is_named && (!matches!(P::NAMING, Naming::Labels) || family(args.clone()) == family(arguments(attr)))
    };
    if let Some(second) = function.attrs.iter().find(is_same) {
        let name = P::NAME;
        errors.push(
            second.path().span(),
            format_args!("repeated `#[{name}]`: each call would count twice; remove one of the two"),
        );
    }
}

fn arguments(attr: &Attribute) -> TokenStream {
    match &attr.meta {
        Meta::List(list) => list.tokens.clone(),
        Meta::Path(_) | Meta::NameValue(_) => TokenStream::new(),
    }
}

fn family(args: TokenStream) -> Option<String> {
    let (labels, _) = general::read(args, &mut Errors::default());
    labels.map(|labels| labels.to_token_stream().to_string())
}
