//! Parsing and validation of `#[classify(..)]`.

use proc_macro2::{Ident, Span};
use syn::spanned::Spanned as _;
use syn::{Attribute, Data, DeriveInput, Fields};

use super::{Case, CaseStatus};
use crate::args::{Entry, crate_slot, helper_entries};
use crate::diagnostics::{Errors, unknown};
use crate::slot::{Slot, fill_known};

const HELPER: &str = "classify";
const TRANSPARENT: &str = "transparent";

/// Each keyword with its variant of `Status`.
const STATUSES: [(&str, &str); 8] = [
    ("error", "Error"),
    ("timeout", "Timeout"),
    ("rate_limited", "RateLimited"),
    ("unavailable", "Unavailable"),
    ("rejected", "Rejected"),
    ("context_overflow", "ContextOverflow"),
    ("content_filtered", "ContentFiltered"),
    ("cancelled", "Cancelled"),
];

/// The keyword of one `#[classify(..)]`.
#[derive(Clone, Copy)]
enum Keyword {
    Fixed(&'static str),
    Transparent(Span),
}

/// The parsed input.
pub(super) struct RawClassify<'i> {
    krate: Slot<syn::Path>,
    default: Option<Keyword>,
    raw_cases: Vec<RawCase<'i>>,
}

struct RawCase<'i> {
    variant: Option<&'i Ident>,
    fields: &'i Fields,
    word: Option<Keyword>,
}

impl<'i> RawClassify<'i> {
    pub(super) fn parse(input: &'i DeriveInput, errors: &mut Errors) -> Self {
        let mut krate = crate_slot();
        let entries = helper_entries(&input.attrs, HELPER, errors);
        let default = keyword(&fill_known(&entries, &mut [&mut krate], errors), &["crate"], errors);
        let raw_cases = match &input.data {
            Data::Struct(data) => vec![RawCase { variant: None, fields: &data.fields, word: None }],
            Data::Enum(data) => data
                .variants
                .iter()
                .map(|one| RawCase {
                    variant: Some(&one.ident),
                    fields: &one.fields,
                    word: variant_keyword(&one.attrs, errors),
                })
                .collect(),
            Data::Union(data) => {
                errors.push(data.union_token.span, "`Classify` is for an enum or a struct, found a union");
                Vec::new()
            }
        };
        Self { krate, default, raw_cases }
    }

    pub(super) fn crate_path(&self) -> Option<&syn::Path> {
        self.krate.value()
    }

    pub(super) fn validate(self, errors: &mut Errors) -> Option<Vec<Case>> {
        let default = self.default.unwrap_or(Keyword::Fixed("Error"));
        let cases = self.raw_cases.into_iter().map(|RawCase { variant, fields, word }| {
            let status = match word.unwrap_or(default) {
                Keyword::Fixed(status) => Some(CaseStatus::Fixed(status)),
                Keyword::Transparent(span) => only_field(fields, span, errors),
            };
            Some(Case { variant: variant.cloned(), status: status? })
        });
        // Collected first, so that the mistakes of all variants are reported.
        cases.collect::<Vec<_>>().into_iter().collect()
    }
}

fn variant_keyword(attrs: &[Attribute], errors: &mut Errors) -> Option<Keyword> {
    let entries = helper_entries(attrs, HELPER, errors);
    keyword(&entries.iter().collect::<Vec<_>>(), &[], errors)
}

/// Returns the keyword among `entries` and reports all other entries; `keys` are further words that the message lists.
fn keyword(entries: &[&Entry], keys: &[&'static str], errors: &mut Errors) -> Option<Keyword> {
    let mut found = None;
    for entry in entries {
        let name = entry.name();
        let status =
            STATUSES.iter().find(|(word, _)| name == *word).map(|(_, status)| Keyword::Fixed(status));
        let transparent = (name == TRANSPARENT).then(|| Keyword::Transparent(entry.key.span()));
        let Some(word) = status.or(transparent) else {
            let known =
                STATUSES.iter().map(|(word, _)| *word).chain([TRANSPARENT]).chain(keys.iter().copied());
            errors.push(entry.key.span(), unknown("status", &name, known));
            continue;
        };
        if let Some(value) = &entry.value {
            errors.push(value.span(), format_args!("`{name}` takes no value"));
        }
        if found.replace(word).is_some() {
            errors.push(entry.key.span(), "more than one status");
        }
    }
    found
}

/// Returns the status of the only field, which `transparent` requires.
fn only_field(fields: &Fields, word: Span, errors: &mut Errors) -> Option<CaseStatus> {
    let mut members = fields.members().zip(fields);
    if let (Some((member, field)), None) = (members.next(), members.next()) {
        return Some(CaseStatus::FromField(member, field.ty.clone()));
    }
    errors.push(word, format_args!("`{TRANSPARENT}` needs exactly one field, found {}", fields.len()));
    None
}
