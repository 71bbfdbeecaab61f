//! `derive(LabelSet)`: a label set from the fields of a struct.

use proc_macro2::{Ident, TokenStream};
use quote::{ToTokens as _, quote, quote_spanned};
use syn::spanned::Spanned as _;
use syn::{Data, DeriveInput, Field, Type};

use crate::args::{Name, SeriesBudget, crate_path, crate_slot, helper_entries};
use crate::container::{Target, at, named_fields, scope};
use crate::diagnostics::Errors;
use crate::slot::{Slot, fill};
use crate::text::plain;
use crate::track::plain_type;

const HELPER: &str = "labels";

pub(crate) fn derive(input: TokenStream) -> TokenStream {
    let input: DeriveInput = match syn::parse2(input) {
        Ok(input) => input,
        Err(error) => return error.to_compile_error(),
    };
    let mut errors = Errors::default();
    let (mut krate, mut budget) = (crate_slot(), Slot::<SeriesBudget>::new("budget"));
    fill(&helper_entries(&input.attrs, HELPER, &mut errors), &mut [&mut krate, &mut budget], &mut errors);
    let krate = crate_path(krate.into_value());
    let raw = named_fields(&input, "LabelSet", &mut errors)
        .map(|fields| RawLabelField::parse(&fields, HELPER, &mut errors));
    let set = raw.map(|raw| LabelSet::validate(raw, budget.into_value(), &mut errors));
    let target = Target::new(&input);
    match errors.finish(set) {
        Ok(set) => scope(&krate, &expand(&krate, &target, &set)),
        Err(errors) if has_owned_field(&input) => errors,
        Err(errors) => {
            let stub = scope(&krate, &expand(&krate, &target, &LabelSet::empty()));
            quote!(#errors #stub)
        }
    }
}

/// A parsed field.
pub(crate) struct RawLabelField {
    field: Ident,
    ty: Type,
    name: Slot<Name>,
}

impl RawLabelField {
    pub(crate) fn parse(fields: &[&Field], helper: &str, errors: &mut Errors) -> Vec<Self> {
        let parse = |field: &&Field| {
            let mut name = Slot::new("name");
            fill(&helper_entries(&field.attrs, helper, errors), &mut [&mut name], errors);
            Some(Self { field: field.ident.clone()?, ty: field.ty.clone(), name })
        };
        fields.iter().filter_map(parse).collect()
    }
}

/// Returns true if a field has an owned type of the standard library. A struct with such a field cannot be `Copy`, so a stub
/// of the implementation would cause further errors.
pub(crate) fn has_owned_field(input: &DeriveInput) -> bool {
    matches!(&input.data, Data::Struct(data) if data.fields.iter().any(|field| is_owned(&field.ty)))
}

/// Returns true for an owned type of the standard library, which is never a label.
fn is_owned(ty: &Type) -> bool {
    const OWNED: [&str; 7] = ["Arc", "Box", "Cow", "PathBuf", "Rc", "String", "Vec"];
    let Type::Path(path) = plain_type(ty) else { return false };
    path.path.segments.last().is_some_and(|last| OWNED.iter().any(|name| last.ident == name))
}

/// A field with its label name, which is unique in the set.
struct SetLabel {
    field: Ident,
    ty: Type,
    name: syn::LitStr,
}

/// A validated label set.
pub(crate) struct LabelSet {
    labels: Vec<SetLabel>,
    budget: Option<SeriesBudget>,
}

impl LabelSet {
    /// Returns a set without labels, which is expanded after an error.
    pub(crate) fn empty() -> Self {
        Self { labels: Vec::new(), budget: None }
    }

    pub(crate) fn validate(
        raw: Vec<RawLabelField>,
        budget: Option<SeriesBudget>,
        errors: &mut Errors,
    ) -> Self {
        let mut labels: Vec<SetLabel> = Vec::with_capacity(raw.len());
        for RawLabelField { field, ty, name } in raw {
            let name = match name.into_value() {
                Some(Name(text)) => text.literal(),
                None => syn::LitStr::new(&plain(&field), field.span()),
            };
            if let Some(first) = labels.iter().find(|other| other.name.value() == name.value()) {
                let text = name.value();
                errors.push(
                    name.span(),
                    format_args!("label `{text}` is already used by field `{}`", first.field),
                );
            }
            if is_owned(&ty) {
                let found = ty.to_token_stream();
                errors.push(
                    ty.span(),
                    format_args!(
                        "`{found}` cannot be a label: the number of its values has no bound; write `Bounded<64>`, \
                         or list the values in an enum with `#[derive(Clone, Copy, LabelValue)]`"
                    ),
                );
            }
            labels.push(SetLabel { field, ty, name });
        }
        Self { labels, budget }
    }

    /// Returns the label names.
    pub(crate) fn names(&self) -> impl Iterator<Item = &syn::LitStr> {
        self.labels.iter().map(|label| &label.name)
    }
}

/// Expands to the implementation and its checks, for a scope where `__rt` is the runtime.
pub(crate) fn expand(krate: &syn::Path, target: &Target, set: &LabelSet) -> TokenStream {
    let names = set.names();
    let domains = set
        .labels
        .iter()
        .map(|SetLabel { ty, .. }| quote_spanned!(at(ty.span())=> <#ty as __rt::LabelField>::DOMAIN));
    let folds = set.labels.iter().enumerate().map(|(number, SetLabel { field, ty, .. })| {
        // The same expression as in `DOMAINS` comes first, so that the compiler reports a type that is no label only once.
        quote_spanned! {at(ty.span())=>
            let _ = <#ty as __rt::LabelField>::DOMAIN;
            let __index = __domains.fold::<#ty>(#number, __index, &self.#field);
        }
    });
    let budget = set
        .budget
        .as_ref()
        .map(|SeriesBudget(number)| quote!(const BUDGET: ::core::primitive::usize = #number;));
    let body = quote! {
        const NAMES: &'static [&'static ::core::primitive::str] = &[#(#names),*];
        const DOMAINS: &'static [__rt::Domain] = &[#(#domains),*];
        #budget
        #[inline]
        fn index(&self, __domains: &__rt::Domains) -> ::core::primitive::usize {
            let __index = 0usize;
            #(#folds)*
            __index
        }
    };
    let implementation = target.implement(&quote!(#krate::LabelSet), &body);
    let checks = checks(target, set);
    quote!(#implementation #checks)
}

/// Returns the compile-time checks.
///
/// The number of series of a generic struct is not known here; the runtime checks it at registration. Each check is a
/// separate constant, because the evaluation of a constant stops at the first failure.
fn checks(target: &Target, set: &LabelSet) -> TokenStream {
    let names = set.labels.iter().map(
        |SetLabel { name, .. }| quote_spanned!(at(name.span())=> const _: () = __rt::check_label_name(#name);),
    );
    let ident = &target.ident;
    let budget = (!target.is_generic() && !set.labels.is_empty()).then(|| {
        let span = set.budget.as_ref().map_or(ident.span(), |SeriesBudget(number)| number.span());
        quote_spanned!(at(span)=> const _: () = __rt::check_budget::<#ident>();)
    });
    quote!(#(#names)* #budget)
}
