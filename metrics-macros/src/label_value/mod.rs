//! `derive(LabelValue)`: a closed label from an enum without fields.

use proc_macro2::{Ident, TokenStream};
use quote::quote;
use syn::spanned::Spanned as _;
use syn::{Data, DeriveInput, Fields};

use crate::args::{Name, crate_path, crate_slot, helper_entries};
use crate::container::{Target, scope};
use crate::diagnostics::Errors;
use crate::slot::{Slot, fill};
use crate::text::{plain, snake_case};

const HELPER: &str = "label";

pub(crate) fn derive(input: TokenStream) -> TokenStream {
    let input: DeriveInput = match syn::parse2(input) {
        Ok(input) => input,
        Err(error) => return error.to_compile_error(),
    };
    let mut errors = Errors::default();
    let raw = RawClosedLabel::parse(&input, &mut errors);
    let (krate, target) = (crate_path(raw.krate.value().cloned()), Target::new(&input));
    let label = raw.validate(&target, &mut errors);
    match errors.finish(label) {
        Ok(label) => expand(&krate, &target, &label),
        // The stub implements the trait, so that uses of the enum do not cause further errors.
        Err(errors) => {
            let stub = expand(&krate, &target, &ClosedLabel { values: Vec::new() });
            quote!(#errors #stub)
        }
    }
}

/// The parsed input.
struct RawClosedLabel<'i> {
    krate: Slot<syn::Path>,
    variants: Option<Vec<RawVariant<'i>>>,
}

struct RawVariant<'i> {
    variant: &'i syn::Variant,
    name: Slot<Name>,
}

/// A validated closed label: the variants, each with a unique label value.
struct ClosedLabel {
    values: Vec<(Ident, String)>,
}

impl<'i> RawClosedLabel<'i> {
    fn parse(input: &'i DeriveInput, errors: &mut Errors) -> Self {
        let mut krate = crate_slot();
        fill(&helper_entries(&input.attrs, HELPER, errors), &mut [&mut krate], errors);
        let found = match &input.data {
            Data::Enum(data) => {
                return Self {
                    krate,
                    variants: Some(data.variants.iter().map(|one| RawVariant::parse(one, errors)).collect()),
                };
            }
            Data::Struct(data) => (data.struct_token.span, "a struct"),
            Data::Union(data) => (data.union_token.span, "a union"),
        };
        errors.push(found.0, format_args!("`LabelValue` is for an enum without fields, found {}", found.1));
        Self { krate, variants: None }
    }

    fn validate(self, target: &Target, errors: &mut Errors) -> Option<ClosedLabel> {
        target.check_concrete("LabelValue", "its values are listed in one constant", errors);
        let variants = self.variants?;
        if variants.is_empty() {
            errors.push(target.ident.span(), "a label without values, expected at least one variant");
        }
        let mut values: Vec<(Ident, String)> = Vec::with_capacity(variants.len());
        for RawVariant { variant, name } in variants {
            check_no_fields(variant, errors);
            let (text, span) = match name.into_value() {
                Some(Name(text)) => (text.value, text.span),
                None => (snake_case(&plain(&variant.ident)), variant.ident.span()),
            };
            if let Some((first, _)) = values.iter().find(|(_, other)| *other == text) {
                errors.push(span, format_args!("label value `{text}` is already used by variant `{first}`"));
            }
            values.push((variant.ident.clone(), text));
        }
        Some(ClosedLabel { values })
    }
}

impl<'i> RawVariant<'i> {
    fn parse(variant: &'i syn::Variant, errors: &mut Errors) -> Self {
        let mut name = Slot::new("name");
        fill(&helper_entries(&variant.attrs, HELPER, errors), &mut [&mut name], errors);
        Self { variant, name }
    }
}

/// Reports a variant with fields: the number of label values has to be the number of variants.
fn check_no_fields(variant: &syn::Variant, errors: &mut Errors) {
    if !matches!(variant.fields, Fields::Unit) {
        errors.push(variant.fields.span(), "a variant of a label can't have fields");
    }
}

fn expand(krate: &syn::Path, target: &Target, label: &ClosedLabel) -> TokenStream {
    let texts = label.values.iter().map(|(_, text)| text);
    let arms = label.values.iter().enumerate().map(|(at, (ident, _))| quote!(Self::#ident => #at,));
    // An enum without values is expanded only as the stub after an error.
    let index = if label.values.is_empty() { quote!(0usize) } else { quote!(match self { #(#arms)* }) };
    let body = quote! {
        const VALUES: &'static [&'static ::core::primitive::str] = &[#(#texts),*];
        fn index(self) -> ::core::primitive::usize { #index }
    };
    scope(krate, &target.implement(&quote!(#krate::LabelValue), &body))
}
