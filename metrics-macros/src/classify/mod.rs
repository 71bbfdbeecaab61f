//! `derive(Classify)`: the status of a call that returns this error.

mod parse;

use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote, quote_spanned};
use syn::spanned::Spanned as _;
use syn::{DeriveInput, Member, Type};

use self::parse::RawClassify;
use crate::args::crate_path;
use crate::container::{Target, at, scope};
use crate::diagnostics::Errors;
use crate::track::is_bounded_by_static;

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
        // The stub implements the trait, so that uses of the type do not cause further errors.
        Err(errors) => {
            let stub = target.implement(
                &quote!(#krate::Classify),
                &quote!(fn classify(&self) -> #krate::Status { #krate::Status::Error }),
            );
            quote!(#errors #stub)
        }
    }
}

/// A variant, or the struct itself, and its status.
struct Case {
    variant: Option<Ident>,
    status: CaseStatus,
}

/// The source of the status of a case.
enum CaseStatus {
    /// A variant of `Status`.
    Fixed(&'static str),
    /// The status of the only field, with the field's type.
    FromField(Member, Type),
}

fn expand(krate: &syn::Path, target: &Target, cases: &[Case]) -> TokenStream {
    let arms = cases.iter().map(|Case { variant, status }| {
        let path = variant.as_ref().map_or_else(|| quote!(Self), |variant| quote!(Self::#variant));
        match status {
            CaseStatus::Fixed(status) => {
                let status = format_ident!("{status}");
                quote!(#path { .. } => #krate::Status::#status,)
            }
            CaseStatus::FromField(field, ty) => {
                let via = if is_bounded_by_static(ty, &target.generics) {
                    quote!(ViaInnerStaticError)
                } else {
                    quote!(ViaInnerError)
                };
                let inner = quote_spanned!(at(ty.span())=> (&&&__rt::InnerError(__field)).__status());
                quote! {
                    #path { #field: __field } => {
                        #[allow(unused_imports)]
                        use __rt::{ViaInnerClassify as _, #via as _, ViaInnerAsDynError as _};
                        #inner
                    }
                }
            }
        }
    });
    // An enum without variants needs `match *self {}`.
    let value = if cases.is_empty() { quote!(match *self {}) } else { quote!(match self { #(#arms)* }) };
    let body = quote!(fn classify(&self) -> #krate::Status { #value });
    let implementation = target.implement(&quote!(#krate::Classify), &body);
    let chain = (!target.is_generic()).then(|| chain(krate, &target.ident));
    scope(krate, &quote!(#implementation #chain))
}

/// Submits the type to the runtime, which then finds it in the `source()` chain of another error.
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
