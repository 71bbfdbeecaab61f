//! Parsing of an impl block. The bodies of its functions are not parsed.

use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};
use quote::{ToTokens as _, quote};
use syn::parse::discouraged::Speculative as _;
use syn::parse::{ParseStream, Parser as _};
use syn::punctuated::Punctuated;
use syn::spanned::Spanned as _;
use syn::{Attribute, ItemImpl, Meta, Path, Signature, Token, Visibility, parse_quote};

use crate::args::{Entry, entries};
use crate::diagnostics::Errors;
use crate::track::Preset as _;
use crate::track::general::{self, General};
use crate::track::llm::Llm;
use crate::track::step::Step;
use crate::track::task::Task;
use crate::track::tool::Tool;

/// The helper attribute on a function of the block.
pub(super) const HELPER: &str = General::NAME;
/// The attributes that measure a function without being on its block.
const PRESETS: [&str; 4] = [Llm::NAME, Step::NAME, Task::NAME, Tool::NAME];

/// An impl block.
pub(super) struct Block {
    pub(super) attrs: Vec<Attribute>,
    /// The tokens between the attributes and the braces.
    pub(super) header: TokenStream,
    /// The header, parsed as an impl without items.
    pub(super) parsed: ItemImpl,
    /// The braces; their content is `inner` and `items`.
    pub(super) braces: Group,
    pub(super) inner: Vec<Attribute>,
    pub(super) items: Vec<BlockItem>,
}

/// An item of the block.
pub(super) struct BlockItem {
    /// The attributes without the helper attributes.
    pub(super) attrs: Vec<Attribute>,
    /// The entries of the helper attributes, or `None` without any.
    pub(super) helper: Option<Vec<Entry>>,
    /// The helper attributes inside `cfg_attr`.
    pub(super) conditional: Option<Conditional>,
    /// The signature, if the item is a function.
    pub(super) sig: Option<Signature>,
    /// The unchanged tokens after the attributes.
    pub(super) rest: TokenStream,
}

/// The helper attributes inside a `cfg_attr`.
pub(super) struct Conditional {
    pub(super) predicate: TokenStream,
    pub(super) helper: Vec<Entry>,
}

impl Block {
    pub(super) fn parse(item: TokenStream, errors: &mut Errors) -> syn::Result<Self> {
        let read = |input: ParseStream| Ok((Attribute::parse_outer(input)?, input.parse::<TokenStream>()?));
        let (attrs, rest) = read.parse2(item)?;
        let mut header: Vec<TokenTree> = rest.into_iter().collect();
        let braces = match header.pop() {
            Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::Brace => group,
            other => return Err(syn::Error::new(other.span(), "expected the braces of an impl block")),
        };
        let header: TokenStream = header.into_iter().collect();
        let parsed = syn::parse2(quote!(#header {}))?;
        let content = items_ungrouped(braces.stream());
        let (inner, items) = (|input: ParseStream| block_content(input, errors)).parse2(content)?;
        Ok(Self { attrs, header, parsed, braces, inner, items })
    }
}

impl BlockItem {
    fn parse(input: ParseStream, errors: &mut Errors) -> syn::Result<Self> {
        let (mut attrs, mut helper, mut conditional) = (Vec::new(), None, None);
        for attr in Attribute::parse_outer(input)? {
            if is_helper(&attr.meta) {
                helper.get_or_insert_with(Vec::new).extend(written(attr.meta, errors));
            } else if let Some((found, others)) = Conditional::parse(&attr, errors) {
                if conditional.is_some() {
                    errors.push(
                        attr.path().span(),
                        format_args!("a function can have only one `cfg_attr` with `{HELPER}`"),
                    );
                }
                conditional.get_or_insert(found);
                attrs.extend(others);
            } else {
                attrs.push(attr);
            }
        }
        let (sig, rest) = rest(input)?;
        Ok(Self { attrs, helper, conditional, sig, rest })
    }

    /// Returns true if another attribute measures the item already.
    pub(super) fn is_measured(&self) -> bool {
        self.attrs.iter().any(is_preset)
    }
}

impl Conditional {
    /// Returns the helper attributes inside a `cfg_attr`, and the `cfg_attr` of the other attributes in it, if it has any.
    fn parse(attr: &Attribute, errors: &mut Errors) -> Option<(Self, Option<Attribute>)> {
        let Meta::List(list) = &attr.meta else { return None };
        if !list.path.is_ident("cfg_attr") {
            return None;
        }
        let parse = |input: ParseStream| {
            let predicate: Meta = input.parse()?;
            input.parse::<Token![,]>()?;
            Ok((predicate, Punctuated::<Meta, Token![,]>::parse_terminated(input)?))
        };
        // What is no `cfg_attr` is left to the compiler.
        let (predicate, metas) = parse.parse2(list.tokens.clone()).ok()?;
        let (helpers, others): (Vec<_>, Vec<_>) = metas.into_iter().partition(is_helper);
        if helpers.is_empty() {
            return None;
        }
        let helper = helpers.into_iter().flat_map(|meta| written(meta, errors)).collect();
        let others: Option<Attribute> =
            (!others.is_empty()).then(|| parse_quote!(#[cfg_attr(#predicate, #(#others),*)]));
        Some((Self { predicate: predicate.to_token_stream(), helper }, others))
    }
}

/// Returns the entries of a helper attribute.
fn written(helper: Meta, errors: &mut Errors) -> Vec<Entry> {
    match helper {
        Meta::List(list) => entries(list.tokens, errors),
        Meta::Path(_) => Vec::new(),
        Meta::NameValue(pair) => {
            errors.push(pair.path.span(), format_args!("expected `#[{HELPER}(..)]`"));
            Vec::new()
        }
    }
}

/// Returns true if the attribute is one of this crate's, also inside `cfg_attr`.
pub(super) fn is_preset(attr: &Attribute) -> bool {
    match &attr.meta {
        Meta::List(list) if list.path.is_ident("cfg_attr") => {
            let is_name =
                |token| matches!(token, TokenTree::Ident(word) if PRESETS.iter().any(|name| word == name));
            list.tokens.clone().into_iter().any(is_name)
        }
        _ => PRESETS.iter().any(|name| ends_in(attr.path(), name)) || is_general(&attr.meta),
    }
}

/// Returns true for `#[track(Labels, ..)]`, which differs from the helper attribute by its struct of labels.
fn is_general(meta: &Meta) -> bool {
    let Meta::List(written) = meta else { return false };
    let (labels, _) = general::read(written.tokens.clone(), &mut Errors::default());
    let name = labels.as_ref().and_then(|labels| Some(&labels.segments.last()?.ident));
    ends_in(&written.path, HELPER)
        && name.is_some_and(|name| name.to_string().starts_with(char::is_uppercase))
}

fn is_helper(meta: &Meta) -> bool {
    ends_in(meta.path(), HELPER) && !is_general(meta)
}

fn ends_in(path: &Path, name: &str) -> bool {
    path.segments.last().is_some_and(|last| last.ident == name)
}

fn block_content(input: ParseStream, errors: &mut Errors) -> syn::Result<(Vec<Attribute>, Vec<BlockItem>)> {
    let inner = Attribute::parse_inner(input)?;
    let mut items = Vec::new();
    while !input.is_empty() {
        items.push(BlockItem::parse(input, errors)?);
    }
    Ok((inner, items))
}

/// Parses the rest of an item; returns its tokens, and its signature if it is a function.
fn rest(input: ParseStream) -> syn::Result<(Option<Signature>, TokenStream)> {
    let ahead = input.fork();
    ahead.parse::<Visibility>()?;
    let is_assignment = ahead.peek(Token![type]) || ahead.peek(Token![const]);
    let start = ahead.fork();
    let sig = start.parse::<Signature>().ok();
    if sig.is_some() {
        ahead.advance_to(&start);
    }
    let mut rest = TokenStream::new();
    while sig.is_some() && input.cursor() != ahead.cursor() {
        rest.extend([input.parse::<TokenTree>()?]);
    }
    while !input.is_empty() {
        let token: TokenTree = input.parse()?;
        let ends = match &token {
            TokenTree::Punct(mark) => mark.as_char() == ';',
            // The body follows the signature, perhaps in an invisible group of `macro_rules`.
            TokenTree::Group(_) if sig.is_some() => true,
            TokenTree::Group(group) => !is_assignment && group.delimiter() == Delimiter::Brace,
            TokenTree::Ident(_) | TokenTree::Literal(_) => false,
        };
        rest.extend([token]);
        if ends {
            break;
        }
    }
    Ok((sig, rest))
}

/// Removes the invisible groups that `macro_rules` puts around whole items.
fn items_ungrouped(stream: TokenStream) -> TokenStream {
    let ungrouped = stream.into_iter().map(|token| match &token {
        TokenTree::Group(group) if group.delimiter() == Delimiter::None && is_item(group.stream()) => {
            items_ungrouped(group.stream())
        }
        _ => token.into(),
    });
    ungrouped.collect()
}

/// Returns true if the tokens end like an item and are more than a block.
fn is_item(stream: TokenStream) -> bool {
    let tokens: Vec<TokenTree> = stream.into_iter().collect();
    tokens.len() > 1
        && match tokens.last() {
            Some(TokenTree::Punct(end)) => end.as_char() == ';',
            Some(TokenTree::Group(end)) => end.delimiter() == Delimiter::Brace,
            _ => false,
        }
}
