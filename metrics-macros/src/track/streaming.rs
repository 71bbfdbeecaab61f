//! The stream that a function returns, as its signature declares it.

use syn::Type;
use syn::spanned::Spanned as _;

use super::signature::{Function, Shape, bound_type, only_argument, plain_type};
use crate::diagnostics::Errors;

/// The declaration of the stream that a function returns.
pub(crate) struct Streaming {
    pub(super) is_async: bool,
    /// True if the stream is the `Ok` value of a `Result`.
    pub(super) is_result: bool,
    /// The type of a boxed stream.
    pub(super) boxed: Option<Type>,
    pub(super) item: Type,
}

impl Function {
    /// Returns the shape of a function with the key `stream`. A result that is not a stream is reported.
    pub(super) fn stream_shape(&self, errors: &mut Errors) -> Option<Shape> {
        let declared = self.declared_type();
        let value = only_argument(&declared, "Result");
        let stream = value.unwrap_or(&declared);
        let Some((item, is_boxed)) = item(stream) else {
            errors.push(
                declared.span(),
                "`stream` needs a function that returns a stream, such as `-> impl Stream<Item = ..>`, `-> Pin<Box<dyn Stream<Item = ..>>>`, \
                 or one of them in a `Result`",
            );
            return None;
        };
        let streaming = Streaming {
            is_async: self.sig.asyncness.is_some(),
            is_result: value.is_some(),
            boxed: is_boxed.then(|| stream.clone()),
            item: item.clone(),
        };
        Some(Shape::Stream(declared, Box::new(streaming)))
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
