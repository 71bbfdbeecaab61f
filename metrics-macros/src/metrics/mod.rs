//! `derive(Metrics)`: a struct whose fields are metrics, registered together.

use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote, quote_spanned};
use syn::spanned::Spanned as _;
use syn::{DeriveInput, Field, Type, Visibility};

use crate::args::{Buckets, Flag, Name, Text, crate_path, crate_slot, helper_entries};
use crate::call_labels::check_buckets;
use crate::container::{Target, at, named_fields, scope};
use crate::diagnostics::Errors;
use crate::slot::{Slot, fill};
use crate::text::{doc_paragraph, plain};

const CONTAINER: &str = "metrics";
const FIELD: &str = "metric";

pub(crate) fn derive(input: TokenStream) -> TokenStream {
    let input: DeriveInput = match syn::parse2(input) {
        Ok(input) => input,
        Err(error) => return error.to_compile_error(),
    };
    let mut errors = Errors::default();
    let raw = RawMetrics::parse(&input, &mut errors);
    let (krate, target) = (crate_path(raw.krate.value().cloned()), Target::new(&input));
    let metrics = raw.validate(&target, &mut errors);
    match errors.finish(metrics) {
        Ok(metrics) => expand(&krate, &target, &input.vis, &metrics),
        Err(errors) if !target.is_generic() => {
            let stub = stub(&krate, &target, &input.vis);
            quote!(#errors #stub)
        }
        Err(errors) => errors,
    }
}

/// The parsed input.
struct RawMetrics {
    krate: Slot<syn::Path>,
    namespace: Slot<Name>,
    fields: Option<Vec<RawMetric>>,
}

struct RawMetric {
    field: Ident,
    ty: Type,
    doc: Option<String>,
    name: Slot<Name>,
    help: Slot<Text>,
    buckets: Slot<Buckets>,
    unit: Slot<Name>,
    native: Slot<Flag>,
}

/// A validated field with the full name of its metric, which is unique in the struct.
struct Metric {
    field: Ident,
    ty: Type,
    name: syn::LitStr,
    help: String,
    buckets: Option<Buckets>,
    unit: Option<Name>,
    native: Option<Flag>,
}

impl RawMetrics {
    fn parse(input: &DeriveInput, errors: &mut Errors) -> Self {
        let (mut krate, mut namespace) = (crate_slot(), Slot::new("namespace"));
        fill(&helper_entries(&input.attrs, CONTAINER, errors), &mut [&mut namespace, &mut krate], errors);
        let fields = named_fields(input, "Metrics", errors)
            .map(|fields| fields.into_iter().filter_map(|field| RawMetric::parse(field, errors)).collect());
        Self { krate, namespace, fields }
    }

    fn validate(self, target: &Target, errors: &mut Errors) -> Option<Vec<Metric>> {
        target.check_concrete("Metrics", "its metrics are registered only once", errors);
        let namespace = self.namespace.into_value();
        let mut metrics: Vec<Metric> = Vec::new();
        for raw in self.fields? {
            let metric = raw.validate(namespace.as_ref());
            if let Some(first) = metrics.iter().find(|other| other.name.value() == metric.name.value()) {
                let name = metric.name.value();
                errors.push(
                    metric.name.span(),
                    format_args!("metric `{name}` is already used by field `{}`", first.field),
                );
            }
            metrics.push(metric);
        }
        Some(metrics)
    }
}

impl RawMetric {
    fn parse(field: &Field, errors: &mut Errors) -> Option<Self> {
        let mut raw = Self {
            field: field.ident.clone()?,
            ty: field.ty.clone(),
            doc: doc_paragraph(&field.attrs),
            name: Slot::new("name"),
            help: Slot::new("help"),
            buckets: Slot::new("buckets"),
            unit: Slot::new("unit"),
            native: Slot::new("native"),
        };
        let Self { field: _, ty: _, doc: _, name, help, buckets, unit, native } = &mut raw;
        fill(&helper_entries(&field.attrs, FIELD, errors), &mut [name, help, buckets, unit, native], errors);
        Some(raw)
    }

    fn validate(self, namespace: Option<&Name>) -> Metric {
        let (name, span) = match self.name.into_value() {
            Some(Name(text)) => (text.value, text.span),
            None => (plain(&self.field), self.field.span()),
        };
        let full = namespace.map_or(name.clone(), |Name(namespace)| format!("{}_{name}", namespace.value));
        Metric {
            name: syn::LitStr::new(&full, span),
            help: self.help.into_value().map(|text| text.value).or(self.doc).unwrap_or_default(),
            field: self.field,
            ty: self.ty,
            buckets: self.buckets.into_value(),
            unit: self.unit.into_value(),
            native: self.native.into_value(),
        }
    }
}

fn expand(krate: &syn::Path, target: &Target, vis: &Visibility, metrics: &[Metric]) -> TokenStream {
    let ident = &target.ident;
    let fields: Vec<_> = metrics.iter().map(|metric| &metric.field).collect();
    let locals: Vec<_> = (0..metrics.len()).map(|number| format_ident!("__field{number}")).collect();
    let specs: Vec<_> = metrics.iter().map(spec).collect();
    let add = metrics.iter().zip(&locals).zip(&specs).map(|((Metric { ty, .. }, local), spec)| {
        let type_hint = type_hint(ty);
        quote_spanned!(at(ty.span())=> #type_hint let #local = __batch.add::<#ty>(#spec)?;)
    });
    let add_detached = metrics.iter().zip(&locals).zip(&specs).map(|((Metric { ty, .. }, local), spec)| {
        let type_hint = type_hint(ty);
        quote_spanned!(at(ty.span())=> #type_hint let #local = __batch.add_detached::<#ty>(#spec);)
    });
    let check_names = metrics.iter().map(|Metric { name, ty, .. }| {
        let type_hint = type_hint(ty);
        let check = quote_spanned!(at(name.span())=> __rt::check_metric_name::<#ty>(#name));
        quote!(const _: () = { #type_hint #check };)
    });
    let check_labels = metrics.iter().map(|Metric { ty, .. }| {
        let type_hint = type_hint(ty);
        quote_spanned!(at(ty.span())=> const _: () = { #type_hint __rt::check_metric_labels::<#ty>() };)
    });
    let check_units = metrics.iter().filter_map(|Metric { name, ty, unit, .. }| {
        let unit = unit.as_ref()?.0.literal();
        let type_hint = type_hint(ty);
        let check = quote_spanned!(at(unit.span())=> __rt::check_unit::<#ty>(#name, #unit));
        Some(quote!(const _: () = { #type_hint #check };))
    });
    let check_native =
        metrics.iter().filter(|metric| metric.native.is_some()).map(|Metric { ty, .. }| {
            let type_hint = type_hint(ty);
            let check = quote_spanned!(at(ty.span())=> __rt::check_native::<#ty>());
            quote!(const _: () = { #type_hint #check };)
        });
    let check_buckets = metrics.iter().filter_map(|metric| metric.buckets.as_ref()).map(check_buckets);
    let methods = methods(
        krate,
        target,
        vis,
        &quote! {
            let mut __batch = __rt::Batch::new(metrics);
            #(#add)*
            __batch.commit()?;
            ::core::result::Result::Ok(Self { #(#fields: #locals),* })
        },
    );
    let described_impl = described_impl(target, metrics);
    let items = quote! {
        #methods
        #described_impl
        #[automatically_derived]
        impl __rt::MetricsStruct for #ident {
            fn __register(
                metrics: &#krate::AgentMetrics,
            ) -> ::core::result::Result<Self, #krate::RegisterError> {
                Self::register(metrics)
            }
            fn __detached() -> Self {
                #[allow(unused_mut, unused_variables)]
                let mut __batch = __rt::Batch::detached();
                #(#add_detached)*
                Self { #(#fields: #locals),* }
            }
        }
        #(#check_names)*
        #(#check_labels)*
        #(#check_units)*
        #(#check_native)*
        #(#check_buckets)*
    };
    scope(krate, &items)
}

/// Implements the trait that lists the families of this struct for the checks of `promql!`.
fn described_impl(target: &Target, metrics: &[Metric]) -> Option<TokenStream> {
    if !cfg!(feature = "promql") {
        return None;
    }
    let families = metrics
        .iter()
        .map(|Metric { name, ty, .. }| quote_spanned!(at(ty.span())=> __rt::known::<#ty>(#name)));
    let body = quote!(const FAMILIES: &'static [__rt::FamilyShape<'static>] = &[#(#families),*];);
    Some(target.implement(&quote!(__rt::DescribesFamilies), &body))
}

/// Returns a statement that names the trait which the type of a field has to implement.
///
/// Every use of the type starts with this statement, so that the compiler reports a missing implementation only once.
fn type_hint(ty: &Type) -> TokenStream {
    quote_spanned!(at(ty.span())=> let _ = __rt::check_metric_name::<#ty>;)
}

fn methods(krate: &syn::Path, target: &Target, vis: &Visibility, register: &TokenStream) -> TokenStream {
    let ident = &target.ident;
    quote! {
        #[automatically_derived]
        #[allow(dead_code)]
        impl #ident {
            /// Registers all metrics of this struct, or none of them.
            ///
            /// # Errors
            /// Returns the first metric that cannot be registered, because its name is already used or it has too
            /// many series.
            #vis fn register(
                metrics: &#krate::AgentMetrics,
            ) -> ::core::result::Result<Self, #krate::RegisterError> {
                #register
            }

            /// Returns the metrics of this struct in the global instance, and registers them at the first call.
            #vis fn global() -> &'static Self {
                static __GLOBAL: __rt::GlobalMetrics<#ident> = __rt::GlobalMetrics::new();
                __GLOBAL.get()
            }
        }
    }
}

/// Expands to the implementations after an error, so that uses of the struct do not cause further errors.
fn stub(krate: &syn::Path, target: &Target, vis: &Visibility) -> TokenStream {
    let ident = &target.ident;
    let methods = methods(krate, target, vis, &quote!(let _ = metrics; ::core::unreachable!()));
    let described_impl = described_impl(target, &[]);
    let items = quote! {
        #methods
        #described_impl
        #[automatically_derived]
        impl __rt::MetricsStruct for #ident {
            fn __register(
                metrics: &#krate::AgentMetrics,
            ) -> ::core::result::Result<Self, #krate::RegisterError> {
                Self::register(metrics)
            }
            fn __detached() -> Self { ::core::unreachable!() }
        }
    };
    scope(krate, &items)
}

fn spec(Metric { name, help, buckets, unit, native, .. }: &Metric) -> TokenStream {
    let buckets = buckets.as_ref().map(|Buckets { bounds, .. }| quote!(.buckets(&[#bounds])));
    let unit = unit.as_ref().map(|Name(text)| text.literal()).map(|text| quote!(.unit(#text)));
    let native = native.as_ref().map(|Flag(_)| quote!(.native()));
    quote!(__rt::Spec::new(#name, #help) #buckets #unit #native)
}
