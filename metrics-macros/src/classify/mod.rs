//! `derive(Classify)`: with which status a call ends that gives this error.

mod parse;

use proc_macro2::{Ident, Span, TokenStream};
use quote::{format_ident, quote, quote_spanned};
use syn::{DeriveInput, Member};

use self::parse::RawClassify;
use crate::args::crate_path;
use crate::container::{Target, at, scope};
use crate::diagnostics::Errors;

pub(crate) fn derive(input: TokenStream) -> TokenStream {
    let input: DeriveInput = match syn::parse2(input) {
        Ok(input) => input,
        Err(error) => return error.to_compile_error(),
    };
    let mut errors = Errors::default();
    let raw = RawClassify::parse(&input, &mut errors);
    let (krate, target) = (crate_path(raw.crate_path().cloned()), Target::new(&input));
    let cases = raw.validate(&mut errors);
    match errors.finish(cases) {
        Ok(cases) => expand(&krate, &target, &cases),
        // Every case an error: the uses of the type don't add errors of their own.
        Err(errors) => {
            let stub = target.implement(
                &quote!(#krate::Classify),
                &quote!(fn classify(&self) -> #krate::Status { #krate::Status::Error }),
            );
            quote!(#errors #stub)
        }
    }
}

/// A variant (or the struct itself) and what it status.
struct Case {
    variant: Option<Ident>,
    status: CaseStatus,
}

enum CaseStatus {
    /// A variant of `Status`.
    Fixed(&'static str),
    /// What the one field status; the span is that of its type.
    FromField(Member, Span),
}

fn expand(krate: &syn::Path, target: &Target, cases: &[Case]) -> TokenStream {
    let arms = cases.iter().map(|Case { variant, status }| {
        let path = variant.as_ref().map_or_else(|| quote!(Self), |variant| quote!(Self::#variant));
        match status {
            CaseStatus::Fixed(status) => {
                let status = format_ident!("{status}");
                quote!(#path { .. } => #krate::Status::#status,)
            }
            CaseStatus::FromField(field, span) => {
                let inner = quote_spanned!(at(*span)=> (&&&__rt::InnerError(__field)).__status());
                quote!(#path { #field: __field } => #inner,)
            }
        }
    });
    let vias = cases.iter().any(|case| matches!(case.status, CaseStatus::FromField(..))).then(|| {
        quote! {
            #[allow(unused_imports)]
            use __rt::{ViaInnerClassify as _, ViaInnerError as _, ViaInnerAsDynError as _};
        }
    });
    // `match *self {}` is how an enum without variants is matched.
    let value = if cases.is_empty() { quote!(match *self {}) } else { quote!(match self { #(#arms)* }) };
    let body = quote!(fn classify(&self) -> #krate::Status { #vias #value });
    let implementation = target.implement(&quote!(#krate::Classify), &body);
    let chain = (!target.is_generic()).then(|| chain(krate, &target.ident));
    scope(krate, &quote!(#implementation #chain))
}

/// Lets the runtime find this type inside another error's `source()` chain.
fn chain(krate: &syn::Path, ident: &Ident) -> TokenStream {
    quote! {
        fn __classify(
            __error: &(dyn ::core::error::Error + 'static),
        ) -> ::core::option::Option<#krate::Status> {
            #[allow(unused_imports)]
            use __rt::{ViaDowncast as _, ViaNoDowncast as _};
            (&&__rt::DowncastTag::<#ident>::NEW).__classify(__error)
        }
        __rt::submit! { __rt::Classifier(__classify) }
    }
}
