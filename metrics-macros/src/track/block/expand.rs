//! An impl block, written again with an attribute on each function that is measured.

use proc_macro2::{Ident, TokenStream};
use quote::{quote, quote_spanned};

use super::parse::{Block, BlockItem};
use super::validate::FunctionAttribute;
use crate::track::body::braces;

/// The block, each item behind the attribute that `measured` has for it.
pub(super) fn expand(name: &str, block: &Block, measured: &[Option<FunctionAttribute>]) -> TokenStream {
    let attributes =
        measured.iter().map(|measured| measured.as_ref().map(|measured| attribute(name, measured)));
    whole(block, attributes)
}

/// The block without the helpers.
pub(super) fn expand_kept(block: &Block) -> TokenStream {
    whole(block, std::iter::repeat(None))
}

/// The attributes go behind the item's own, which see the function first.
fn whole(block: &Block, attributes: impl Iterator<Item = Option<TokenStream>>) -> TokenStream {
    let Block { attrs, header, parsed: _, braces: group, inner, items } = block;
    let items = items.iter().zip(attributes).map(|(item, attribute)| {
        let BlockItem { attrs, helper: _, sig: _, rest } = item;
        quote!(#(#attrs)* #attribute #rest)
    });
    let content = braces(quote!(#(#inner)* #(#items)*), group.span());
    quote!(#(#attrs)* #header #content)
}

/// The attribute as if the user had written it at the function's name: that is the line of the call site, and where a
/// mistake that no key is to blame for is reported.
fn attribute(name: &str, FunctionAttribute { at, krate, args }: &FunctionAttribute) -> TokenStream {
    let name = Ident::new(name, *at);
    quote_spanned!(*at=> #[#krate::#name(#args)])
}
