//! Which functions of a block are measured, and with which keys.

use std::collections::BTreeSet;

use proc_macro2::{Ident, Span, TokenStream};
use quote::quote;
use syn::spanned::Spanned as _;
use syn::{Expr, ExprLit, Lit, LitStr, Path, Signature, Type};

use super::parse::{Block, BlockItem, HELPER, is_preset};
use super::{Keys, Naming, Preset};
use crate::args::{Entry, Flag, crate_path, ungrouped};
use crate::container::at;
use crate::diagnostics::{Errors, resembles, unknown};
use crate::slot::{Fill as _, Slot, missing};
use crate::text::{plain, snake_case};
use crate::track::shared::{SKIP, TIMEOUT};
use crate::track::signature::{is_async, plain_type};

/// A function that is measured.
pub(super) struct FunctionAttribute {
    /// The function's name.
    pub(super) at: Span,
    pub(super) krate: Path,
    /// All keys, the function's own and the shared ones.
    pub(super) args: TokenStream,
}

/// A function that is measured, with its own keys.
struct Candidate<'b> {
    sig: &'b Signature,
    own: Vec<&'b Entry>,
    krate: Option<Path>,
}

impl Candidate<'_> {
    fn has(&self, key: &str) -> bool {
        self.own.iter().any(|entry| entry.key == key)
    }
}

/// The attribute of each item that gets one.
pub(super) fn validate<P: Preset>(
    keys: &Keys,
    block: &Block,
    errors: &mut Errors,
) -> Vec<Option<FunctionAttribute>> {
    let candidates: Vec<_> = block.items.iter().map(|item| candidate::<P>(keys, item, errors)).collect();
    let measured: Vec<_> = candidates.iter().flatten().collect();
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
    let merged = candidates
        .iter()
        .map(|candidate| candidate.as_ref().map(|candidate| merged(keys, name.as_ref(), candidate)));
    merged.collect()
}

/// The item with its own keys, if it's measured by the attribute of the block.
fn candidate<'b, P: Preset>(keys: &Keys, item: &'b BlockItem, errors: &mut Errors) -> Option<Candidate<'b>> {
    let helper = item.helper.as_deref();
    let Some(sig) = &item.sig else {
        check_unused(helper.unwrap_or_default(), "only a function can be tracked", errors);
        return None;
    };
    if item.is_measured() {
        check_unused(helper.unwrap_or_default(), "this function has an attribute of its own", errors);
        return None;
    }
    let mut skip = Slot::<Flag>::new(SKIP);
    let (skips, own): (Vec<_>, Vec<_>) =
        helper.unwrap_or_default().iter().partition(|entry| entry.key == SKIP);
    for entry in &skips {
        skip.fill(entry, errors);
    }
    if !skips.is_empty() {
        check_unused(own, "`skip` leaves the function as it is", errors);
        return None;
    }
    if helper.is_none() && sig.receiver().is_none() {
        return None;
    }
    let own = check_skip_spelling(own, errors);
    check_not_const::<P>(sig, errors);
    // Without the struct, which is missing already, its labels can't be told from keys.
    let is_readable = !matches!(P::NAMING, Naming::Labels) || keys.labels.is_some();
    let preset = is_readable.then(|| P::parse(args(keys, own.iter().copied()), errors));
    let krate = preset.and_then(|preset| preset.crate_path().cloned());
    Some(Candidate { sig, own, krate })
}

/// Keys where they'd do nothing are a mistake.
fn check_unused<'e>(keys: impl IntoIterator<Item = &'e Entry>, why: &str, errors: &mut Errors) {
    for entry in keys {
        errors.push(entry.key.span(), format_args!("unused `{}`: {why}", entry.name()));
    }
}

/// Gives back the keys that a preset may know: none offers `skip` for a slip of the pen.
fn check_skip_spelling<'e>(own: Vec<&'e Entry>, errors: &mut Errors) -> Vec<&'e Entry> {
    let is_slip = |entry: &&Entry| entry.value.is_none() && resembles(&entry.name(), SKIP);
    let (slips, own): (Vec<_>, Vec<_>) = own.into_iter().partition(is_slip);
    for entry in slips {
        errors.push(entry.key.span(), unknown("word", &entry.name(), [SKIP]));
    }
    own
}

/// Here, unlike on a function alone, there is a way out.
fn check_not_const<P: Preset>(sig: &Signature, errors: &mut Errors) {
    if let Some(constness) = &sig.constness {
        errors.push(
            constness.span,
            format_args!(
                "`#[{}]` can't measure a `const fn`: it may run in the compiler; write `#[{HELPER}(skip)]` on it",
                P::NAME
            ),
        );
    }
}

/// The helpers belong to one attribute: which one is not for the order of lines to decide.
fn check_only_attribute<P: Preset>(block: &Block, errors: &mut Errors) {
    for attr in block.attrs.iter().filter(|attr| is_preset(attr)) {
        errors.push(
            attr.path().span(),
            format_args!(
                "an impl block has one such attribute, and `#[{}]` comes before; write this one on the functions",
                P::NAME
            ),
        );
    }
}

/// An attribute without effect is a mistake.
fn check_has_candidate<P: Preset>(block: &Block, measured: &[&Candidate<'_>], errors: &mut Errors) {
    if measured.is_empty() {
        errors.push(
            block.parsed.impl_token.span(),
            format_args!(
                "`#[{}]` finds no method here to measure; a function without `self` needs `#[{HELPER}]`",
                P::NAME
            ),
        );
    }
}

/// A function alone would show its own key; here it's the function that has to be shown.
fn check_timeout(keys: &Keys, measured: &[&Candidate<'_>], errors: &mut Errors) {
    let limited = measured.iter().filter(|candidate| keys.has(TIMEOUT) && !candidate.has(TIMEOUT));
    for candidate in limited.filter(|candidate| !is_async(candidate.sig)) {
        errors.push(
            candidate.sig.ident.span(),
            format_args!(
                "the block's `{TIMEOUT}` needs async functions: nothing can end a synchronous call; \
                 write `#[{HELPER}({TIMEOUT} = ..)]` on each async one"
            ),
        );
    }
}

/// A literal on the block names one function.
fn check_shared_literal(key: &str, keys: &Keys, measured: &[&Candidate<'_>], errors: &mut Errors) {
    if let Some(Expr::Lit(ExprLit { lit: Lit::Str(text), .. })) = keys.get(key).map(ungrouped) {
        check_label_is_unique(key, text, measured, errors);
    }
}

/// Reported once where no function has the key, else at those that lack it.
fn check_given(key: &str, keys: &Keys, measured: &[&Candidate<'_>], errors: &mut Errors) {
    if measured.is_empty() {
        return;
    }
    let lacking = measured.iter().filter(|candidate| !keys.has(key) && !candidate.has(key));
    let lacking: Vec<_> = lacking.map(|candidate| candidate.sig.ident.span()).collect();
    let places = if lacking.len() < measured.len() { lacking } else { vec![Span::call_site()] };
    for at in places {
        errors.push(at, missing(key));
    }
}

/// In the impl of a trait, the key and the type's name, for the functions that are given no other.
fn type_name_key<P: Preset>(
    key: &'static str,
    keys: &Keys,
    block: &Block,
    measured: &[&Candidate<'_>],
    errors: &mut Errors,
) -> Option<(&'static str, LitStr)> {
    block.parsed.trait_.as_ref()?;
    if keys.has(key) || measured.iter().all(|candidate| candidate.has(key)) {
        return None;
    }
    let ty = plain_type(&block.parsed.self_ty);
    let Some(ident) = name(ty, block) else {
        errors.push(
            ty.span(),
            format_args!("this type has no name for `{key}`; write `#[{}({key} = ..)]`", P::NAME),
        );
        return None;
    };
    let name = LitStr::new(&snake_case(&plain(ident)), at(ident.span()));
    check_label_is_unique(key, &name, measured, errors);
    Some((key, name))
}

/// The text of `key` can't tell several functions apart. Those of one name count once: `cfg` leaves one of them.
fn check_label_is_unique(key: &str, text: &LitStr, measured: &[&Candidate<'_>], errors: &mut Errors) {
    let named = measured.iter().filter(|candidate| !candidate.has(key));
    let functions: BTreeSet<String> = named.map(|candidate| plain(&candidate.sig.ident)).collect();
    if functions.len() > 1 {
        errors.push(
            text.span(),
            format_args!(
                "one `{key}` for {} functions; write `#[{HELPER}({key} = ..)]` on each, \
                 or `#[{HELPER}(skip)]` on the others",
                functions.len()
            ),
        );
    }
}

/// The last word of a type's path, which isn't a parameter: that has another type in each instantiation.
fn name<'b>(ty: &'b Type, block: &Block) -> Option<&'b Ident> {
    let Type::Path(path) = ty else { return None };
    let is_parameter =
        block.parsed.generics.type_params().any(|parameter| path.path.is_ident(&parameter.ident));
    let last = path.path.segments.last().filter(|_| path.qself.is_none() && !is_parameter)?;
    Some(&last.ident)
}

/// The keys of a function: its own, and the shared ones that it doesn't have.
fn merged(
    keys: &Keys,
    name: Option<&(&'static str, LitStr)>,
    candidate: &Candidate<'_>,
) -> FunctionAttribute {
    let shared = keys.entries.iter().filter(|entry| !candidate.has(&entry.name()));
    let mut args = args(keys, candidate.own.iter().copied().chain(shared));
    if let Some((key, text)) = name.filter(|(key, _)| !candidate.has(key)) {
        let key = Ident::new(key, text.span());
        args.extend(quote!(#key = #text));
    }
    let krate = crate_path(candidate.krate.as_ref().or(keys.krate.as_ref()).cloned());
    FunctionAttribute { at: candidate.sig.ident.span(), krate, args }
}

/// The arguments of an attribute with the struct of the labels and `entries`, each with a comma behind it.
fn args<'e>(keys: &Keys, entries: impl Iterator<Item = &'e Entry>) -> TokenStream {
    let labels = keys.labels.iter();
    let entries = entries.map(|Entry { key, value, nested }| {
        let (value, nested) = (value.iter(), nested.iter());
        quote!(#key #(= #value)* #((#nested))*,)
    });
    quote!(#(#labels,)* #(#entries)*)
}
