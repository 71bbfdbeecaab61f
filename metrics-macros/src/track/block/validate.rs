//! Validation of an impl block: selects the functions that are measured, and merges their keys.

use std::collections::BTreeSet;

use proc_macro2::{Ident, Span, TokenStream};
use quote::quote;
use syn::spanned::Spanned as _;
use syn::{Expr, ExprLit, ImplItemConst, Lit, LitStr, Path, Signature, Type, parse_quote};

use super::parse::{Block, BlockItem, HELPER, is_preset};
use super::{Keys, Naming, Preset};
use crate::args::{Entry, Flag, crate_path, ungrouped};
use crate::container::at;
use crate::diagnostics::{Errors, resembles, unknown};
use crate::slot::{Fill as _, Slot, missing};
use crate::text::{plain, snake_case};
use crate::track::shared::{SKIP, TIMEOUT};
use crate::track::signature::{is_async, plain_type};
use crate::track::tool::Tool;

/// The attribute of one measured function.
pub(super) struct FunctionAttribute {
    /// The index of the function's item.
    pub(super) item: usize,
    /// The predicate under which the function has this attribute, unless it always has it.
    pub(super) predicate: Option<TokenStream>,
    /// The span of the function's name.
    pub(super) at: Span,
    pub(super) krate: Path,
    /// All keys: those of the function and those of the block.
    pub(super) args: TokenStream,
}

/// A function that is measured, with the keys of its helper attributes.
struct Candidate<'b> {
    item: usize,
    predicate: Option<TokenStream>,
    sig: &'b Signature,
    keys: Vec<&'b Entry>,
    krate: Option<Path>,
    /// True if a helper attribute selects the function.
    is_marked: bool,
}

impl Candidate<'_> {
    fn has(&self, key: &str) -> bool {
        self.keys.iter().any(|entry| entry.key == key)
    }
}

/// Returns the attributes of the items that are measured.
pub(super) fn validate<P: Preset>(keys: &Keys, block: &Block, errors: &mut Errors) -> Vec<FunctionAttribute> {
    let mut measured = Vec::new();
    for (at, item) in block.items.iter().enumerate() {
        candidates::<P>(keys, at, item, &mut measured, errors);
    }
    if block.parsed.trait_.is_some() {
        leave_other_methods::<P>(keys, &mut measured);
    }
    check_only_attribute::<P>(block, errors);
    check_has_candidate::<P>(block, &measured, errors);
    check_timeout(keys, &measured, errors);
    let name = match P::NAMING {
        Naming::Item(key) => {
            check_shared_literal(key, keys, &measured, errors);
            type_name_key::<P>(key, keys, block, &measured, errors)
        }
        Naming::Given(key) => {
            check_given(key, keys, &measured, errors);
            None
        }
        Naming::Labels | Naming::Nothing => None,
    };
    measured.into_iter().map(|candidate| merged(keys, name.as_ref(), candidate)).collect()
}

/// Appends the item with its keys, if the attribute of the block measures it. An item with helper attributes inside
/// `cfg_attr` is appended once with them and once without them.
fn candidates<'b, P: Preset>(
    keys: &Keys,
    at: usize,
    item: &'b BlockItem,
    measured: &mut Vec<Candidate<'b>>,
    errors: &mut Errors,
) {
    let helper = item.helper.as_deref().map(|entries| entries.iter().collect());
    let Some(conditional) = &item.conditional else {
        measured.extend(candidate::<P>(keys, at, item, helper, errors));
        return;
    };
    let predicate = &conditional.predicate;
    let with = helper.iter().flatten().copied().chain(&conditional.helper).collect();
    let with = candidate::<P>(keys, at, item, Some(with), errors);
    measured.extend(with.map(|with| Candidate { predicate: Some(quote!(#predicate)), ..with }));
    // Its mistakes have been reported with the other keys.
    let without = candidate::<P>(keys, at, item, helper, &mut Errors::default());
    measured.extend(without.map(|without| Candidate { predicate: Some(quote!(not(#predicate))), ..without }));
}

/// Returns the item with its keys, if the attribute of the block measures it.
fn candidate<'b, P: Preset>(
    keys: &Keys,
    at: usize,
    item: &'b BlockItem,
    helper: Option<Vec<&'b Entry>>,
    errors: &mut Errors,
) -> Option<Candidate<'b>> {
    let is_marked = helper.is_some();
    let entries = helper.unwrap_or_default();
    let Some(sig) = &item.sig else {
        check_unused(entries, "only a function can be tracked", errors);
        return None;
    };
    if item.is_measured() {
        check_unused(entries, "another attribute already tracks this function", errors);
        return None;
    }
    let mut skip = Slot::<Flag>::new(SKIP);
    let (skips, others): (Vec<_>, Vec<_>) = entries.into_iter().partition(|entry| entry.key == SKIP);
    for entry in &skips {
        skip.fill(entry, errors);
    }
    if !skips.is_empty() {
        check_unused(others, "`skip` leaves the function as it is", errors);
        return None;
    }
    if !is_marked && sig.receiver().is_none() {
        return None;
    }
    let function_keys = check_skip_spelling(others, errors);
    check_not_const::<P>(sig, errors);
    // Without the struct of labels, whose absence is reported already, labels cannot be distinguished from keys.
    let is_readable = !matches!(P::NAMING, Naming::Labels) || keys.labels.is_some();
    let preset = is_readable.then(|| P::parse(args(keys, function_keys.iter().copied()), errors));
    let krate = preset.and_then(|preset| preset.crate_path().cloned());
    Some(Candidate { item: at, predicate: None, sig, keys: function_keys, krate, is_marked })
}

/// The name of the method that is the call, in a trait with several async methods, such as rig's `Tool`.
const CALL: &str = "call";

/// Removes the methods of a trait that are not the call. If there are async methods, these are the synchronous ones, such as
/// `description`; if a method `call` would share its label with others, these are the others. A helper attribute on a method
/// keeps it.
fn leave_other_methods<P: Preset>(keys: &Keys, measured: &mut Vec<Candidate<'_>>) {
    if measured.iter().any(|candidate| is_async(candidate.sig)) {
        measured.retain(|candidate| candidate.is_marked || is_async(candidate.sig));
    }
    let Naming::Item(key) = P::NAMING else { return };
    let shares_label =
        |candidate: &Candidate<'_>| !candidate.has(key) && matches!(keys.get(key), None | Some(Expr::Lit(_)));
    let is_call = |candidate: &Candidate<'_>| candidate.sig.ident == CALL && shares_label(candidate);
    if measured.iter().any(is_call) {
        measured.retain(|candidate| candidate.is_marked || is_call(candidate) || !shares_label(candidate));
    }
}

/// Reports keys that have no effect.
fn check_unused<'e>(keys: impl IntoIterator<Item = &'e Entry>, why: &str, errors: &mut Errors) {
    for entry in keys {
        errors.push(entry.key.span(), format_args!("unused `{}`: {why}", entry.name()));
    }
}

/// Reports misspellings of `skip`, which no preset suggests, and returns the other keys.
fn check_skip_spelling<'e>(keys: Vec<&'e Entry>, errors: &mut Errors) -> Vec<&'e Entry> {
    let is_misspelled = |entry: &&Entry| entry.value.is_none() && resembles(&entry.name(), SKIP);
    let (misspelled, others): (Vec<_>, Vec<_>) = keys.into_iter().partition(is_misspelled);
    for entry in misspelled {
        errors.push(entry.key.span(), unknown("word", &entry.name(), [SKIP]));
    }
    others
}

/// Reports a `const fn`. On a block, unlike on a single function, `skip` is the solution.
fn check_not_const<P: Preset>(sig: &Signature, errors: &mut Errors) {
    if let Some(constness) = &sig.constness {
        errors.push(
            constness.span,
            format_args!(
                "`#[{}]` can't measure a `const fn`: it may run at compile time; write `#[{HELPER}(skip)]` on it",
                P::NAME
            ),
        );
    }
}

/// Reports further attributes of this crate on the block: the order of lines must not decide which attribute the helper
/// attributes belong to.
fn check_only_attribute<P: Preset>(block: &Block, errors: &mut Errors) {
    for attr in block.attrs.iter().filter(|attr| is_preset(attr)) {
        errors.push(
            attr.path().span(),
            format_args!(
                "an impl block can have only one such attribute and already has `#[{}]`; write this one on the functions",
                P::NAME
            ),
        );
    }
}

/// Reports an attribute that measures no function.
fn check_has_candidate<P: Preset>(block: &Block, measured: &[Candidate<'_>], errors: &mut Errors) {
    if measured.is_empty() {
        errors.push(
            block.parsed.impl_token.span(),
            format_args!(
                "`#[{}]` finds no method to measure in this block; a function without `self` needs `#[{HELPER}]`",
                P::NAME
            ),
        );
    }
}

/// Reports synchronous functions under a timeout of the block, at the function instead of at the key.
fn check_timeout(keys: &Keys, measured: &[Candidate<'_>], errors: &mut Errors) {
    let limited = measured.iter().filter(|candidate| keys.has(TIMEOUT) && !candidate.has(TIMEOUT));
    for candidate in limited.filter(|candidate| !is_async(candidate.sig)) {
        errors.push(
            candidate.sig.ident.span(),
            format_args!(
                "the block's `{TIMEOUT}` needs async functions: a synchronous call can't be interrupted; \
                 write `#[{HELPER}({TIMEOUT} = ..)]` on each async one"
            ),
        );
    }
}

/// Reports a literal label of the block that several functions would share.
fn check_shared_literal(key: &str, keys: &Keys, measured: &[Candidate<'_>], errors: &mut Errors) {
    if let Some(Expr::Lit(ExprLit { lit: Lit::Str(text), .. })) = keys.get(key).map(ungrouped) {
        check_label_is_unique(key, text.span(), measured, errors);
    }
}

/// Reports a missing required key: once if no function has it, otherwise at each function without it.
fn check_given(key: &str, keys: &Keys, measured: &[Candidate<'_>], errors: &mut Errors) {
    if measured.is_empty() {
        return;
    }
    let lacking = measured.iter().filter(|candidate| !keys.has(key) && !candidate.has(key));
    let lacking: Vec<_> = lacking.map(|candidate| candidate.sig.ident.span()).collect();
    let spans = if lacking.len() < measured.len() { lacking } else { vec![Span::call_site()] };
    for at in spans {
        errors.push(at, missing(key));
    }
}

/// Returns the key and the name of the type as the default label in the impl of a trait.
fn type_name_key<P: Preset>(
    key: &'static str,
    keys: &Keys,
    block: &Block,
    measured: &[Candidate<'_>],
    errors: &mut Errors,
) -> Option<(&'static str, Expr)> {
    block.parsed.trait_.as_ref()?;
    if keys.has(key) || measured.iter().all(|candidate| candidate.has(key)) {
        return None;
    }
    if let Some(name) = block.items.iter().find_map(name_constant).filter(|_| P::NAME == Tool::NAME) {
        check_label_is_unique(key, name.span(), measured, errors);
        return Some((key, name));
    }
    let ty = plain_type(&block.parsed.self_ty);
    let Some(ident) = name(ty, block) else {
        errors.push(
            ty.span(),
            format_args!(
                "this type has no name that could be the `{key}`; write `#[{}({key} = ..)]`",
                P::NAME
            ),
        );
        return None;
    };
    let name = LitStr::new(&snake_case(&plain(ident)), at(ident.span()));
    check_label_is_unique(key, name.span(), measured, errors);
    Some((key, parse_quote!(#name)))
}

/// Returns the label of a tool that has its name in a constant, as those of rig have: the literal `NAME`, or its path.
fn name_constant(item: &BlockItem) -> Option<Expr> {
    let constant: ImplItemConst = syn::parse2(item.rest.clone()).ok()?;
    let is_text = |ty: &Type| matches!(ty, Type::Reference(text) if matches!(&*text.elem, Type::Path(path) if path.path.is_ident("str")));
    let ident = &constant.ident;
    if ident != "NAME" || !is_text(&constant.ty) {
        return None;
    }
    if let literal @ Expr::Lit(_) = ungrouped(&constant.expr) {
        return Some(literal.clone());
    }
    let this = Ident::new("Self", at(ident.span()));
    Some(parse_quote!(#this::#ident))
}

/// Reports a label that several functions share. Functions of the same name count once, because `cfg` keeps only one of them.
fn check_label_is_unique(key: &str, label: Span, measured: &[Candidate<'_>], errors: &mut Errors) {
    let named = measured.iter().filter(|candidate| !candidate.has(key));
    let functions: BTreeSet<String> = named.map(|candidate| plain(&candidate.sig.ident)).collect();
    if functions.len() > 1 {
        errors.push(
            label,
            format_args!(
                "one `{key}` is shared by {} functions; write `#[{HELPER}({key} = ..)]` on each, \
                 or `#[{HELPER}(skip)]` on the others",
                functions.len()
            ),
        );
    }
}

/// Returns the last segment of a type's path, unless the type is a type parameter, which differs between instantiations.
fn name<'b>(ty: &'b Type, block: &Block) -> Option<&'b Ident> {
    let Type::Path(path) = ty else { return None };
    let is_parameter =
        block.parsed.generics.type_params().any(|parameter| path.path.is_ident(&parameter.ident));
    let last = path.path.segments.last().filter(|_| path.qself.is_none() && !is_parameter)?;
    Some(&last.ident)
}

/// Merges the keys of a function with the keys of the block that it does not override.
fn merged(keys: &Keys, name: Option<&(&'static str, Expr)>, candidate: Candidate<'_>) -> FunctionAttribute {
    let shared = keys.entries.iter().filter(|entry| !candidate.has(&entry.name()));
    let mut args = args(keys, candidate.keys.iter().copied().chain(shared));
    if let Some((key, label)) = name.filter(|(key, _)| !candidate.has(key)) {
        let key = Ident::new(key, label.span());
        args.extend(quote!(#key = #label));
    }
    let Candidate { item, predicate, sig, krate, .. } = candidate;
    let krate = crate_path(krate.or_else(|| keys.krate.clone()));
    FunctionAttribute { item, predicate, at: sig.ident.span(), krate, args }
}

/// Returns the arguments of an attribute: the struct of labels and `entries`, each followed by a comma.
fn args<'e>(keys: &Keys, entries: impl Iterator<Item = &'e Entry>) -> TokenStream {
    let labels = keys.labels.iter();
    let entries = entries.map(|Entry { key, value, nested }| {
        let (value, nested) = (value.iter(), nested.iter());
        quote!(#key #(= #value)* #((#nested))*,)
    });
    quote!(#(#labels,)* #(#entries)*)
}
