//! `derive(CallLabels)`: a user-defined call family from the struct of its labels.

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::DeriveInput;

use crate::args::{Buckets, Flag, Name, SeriesBudget, Text, crate_path, crate_slot, helper_entries};
use crate::container::{Target, at, named_fields, scope};
use crate::diagnostics::Errors;
use crate::label_set::{self, LabelSet, RawLabelField};
use crate::slot::{Slot, fill};
use crate::text::doc_paragraph;

const HELPER: &str = "calls";

pub(crate) fn derive(input: TokenStream) -> TokenStream {
    let input: DeriveInput = match syn::parse2(input) {
        Ok(input) => input,
        Err(error) => return error.to_compile_error(),
    };
    let mut errors = Errors::default();
    let raw = RawFamily::parse(&input, &mut errors);
    let (krate, target) = (crate_path(raw.krate.value().cloned()), Target::new(&input));
    let family = raw.validate(&input, &target, &mut errors);
    match errors.finish(family) {
        Ok(family) => scope(&krate, &expand(&krate, &target, &family)),
        // The stub implements the trait, so that uses of the struct do not cause further errors.
        Err(errors) if !target.is_generic() && !label_set::has_owned_field(&input) => {
            let stub = scope(&krate, &expand(&krate, &target, &Family::stub(&target)));
            quote!(#errors #stub)
        }
        Err(errors) => errors,
    }
}

/// The parsed input.
struct RawFamily {
    krate: Slot<syn::Path>,
    name: Slot<Name>,
    help: Slot<Text>,
    buckets: Slot<Buckets>,
    in_flight: Slot<Flag>,
    native: Slot<Flag>,
    budget: Slot<SeriesBudget>,
    labels: Option<Vec<RawLabelField>>,
}

/// The validated family.
struct Family {
    name: syn::LitStr,
    help: String,
    buckets: Option<Buckets>,
    in_flight: bool,
    native: bool,
    set: LabelSet,
}

impl RawFamily {
    fn parse(input: &DeriveInput, errors: &mut Errors) -> Self {
        let mut raw = Self {
            krate: crate_slot(),
            name: Slot::new("name"),
            help: Slot::new("help"),
            buckets: Slot::new("buckets"),
            in_flight: Slot::new("in_flight"),
            native: Slot::new("native"),
            budget: Slot::new("budget"),
            labels: None,
        };
        let Self { krate, name, help, buckets, in_flight, native, budget, labels } = &mut raw;
        let entries = helper_entries(&input.attrs, HELPER, errors);
        fill(&entries, &mut [name, help, buckets, in_flight, native, budget, krate], errors);
        *labels = named_fields(input, "CallLabels", errors)
            .map(|fields| RawLabelField::parse(&fields, HELPER, errors));
        raw
    }

    fn validate(self, input: &DeriveInput, target: &Target, errors: &mut Errors) -> Option<Family> {
        target.check_concrete("CallLabels", "a family has exactly one set of series", errors);
        let name = self.name.require(target.ident.span(), errors);
        let help = self.help.into_value().map(|text| text.value).or_else(|| doc_paragraph(&input.attrs));
        let set = LabelSet::validate(self.labels?, self.budget.into_value(), errors);
        Some(Family {
            name: name?.0.literal(),
            help: help.unwrap_or_default(),
            buckets: self.buckets.into_value(),
            in_flight: self.in_flight.into_value().is_some(),
            native: self.native.into_value().is_some(),
            set,
        })
    }
}

impl Family {
    fn stub(target: &Target) -> Self {
        let name = syn::LitStr::new("invalid", target.ident.span());
        Self {
            name,
            help: String::new(),
            buckets: None,
            in_flight: false,
            native: false,
            set: LabelSet::empty(),
        }
    }
}

fn expand(krate: &syn::Path, target: &Target, family: &Family) -> TokenStream {
    let Family { name, help, buckets, in_flight, native, set } = family;
    let ident = &target.ident;
    let bounds = buckets
        .as_ref()
        .map(|Buckets { bounds, .. }| quote!(const BUCKETS: &'static [::core::primitive::f64] = &[#bounds];));
    let gauge = in_flight.then(|| {
        quote!(
            const IN_FLIGHT: ::core::primitive::bool = true;
        )
    });
    let native = native.then(|| {
        quote!(
            const NATIVE: ::core::primitive::bool = true;
        )
    });
    let body = quote! {
        const NAME: &'static ::core::primitive::str = #name;
        const HELP: &'static ::core::primitive::str = #help;
        #bounds
        #gauge
        #native
        fn family() -> &'static #krate::CallFamily<Self> {
            static __FAMILY: __rt::GlobalFamily<#ident> = __rt::GlobalFamily::new();
            __FAMILY.get()
        }
    };
    let labels = label_set::expand(krate, target, set);
    let calls = target.implement(&quote!(#krate::CallLabels), &body);
    let check_name = quote_spanned!(at(name.span())=> const _: () = __rt::check_call_name(#name););
    let check_labels = set
        .names()
        .map(|label| quote_spanned!(at(label.span())=> const _: () = __rt::check_call_labels(&[#label]);));
    let check_buckets = buckets.as_ref().map(check_buckets);
    let described_impl = described_impl(target, family);
    quote!(#labels #calls #described_impl #check_name #(#check_labels)* #check_buckets)
}

/// Implements the trait that lists the families of this struct for the checks of `promql!`.
fn described_impl(target: &Target, Family { name, in_flight, set, .. }: &Family) -> Option<TokenStream> {
    if !cfg!(feature = "promql") {
        return None;
    }
    let labels: Vec<_> = set.names().collect();
    let family = |suffix: &str, kind: TokenStream, status: Option<&str>| {
        let name = syn::LitStr::new(&format!("{}_{suffix}", name.value()), name.span());
        let status = status.into_iter();
        quote!(__rt::FamilyShape { name: #name, kind: __rt::MetricKind::#kind, labels: &[#(#labels,)* #(#status)*] })
    };
    let ended = family("calls_total", quote!(Counter), Some("status"));
    let durations = family("call_duration_seconds", quote!(Histogram), None);
    let in_progress = in_flight.then(|| family("calls_in_progress", quote!(Gauge), None));
    let body = quote! {
        const FAMILIES: &'static [__rt::FamilyShape<'static>] = &[#ended, #durations, #in_progress];
    };
    Some(target.implement(&quote!(__rt::DescribesFamilies), &body))
}

/// Returns a constant that checks the order of the bounds at compile time, with errors located at their list.
pub(crate) fn check_buckets(Buckets { bounds, span }: &Buckets) -> TokenStream {
    quote_spanned!(at(*span)=> const _: () = __rt::check_buckets(&[#bounds]);)
}
