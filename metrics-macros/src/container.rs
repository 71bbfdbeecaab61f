//! What the derives share: generics, the wrapper around an expansion, the fields of a struct.

use proc_macro2::{Ident, Span, TokenStream};
use quote::quote;
use syn::punctuated::Punctuated;
use syn::spanned::Spanned as _;
use syn::{Data, DeriveInput, Field, Fields, Token};

use crate::diagnostics::Errors;

/// The name and generics of the type a derive is written on.
pub(crate) struct Target {
    pub(crate) ident: Ident,
    pub(crate) generics: syn::Generics,
}

impl Target {
    pub(crate) fn new(input: &DeriveInput) -> Self {
        Self { ident: input.ident.clone(), generics: input.generics.clone() }
    }

    pub(crate) fn is_generic(&self) -> bool {
        !self.generics.params.is_empty()
    }

    /// Reports generics where `derive` can't have them.
    pub(crate) fn check_concrete(&self, derive: &str, why: &str, errors: &mut Errors) {
        if let Some(parameter) = self.generics.params.first() {
            errors.push(
                parameter.span(),
                format_args!("`{derive}` can't be derived for a generic type: {why}"),
            );
        }
    }

    /// `impl<..> Trait for Type<..> where .. { body }`.
    pub(crate) fn implement(&self, path: &TokenStream, body: &TokenStream) -> TokenStream {
        let (impl_generics, type_generics, bounds) = self.generics.split_for_impl();
        let ident = &self.ident;
        quote! {
            #[automatically_derived]
            impl #impl_generics #path for #ident #type_generics #bounds { #body }
        }
    }
}

/// Wraps an expansion in a scope where `__rt` is the runtime.
pub(crate) fn scope(krate: &syn::Path, items: &TokenStream) -> TokenStream {
    quote! {
        const _: () = {
            #[allow(unused_imports)]
            use #krate::__private as __rt;
            #items
        };
    }
}

/// The span of a user's token, seen as generated code.
///
/// A message lands on the user's token, while names, edition and lints are those of this crate's code.
pub(crate) fn at(span: Span) -> Span {
    span.resolved_at(Span::call_site())
}

/// The fields of a struct; a unit struct has none. Anything else is reported.
pub(crate) fn named_fields<'i>(
    input: &'i DeriveInput,
    derive: &str,
    errors: &mut Errors,
) -> Option<Vec<&'i Field>> {
    let refuse = |span: Span, found: &str, errors: &mut Errors| {
        errors.push(span, format_args!("`{derive}` is for a struct with named fields, found {found}"));
        None
    };
    match &input.data {
        Data::Struct(data) => match &data.fields {
            Fields::Named(fields) => Some(list(&fields.named)),
            Fields::Unit => Some(Vec::new()),
            Fields::Unnamed(fields) => refuse(fields.paren_token.span.join(), "fields without names", errors),
        },
        Data::Enum(data) => refuse(data.enum_token.span, "an enum", errors),
        Data::Union(data) => refuse(data.union_token.span, "a union", errors),
    }
}

fn list(fields: &Punctuated<Field, Token![,]>) -> Vec<&Field> {
    fields.iter().collect()
}
