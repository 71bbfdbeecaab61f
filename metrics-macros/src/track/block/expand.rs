//! Expansion of an impl block: an attribute on each measured function.

use proc_macro2::{Ident, TokenStream};
use quote::{quote, quote_spanned};

use super::parse::{Block, BlockItem};
use super::validate::FunctionAttribute;
use crate::track::body::braces;

/// Expands the block with the attributes of its measured items.
pub(super) fn expand(name: &str, block: &Block, measured: &[FunctionAttribute]) -> TokenStream {
    let attributes = (0..block.items.len()).map(|item| {
        measured.iter().filter(|measured| measured.item == item).map(|found| attribute(name, found)).collect()
    });
    assemble(block, attributes)
}

/// Expands the block without attributes and without the helper attributes.
pub(super) fn expand_kept(block: &Block) -> TokenStream {
    assemble(block, std::iter::repeat(TokenStream::new()))
}

/// Assembles the block. The attributes go after the attributes of the item, which are applied first.
fn assemble(block: &Block, attributes: impl Iterator<Item = TokenStream>) -> TokenStream {
    let Block { attrs, header, parsed: _, braces: group, inner, items } = block;
    let items = items.iter().zip(attributes).map(|(item, attribute)| {
        let BlockItem { attrs, helper: _, conditional: _, sig: _, rest } = item;
        quote!(#(#attrs)* #attribute #rest)
    });
    let content = braces(quote!(#(#inner)* #(#items)*), group.span());
    quote!(#(#attrs)* #header #content)
}

/// Returns the attribute as if the user had written it at the function's name. That is the line of the call site, and the
/// place where mistakes that belong to no key are reported.
fn attribute(name: &str, found: &FunctionAttribute) -> TokenStream {
    let FunctionAttribute { item: _, predicate, at, krate, args } = found;
    let name = Ident::new(name, *at);
    match predicate {
        None => quote_spanned!(*at=> #[#krate::#name(#args)]),
        Some(predicate) => quote_spanned!(*at=> #[cfg_attr(#predicate, #krate::#name(#args))]),
    }
}
