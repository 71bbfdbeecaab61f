//! The stream that a function returns, as its signature or the key `stream` declares it.

use proc_macro2::Span;
use syn::spanned::Spanned as _;
use syn::{Expr, ExprPath, Type};

use super::signature::{Shape, bound_type, only_argument, plain_type};
use crate::args::{Entry, ungrouped};
use crate::diagnostics::Errors;
use crate::slot::Value;

/// The key `stream`.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum StreamKey {
    /// `stream`: the signature declares a stream.
    Declared,
    /// `stream = boxed`: the signature names a type that is a boxed stream, such as an alias.
    Boxed,
}

const BOXED: &str = "boxed";

impl Value for StreamKey {
    fn read(entry: &Entry) -> syn::Result<Self> {
        if entry.value.is_none() && entry.nested.is_none() {
            return Ok(Self::Declared);
        }
        match entry.expr().map(ungrouped)? {
            Expr::Path(ExprPath { qself: None, path, .. }) if path.is_ident(BOXED) => Ok(Self::Boxed),
            other => Err(syn::Error::new(
                other.span(),
                "`stream` takes no value, or `boxed` for a type that hides a boxed stream: `stream = boxed`",
            )),
        }
    }
}

/// The declaration of the stream that a function returns.
pub(crate) struct Streaming {
    pub(super) is_async: bool,
    /// True if the stream is the `Ok` value of a `Result`.
    pub(super) is_result: bool,
    /// The type of a boxed stream.
    pub(super) boxed: Option<Type>,
    pub(super) item: Item,
}

/// The type of a stream's items.
pub(crate) enum Item {
    Declared(Type),
    /// The items of this type, which the signature does not show to be a stream.
    Of(Type),
}

impl Item {
    pub(super) fn span(&self) -> Span {
        match self {
            Self::Declared(ty) | Self::Of(ty) => ty.span(),
        }
    }
}

impl Streaming {
    /// Returns the stream in the result of a function, if its signature declares one.
    pub(super) fn declared(shape: &Shape) -> Option<Self> {
        let (is_result, stream) = stream(shape.result());
        let (item, is_boxed) = item(stream)?;
        let boxed = is_boxed.then(|| stream.clone());
        Some(Self { is_async: shape.is_async(), is_result, boxed, item: Item::Declared(item.clone()) })
    }

    /// Returns the stream of a function with the key `stream`. A result that is not a stream is reported.
    pub(super) fn of(key: StreamKey, shape: &Shape, errors: &mut Errors) -> Option<Self> {
        if let Some(declared) = Self::declared(shape) {
            return Some(declared);
        }
        let (is_result, stream) = stream(shape.result());
        if key == StreamKey::Boxed {
            let (boxed, item) = (Some(stream.clone()), Item::Of(stream.clone()));
            return Some(Self { is_async: shape.is_async(), is_result, boxed, item });
        }
        errors.push(
            shape.result().span(),
            "`stream` needs a function that returns a stream, such as `-> impl Stream<Item = ..>`, `-> Pin<Box<dyn Stream<Item = ..>>>`, \
             or one of them in a `Result`; for an alias of a boxed stream write `stream = boxed`",
        );
        None
    }
}

/// Returns true if the stream is the value of a `Result`, and the type of the stream.
fn stream(result: &Type) -> (bool, &Type) {
    match only_argument(result, "Result") {
        Some(value) => (true, value),
        None => (false, result),
    }
}

/// Returns the type of a stream's items, and true if the stream is boxed.
fn item(ty: &Type) -> Option<(&Type, bool)> {
    if let Type::ImplTrait(opaque) = plain_type(ty) {
        return Some((bound_type(&opaque.bounds, "Stream", "Item")?, false));
    }
    let aliased = ["BoxStream", "LocalBoxStream"].into_iter().find_map(|alias| only_argument(ty, alias));
    if let Some(item) = aliased {
        return Some((item, true));
    }
    match plain_type(only_argument(only_argument(ty, "Pin")?, "Box")?) {
        Type::TraitObject(object) => Some((bound_type(&object.bounds, "Stream", "Item")?, true)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use quote::{ToTokens as _, quote};

    use super::*;

    #[test]
    fn streams_in_signatures_are_recognised() {
        for (ty, expected, is_boxed) in [
            (quote!(impl futures::Stream<Item = u8> + Send), "u8", false),
            (quote!(Pin<Box<dyn Stream<Item = Result<A, B>> + Send + 'a>>), "Result < A , B >", true),
            (quote!(BoxStream<'static, u8>), "u8", true),
        ] {
            let ty: Type = syn::parse2(ty).expect("a type");
            let (item, boxed) = item(&ty).expect("a stream");
            assert_eq!((item.to_token_stream().to_string().as_str(), boxed), (expected, is_boxed));
        }
        for ty in
            [quote!(impl Iterator<Item = u8>), quote!(Vec<u8>), quote!(Pin<Box<dyn Future<Output = ()>>>)]
        {
            assert!(item(&syn::parse2(ty).expect("a type")).is_none());
        }
    }
}
