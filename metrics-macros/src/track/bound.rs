//! The lifetimes of an error, as far as a signature tells them.
//!
//! The runtime chooses the reader of an error by the traits of its type, and that choice does not see lifetimes. Only an
//! error that is `'static` can be recognised by its type, so the signature decides how an error is read that may borrow.

use proc_macro2::{TokenStream, TokenTree};
use quote::{ToTokens, quote};
use syn::{GenericArgument, Generics, PathArguments, Type, TypeParamBound, WherePredicate};

use super::signature::plain_type;

/// The lifetimes of the error in the type of a result.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) enum ErrorBound {
    /// The signature does not tell.
    Unknown,
    /// The type of the result names a lifetime other than `'static`.
    Borrowed,
    /// The error has a generic type that is bounded by `'static`.
    Static,
}

impl ErrorBound {
    /// Returns the lifetimes of the error of a function with this result. The items of a stream share them with the result
    /// around the stream.
    pub(super) fn of_result(result: &Type, is_stream: bool, generics: &Generics) -> Self {
        if is_stream { Self::new(result, &Generics::default()) } else { Self::new(result, generics) }
    }

    fn new(result: &Type, generics: &Generics) -> Self {
        match error_type(result) {
            _ if names_lifetime(result.to_token_stream()) => Self::Borrowed,
            Some(error) if is_bounded_by_static(error, generics) => Self::Static,
            _ => Self::Unknown,
        }
    }

    /// Returns the import of the traits that read the status of a result, where `__rt` is the runtime.
    pub(crate) fn import(self) -> TokenStream {
        match self {
            Self::Unknown => quote!(
                use __rt::by_type::*;
            ),
            Self::Borrowed => quote!(
                use __rt::by_borrowed_type::*;
            ),
            Self::Static => quote!(
                use __rt::by_static_type::*;
            ),
        }
    }
}

/// Returns the last type argument of a path: `E` of `Result<T, E>`.
fn error_type(result: &Type) -> Option<&Type> {
    let Type::Path(path) = plain_type(result) else { return None };
    let PathArguments::AngleBracketed(arguments) = &path.path.segments.last()?.arguments else { return None };
    arguments.args.iter().rev().find_map(|argument| match argument {
        GenericArgument::Type(ty) => Some(ty),
        _ => None,
    })
}

/// Returns true if the generics contain the bound `ty: 'static`.
pub(crate) fn is_bounded_by_static(ty: &Type, generics: &Generics) -> bool {
    let ty = ty.to_token_stream().to_string();
    let is_static = |bound: &TypeParamBound| matches!(bound, TypeParamBound::Lifetime(lifetime) if lifetime.ident == "static");
    let inline = generics
        .type_params()
        .any(|parameter| parameter.ident == ty && parameter.bounds.iter().any(is_static));
    let predicates = generics.where_clause.iter().flat_map(|clause| &clause.predicates);
    inline
        || predicates.into_iter().any(|predicate| {
            matches!(predicate, WherePredicate::Type(bounded)
                if bounded.bounded_ty.to_token_stream().to_string() == ty && bounded.bounds.iter().any(is_static))
        })
}

/// Returns true if the tokens name a lifetime other than `'static`.
fn names_lifetime(tokens: TokenStream) -> bool {
    let mut after_quote = false;
    tokens.into_iter().any(|token| match token {
        TokenTree::Punct(mark) => {
            after_quote = mark.as_char() == '\'';
            false
        }
        TokenTree::Ident(name) => std::mem::take(&mut after_quote) && name != "static",
        TokenTree::Group(group) => names_lifetime(group.stream()),
        TokenTree::Literal(_) => false,
    })
}

#[cfg(test)]
mod tests {
    use syn::{ItemFn, ReturnType};

    use super::*;

    #[test]
    fn the_signature_tells_the_lifetimes_of_an_error() {
        for (function, expected) in [
            (
                quote!(
                    fn f() -> Result<u8, Error> {}
                ),
                ErrorBound::Unknown,
            ),
            (
                quote!(
                    fn f<E: Error>() -> Result<u8, E> {}
                ),
                ErrorBound::Unknown,
            ),
            (
                quote!(
                    fn f<T: 'static, E: Error>() -> Result<T, E> {}
                ),
                ErrorBound::Unknown,
            ),
            (
                quote!(
                    fn f() -> Result<&'static str, Box<dyn Error + 'static>> {}
                ),
                ErrorBound::Unknown,
            ),
            (
                quote!(
                    fn f() -> Result<u8, ParseError<'_>> {}
                ),
                ErrorBound::Borrowed,
            ),
            (
                quote!(
                    fn f() -> Result<u8, Box<dyn Error + Send + 't>> {}
                ),
                ErrorBound::Borrowed,
            ),
            (
                quote!(
                    fn f<E: Error + 'static>() -> Result<u8, E> {}
                ),
                ErrorBound::Static,
            ),
            (
                quote!(
                    fn f<T: Tool>() -> Result<u8, T::Error>
                    where
                        T::Error: 'static,
                    {
                    }
                ),
                ErrorBound::Static,
            ),
        ] {
            let item: ItemFn = syn::parse2(function.clone()).expect("a function");
            let ReturnType::Type(_, result) = &item.sig.output else { panic!("a result") };
            assert_eq!(ErrorBound::new(result, &item.sig.generics), expected, "{function}");
        }
    }
}
