//! What kind of function an attribute is on, and where its result is.

use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};
use syn::parse::{ParseStream, Parser as _};
use syn::punctuated::Punctuated;
use syn::{
    Attribute, GenericArgument, PathArguments, PathSegment, ReturnType, Signature, Token, Type,
    TypeParamBound, Visibility,
};

use super::Preset;
use super::body::{Body, BoxedTail};
use super::streaming::Streaming;
use crate::diagnostics::Errors;

/// A function, its body not parsed.
pub(crate) struct Function {
    pub(crate) attrs: Vec<Attribute>,
    pub(crate) vis: Visibility,
    pub(crate) sig: Signature,
    pub(crate) body: Body,
    /// All behind the attributes, as it was.
    pub(crate) rest: TokenStream,
}

/// What is measured of a function, and the type of its result.
pub(crate) enum Shape {
    /// The body of a synchronous function.
    Sync(Type),
    /// The body of an `async fn`.
    Async(Type),
    /// The future that the body gives.
    Future(Type),
    /// The future that the body boxes at its end.
    Boxed(Type, BoxedTail),
    /// The stream that the function gives.
    Stream(Type, Box<Streaming>),
}

impl Shape {
    /// The type that the keys are about.
    pub(super) fn read_type(&self) -> &Type {
        match self {
            Self::Sync(result) | Self::Async(result) | Self::Future(result) | Self::Boxed(result, _) => {
                result
            }
            Self::Stream(_, streaming) => &streaming.item,
        }
    }
}

impl Function {
    pub(crate) fn parse(item: TokenStream) -> syn::Result<Self> {
        let read = |input: ParseStream| {
            let attrs = Attribute::parse_outer(input)?;
            let rest: TokenStream = input.fork().parse()?;
            let vis = input.parse()?;
            let sig: Signature = input.parse()?;
            let body = body(input, &sig)?;
            // What is behind a body can only be a mistake; the compiler has already seen it.
            input.parse::<TokenStream>()?;
            Ok(Self { attrs, vis, sig, body: Body::new(body), rest })
        };
        read.parse2(item)
    }

    /// The declared type of the result, `()` without one.
    pub(super) fn declared_type(&self) -> Type {
        match &self.sig.output {
            ReturnType::Type(_, ty) => (**ty).clone(),
            ReturnType::Default => unit(self),
        }
    }

    /// What can be measured of the function; what can't is reported.
    pub(crate) fn shape<P: Preset>(&self, errors: &mut Errors) -> Option<Shape> {
        if let Some(constness) = &self.sig.constness {
            errors.push(
                constness.span,
                format_args!("`#[{}]` can't measure a `const fn`: it may run in the compiler", P::NAME),
            );
            return None;
        }
        let declared = self.declared_type();
        if self.sig.asyncness.is_some() {
            return Some(Shape::Async(declared));
        }
        match future(&declared) {
            Future::None => Some(Shape::Sync(declared)),
            Future::Opaque(output) => Some(Shape::Future(output.clone())),
            Future::Boxed(output) => self.boxed(errors).map(|tail| Shape::Boxed(output.clone(), tail)),
        }
    }

    /// A boxed future is measured inside its box, which has to be made at the one place that every call passes.
    fn boxed(&self, errors: &mut Errors) -> Option<BoxedTail> {
        const HELP: &str = "write `Box::pin(async move { .. })` as the last expression";
        let Some(tail) = self.body.boxed_tail() else {
            errors.push(
                self.body.tail(),
                format_args!("this boxed future can't be measured to its end: it isn't made here; {HELP}"),
            );
            return None;
        };
        if let Some(span) = self.body.early_return() {
            errors.push(
                span,
                format_args!(
                    "the future of this `return` can't be measured to its end; {HELP}, and return inside it"
                ),
            );
            return None;
        }
        Some(tail)
    }
}

/// Whether a call gives a future, by the signature.
pub(super) fn is_async(sig: &Signature) -> bool {
    let gives_future = |ty| !matches!(future(ty), Future::None);
    sig.asyncness.is_some() || matches!(&sig.output, ReturnType::Type(_, ty) if gives_future(ty))
}

/// `()`, located at the function's name.
fn unit(function: &Function) -> Type {
    let mut group = Group::new(Delimiter::Parenthesis, TokenStream::new());
    group.set_span(crate::container::at(function.sig.ident.span()));
    syn::parse_quote!(#group)
}

fn body(input: ParseStream, sig: &Signature) -> syn::Result<Group> {
    if input.peek(Token![;]) {
        return Err(syn::Error::new(
            sig.ident.span(),
            "a function without a body can't be measured; write the attribute on its implementations",
        ));
    }
    let mut tree: TokenTree = input.parse()?;
    loop {
        match tree {
            TokenTree::Group(group) if group.delimiter() == Delimiter::Brace => return Ok(group),
            // The invisible group that `macro_rules` puts around a block.
            TokenTree::Group(group) if group.delimiter() == Delimiter::None => {
                let span = group.span();
                tree = group
                    .stream()
                    .into_iter()
                    .next()
                    .ok_or_else(|| syn::Error::new(span, "expected a body"))?;
            }
            other => return Err(syn::Error::new(other.span(), "expected a body")),
        }
    }
}

/// The future in a declared type.
enum Future<'t> {
    None,
    /// `impl Future<Output = T>`.
    Opaque(&'t Type),
    /// `Pin<Box<dyn Future<Output = T>>>`.
    Boxed(&'t Type),
}

fn future(ty: &Type) -> Future<'_> {
    match plain_type(ty) {
        Type::ImplTrait(opaque) => output(&opaque.bounds).map_or(Future::None, Future::Opaque),
        ty => boxed_output(ty).map_or(Future::None, Future::Boxed),
    }
}

fn boxed_output(ty: &Type) -> Option<&Type> {
    match plain_type(only_argument(only_argument(ty, "Pin")?, "Box")?) {
        Type::TraitObject(object) => output(&object.bounds),
        Type::ImplTrait(opaque) => output(&opaque.bounds),
        _ => None,
    }
}

/// A type without parentheses and the invisible group of `macro_rules`.
pub(super) fn plain_type(mut ty: &Type) -> &Type {
    loop {
        ty = match ty {
            Type::Group(group) => &group.elem,
            Type::Paren(paren) => &paren.elem,
            other => return other,
        };
    }
}

/// `T` of `..::name<T>`.
pub(super) fn only_argument<'t>(ty: &'t Type, name: &str) -> Option<&'t Type> {
    let Type::Path(path) = plain_type(ty) else { return None };
    let last = path.path.segments.last().filter(|segment| segment.ident == name)?;
    arguments(last)?.iter().find_map(|argument| match argument {
        GenericArgument::Type(ty) => Some(ty),
        _ => None,
    })
}

/// `T` of the bound `Future<Output = T>`.
fn output(bounds: &Punctuated<TypeParamBound, Token![+]>) -> Option<&Type> {
    bound_type(bounds, "Future", "Output")
}

/// `T` of the bound `trait_name<assoc_name = T>`.
pub(super) fn bound_type<'t>(
    bounds: &'t Punctuated<TypeParamBound, Token![+]>,
    trait_name: &str,
    assoc_name: &str,
) -> Option<&'t Type> {
    bounds.iter().find_map(|bound| {
        let TypeParamBound::Trait(bound) = bound else { return None };
        let last = bound.path.segments.last().filter(|segment| segment.ident == trait_name)?;
        arguments(last)?.iter().find_map(|argument| match argument {
            GenericArgument::AssocType(assoc) if assoc.ident == assoc_name => Some(&assoc.ty),
            _ => None,
        })
    })
}

fn arguments(segment: &PathSegment) -> Option<&Punctuated<GenericArgument, Token![,]>> {
    match &segment.arguments {
        PathArguments::AngleBracketed(angle) => Some(&angle.args),
        PathArguments::None | PathArguments::Parenthesized(_) => None,
    }
}

/// The type with `_` for every `impl Trait` in it: only a signature may name those.
pub(super) fn erased(ty: &Type) -> Type {
    let mut ty = ty.clone();
    erase(&mut ty);
    ty
}

fn erase(ty: &mut Type) {
    match ty {
        Type::ImplTrait(opaque) => {
            let underscore = Token![_](opaque.impl_token.span);
            *ty = syn::parse_quote!(#underscore);
        }
        Type::Array(array) => erase(&mut array.elem),
        Type::Group(group) => erase(&mut group.elem),
        Type::Paren(paren) => erase(&mut paren.elem),
        Type::Ptr(pointer) => erase(&mut pointer.elem),
        Type::Reference(reference) => erase(&mut reference.elem),
        Type::Slice(slice) => erase(&mut slice.elem),
        Type::Tuple(tuple) => tuple.elems.iter_mut().for_each(erase),
        Type::Path(path) => path.path.segments.iter_mut().for_each(erase_arguments),
        Type::TraitObject(object) => {
            for bound in &mut object.bounds {
                if let TypeParamBound::Trait(bound) = bound {
                    bound.path.segments.iter_mut().for_each(erase_arguments);
                }
            }
        }
        _ => {}
    }
}

fn erase_arguments(segment: &mut PathSegment) {
    let PathArguments::AngleBracketed(angle) = &mut segment.arguments else { return };
    for argument in &mut angle.args {
        match argument {
            GenericArgument::Type(ty) => erase(ty),
            GenericArgument::AssocType(assoc) => erase(&mut assoc.ty),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use quote::{ToTokens as _, quote};

    use super::*;

    #[test]
    fn impl_trait_is_erased_wherever_it_is() {
        for (ty, erased_ty) in [
            (quote!(impl A + 'a), quote!(_)),
            (quote!(Result<impl A, Box<dyn I<Item = impl B>>>), quote!(Result<_, Box<dyn I<Item = _>>>)),
            (quote!((u8, &[impl A])), quote!((u8, &[_]))),
            (quote!(Option<u8>), quote!(Option<u8>)),
        ] {
            let ty: Type = syn::parse2(ty).expect("a type");
            let erased_ty: Type = syn::parse2(erased_ty).expect("a type");
            assert_eq!(erased(&ty).to_token_stream().to_string(), erased_ty.to_token_stream().to_string());
        }
    }

    #[test]
    fn futures_are_seen() {
        let shape = |tokens| match future(&syn::parse2(tokens).expect("a type")) {
            Future::None => "none",
            Future::Opaque(_) => "opaque",
            Future::Boxed(_) => "boxed",
        };
        assert_eq!(shape(quote!(impl core::future::Future<Output = u8> + Send)), "opaque");
        assert_eq!(shape(quote!(::core::pin::Pin<Box<dyn Future<Output = ()> + Send + 'a>>)), "boxed");
        assert_eq!(shape(quote!(impl Iterator<Item = u8>)), "none");
        assert_eq!(shape(quote!(Pin<Box<u8>>)), "none");
    }
}
