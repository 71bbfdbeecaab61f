//! Closures that a function returns: the type of the closure as the signature tells it.

use proc_macro2::{Ident, Span, TokenStream, TokenTree};
use quote::{ToTokens as _, format_ident, quote_spanned};
use syn::spanned::Spanned as _;
use syn::{PathArguments, ReturnType, Type, TypeParamBound};

use super::signature::plain_type;
use crate::container::at;

/// The number of arguments up to which the runtime has a function for the type of a closure.
const MAX_INPUTS: usize = 6;

/// Returns the function of the runtime that passes on a closure that a function with this result returns. Its bounds tell the
/// compiler the types of the closure's arguments and of its output, which a body inside another closure would hide.
///
/// A closure with references needs explicit types: no type parameter stands for a reference of any lifetime.
pub(super) fn closure(result: &Type) -> Option<TokenStream> {
    let Type::ImplTrait(opaque) = plain_type(result) else { return None };
    let (kind, signature) = opaque.bounds.iter().find_map(|bound| {
        let TypeParamBound::Trait(bound) = bound else { return None };
        let last = bound.path.segments.last().filter(|_| bound.lifetimes.is_none())?;
        let PathArguments::Parenthesized(signature) = &last.arguments else { return None };
        Some((kind(&last.ident)?, signature))
    })?;
    let inputs = &signature.inputs;
    if inputs.len() > MAX_INPUTS || has_unnamed_lifetime(signature.to_token_stream()) {
        return None;
    }
    let output = match &signature.output {
        ReturnType::Type(_, output) => output.to_token_stream(),
        ReturnType::Default => quote_spanned!(Span::call_site()=> ()),
    };
    let name = format_ident!("{kind}_{}", inputs.len());
    let inputs = inputs.iter();
    Some(quote_spanned!(at(result.span())=> __rt::returned::#name::<#(#inputs,)* #output, _>))
}

fn kind(name: &Ident) -> Option<&'static str> {
    [("Fn", "closure"), ("FnMut", "closure_mut"), ("FnOnce", "closure_once")]
        .into_iter()
        .find_map(|(known, kind)| (name == known).then_some(kind))
}

/// Returns true if the tokens have a reference without a named lifetime, `'_`, or `impl Trait`.
fn has_unnamed_lifetime(tokens: TokenStream) -> bool {
    let tokens: Vec<TokenTree> = tokens.into_iter().collect();
    let is_quote =
        |token: Option<&TokenTree>| matches!(token, Some(TokenTree::Punct(mark)) if mark.as_char() == '\'');
    tokens.iter().enumerate().any(|(at, token)| match token {
        TokenTree::Punct(mark) => mark.as_char() == '&' && !is_quote(tokens.get(at + 1)),
        TokenTree::Ident(word) => word == "impl" || word == "_",
        TokenTree::Group(group) => has_unnamed_lifetime(group.stream()),
        TokenTree::Literal(_) => false,
    })
}
