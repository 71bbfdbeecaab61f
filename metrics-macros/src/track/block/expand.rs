//! Expansion of an impl block: an attribute on each measured function.

use proc_macro2::{Ident, TokenStream};
use quote::{quote, quote_spanned};

use super::parse::{Block, BlockItem};
use super::validate::FunctionAttribute;
use crate::track::body::braces;

/// Expands the block with the attribute of each item that `measured` has one for.
pub(super) fn expand(name: &str, block: &Block, measured: &[Option<FunctionAttribute>]) -> TokenStream {
    let attributes =
        measured.iter().map(|measured| measured.as_ref().map(|measured| attribute(name, measured)));
    assemble(block, attributes)
}

/// Expands the block without attributes and without the helper attributes.
pub(super) fn expand_kept(block: &Block) -> TokenStream {
    assemble(block, std::iter::repeat(None))
}

/// Assembles the block. The attributes go after the attributes of the item, which are applied first.
fn assemble(block: &Block, attributes: impl Iterator<Item = Option<TokenStream>>) -> TokenStream {
    let Block { attrs, header, parsed: _, braces: group, inner, items } = block;
    let items = items.iter().zip(attributes).map(|(item, attribute)| {
        let BlockItem { attrs, helper: _, sig: _, rest } = item;
        quote!(#(#attrs)* #attribute #rest)
    });
    let content = braces(quote!(#(#inner)* #(#items)*), group.span());
    quote!(#(#attrs)* #header #content)
}

/// Returns the attribute as if the user had written it at the function's name. That is the line of the call site, and the
/// place where mistakes that belong to no key are reported.
fn attribute(name: &str, FunctionAttribute { at, krate, args }: &FunctionAttribute) -> TokenStream {
    let name = Ident::new(name, *at);
    quote_spanned!(*at=> #[#krate::#name(#args)])
}
