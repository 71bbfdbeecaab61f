//! Parsing of an impl block. The bodies of its functions are not parsed.

use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};
use quote::quote;
use syn::parse::discouraged::Speculative as _;
use syn::parse::{ParseStream, Parser as _};
use syn::spanned::Spanned as _;
use syn::{Attribute, ItemImpl, Meta, Path, Signature, Token, Visibility};

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
    /// The signature, if the item is a function.
    pub(super) sig: Option<Signature>,
    /// The unchanged tokens after the attributes.
    pub(super) rest: TokenStream,
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
        let (helpers, attrs): (Vec<_>, Vec<_>) =
            Attribute::parse_outer(input)?.into_iter().partition(is_helper);
        let mut helper = None;
        for attr in helpers {
            let written = match attr.meta {
                Meta::List(list) => entries(list.tokens, errors),
                Meta::Path(_) => Vec::new(),
                Meta::NameValue(pair) => {
                    errors.push(pair.path.span(), format_args!("expected `#[{HELPER}(..)]`"));
                    Vec::new()
                }
            };
            helper.get_or_insert_with(Vec::new).extend(written);
        }
        let (sig, rest) = rest(input)?;
        Ok(Self { attrs, helper, sig, rest })
    }

    /// Returns true if another attribute measures the item already.
    pub(super) fn is_measured(&self) -> bool {
        self.attrs.iter().any(is_preset)
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
        _ => PRESETS.iter().any(|name| ends_in(attr.path(), name)) || is_general(attr),
    }
}

/// Returns true for `#[track(Labels, ..)]`, which differs from the helper attribute by its struct of labels.
fn is_general(attr: &Attribute) -> bool {
    let Meta::List(written) = &attr.meta else { return false };
    let (labels, _) = general::read(written.tokens.clone(), &mut Errors::default());
    let name = labels.as_ref().and_then(|labels| Some(&labels.segments.last()?.ident));
    ends_in(&written.path, HELPER)
        && name.is_some_and(|name| name.to_string().starts_with(char::is_uppercase))
}

fn is_helper(attr: &Attribute) -> bool {
    ends_in(attr.path(), HELPER) && !is_general(attr)
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
