//! Helpers of the derives: generics, the scope around an expansion, the fields of a struct.

use proc_macro2::{Ident, Span, TokenStream};
use quote::quote;
use syn::punctuated::Punctuated;
use syn::spanned::Spanned as _;
use syn::{Data, DeriveInput, Field, Fields, Token};

use crate::diagnostics::Errors;

/// The name and the generics of the type that a derive is applied to.
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

    /// Reports generic parameters, for a derive that does not support them.
    pub(crate) fn check_concrete(&self, derive: &str, why: &str, errors: &mut Errors) {
        if let Some(parameter) = self.generics.params.first() {
            errors.push(
                parameter.span(),
                format_args!("`{derive}` can't be derived for a generic type: {why}"),
            );
        }
    }

    /// Returns `impl<..> Trait for Type<..> where .. { body }`.
    pub(crate) fn implement(&self, path: &TokenStream, body: &TokenStream) -> TokenStream {
        let (impl_generics, type_generics, bounds) = self.generics.split_for_impl();
        let ident = &self.ident;
        quote! {
            #[automatically_derived]
            impl #impl_generics #path for #ident #type_generics #bounds { #body }
        }
    }
}

/// Wraps an expansion in a scope where `__rt` is the private module of the runtime crate.
pub(crate) fn scope(krate: &syn::Path, items: &TokenStream) -> TokenStream {
    quote! {
        const _: () = {
            #[allow(unused_imports)]
            use #krate::__private as __rt;
            #items
        };
    }
}

/// Returns the span of a user's token with the hygiene of generated code.
///
/// The compiler reports messages at the user's token, while names, edition and lints are resolved as in this crate.
pub(crate) fn at(span: Span) -> Span {
    span.resolved_at(Span::call_site())
}

/// Returns the fields of a struct with named fields, or of a unit struct, which has none. Other types are reported.
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
