//! The parsed function, and the shape that determines how its calls are measured.

use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};
use syn::parse::{ParseStream, Parser as _};
use syn::punctuated::Punctuated;
use syn::{
    Attribute, GenericArgument, PathArguments, PathSegment, ReturnType, Signature, Token, Type,
    TypeParamBound, Visibility,
};

use super::Preset;
use super::body::{Body, BoxedTail};
use crate::diagnostics::Errors;

/// A function whose body is not parsed.
pub(crate) struct Function {
    pub(crate) attrs: Vec<Attribute>,
    pub(crate) vis: Visibility,
    pub(crate) sig: Signature,
    pub(crate) body: Body,
    /// The unchanged tokens after the attributes.
    pub(crate) rest: TokenStream,
}

/// The measured part of a function, with the type of its result.
pub(crate) enum Shape {
    /// The body of a synchronous function.
    Sync(Type),
    /// The body of an `async fn`.
    Async(Type),
    /// The future that the body returns.
    Future(Type),
    /// The future that the body boxes in its last expression.
    Boxed(Type, BoxedTail),
    /// The future that the body boxes by a method at its end: the body without that method, and the method.
    BoxedByMethod(Type, Body, TokenStream),
}

impl Shape {
    /// Returns the type of the result, which is that of a future's output.
    pub(super) fn result(&self) -> &Type {
        match self {
            Self::Sync(result)
            | Self::Async(result)
            | Self::Future(result)
            | Self::Boxed(result, _)
            | Self::BoxedByMethod(result, ..) => result,
        }
    }

    /// Returns true if a future is measured.
    pub(super) fn is_async(&self) -> bool {
        !matches!(self, Self::Sync(_))
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
            // Tokens after a body are a mistake, which the compiler has already reported.
            input.parse::<TokenStream>()?;
            Ok(Self { attrs, vis, sig, body: Body::new(body), rest })
        };
        read.parse2(item)
    }

    /// Returns the declared type of the result, or `()` without one.
    pub(super) fn declared_type(&self) -> Type {
        match &self.sig.output {
            ReturnType::Type(_, ty) => (**ty).clone(),
            ReturnType::Default => unit(self),
        }
    }

    /// Returns the shape of the function. A function that cannot be measured is reported.
    pub(crate) fn shape<P: Preset>(&self, errors: &mut Errors) -> Option<Shape> {
        if let Some(constness) = &self.sig.constness {
            errors.push(
                constness.span,
                format_args!("`#[{}]` can't measure a `const fn`: it may run at compile time", P::NAME),
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
            Future::Boxed(output) => self.boxed(output, errors),
        }
    }

    /// Returns the tail of a function that returns a boxed future.
    ///
    /// The future is measured inside its box, so every call has to create the box in the last expression of the body.
    fn boxed(&self, output: &Type, errors: &mut Errors) -> Option<Shape> {
        const HELP: &str = "write `Box::pin(async move { .. })` as the last expression";
        let tail = self.body.boxed_tail().map(|tail| Shape::Boxed(output.clone(), tail));
        let method = || {
            self.body
                .boxed_by_method()
                .map(|(body, method)| Shape::BoxedByMethod(output.clone(), body, method))
        };
        let Some(tail) = tail.or_else(method) else {
            errors.push(
                self.body.tail(),
                format_args!(
                    "this boxed future can't be measured to its end: it is created elsewhere; {HELP}"
                ),
            );
            return None;
        };
        if let Some(span) = self.body.early_return() {
            errors.push(
                span,
                format_args!(
                    "the future of this `return` can't be measured to its end; {HELP}, and return inside the async block"
                ),
            );
            return None;
        }
        Some(tail)
    }
}

/// Returns true if a call returns a future, judged by the signature.
pub(super) fn is_async(sig: &Signature) -> bool {
    let is_future = |ty| !matches!(future(ty), Future::None);
    sig.asyncness.is_some() || matches!(&sig.output, ReturnType::Type(_, ty) if is_future(ty))
}

/// Returns the type `()`, located at the function's name.
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

/// The future that a declared type is.
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
    if let Some(output) =
        ["BoxFuture", "LocalBoxFuture"].into_iter().find_map(|alias| only_argument(ty, alias))
    {
        return Some(output);
    }
    match plain_type(only_argument(only_argument(ty, "Pin")?, "Box")?) {
        Type::TraitObject(object) => output(&object.bounds),
        Type::ImplTrait(opaque) => output(&opaque.bounds),
        _ => None,
    }
}

/// Removes the parentheses and the invisible groups of `macro_rules` around a type.
pub(crate) fn plain_type(mut ty: &Type) -> &Type {
    loop {
        ty = match ty {
            Type::Group(group) => &group.elem,
            Type::Paren(paren) => &paren.elem,
            other => return other,
        };
    }
}

/// Returns `T` of `..::name<T>`.
pub(super) fn only_argument<'t>(ty: &'t Type, name: &str) -> Option<&'t Type> {
    let Type::Path(path) = plain_type(ty) else { return None };
    let last = path.path.segments.last().filter(|segment| segment.ident == name)?;
    arguments(last)?.iter().find_map(|argument| match argument {
        GenericArgument::Type(ty) => Some(ty),
        _ => None,
    })
}

/// Returns `T` of the bound `Future<Output = T>`.
fn output(bounds: &Punctuated<TypeParamBound, Token![+]>) -> Option<&Type> {
    bound_type(bounds, "Future", "Output")
}

/// Returns `T` of the bound `trait_name<assoc_name = T>`.
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

/// Replaces every `impl Trait` in a type by `_`, as only a signature may contain `impl Trait`.
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
    fn every_impl_trait_is_erased() {
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
    fn futures_in_signatures_are_recognised() {
        let shape = |tokens| match future(&syn::parse2(tokens).expect("a type")) {
            Future::None => "none",
            Future::Opaque(_) => "opaque",
            Future::Boxed(_) => "boxed",
        };
        assert_eq!(shape(quote!(impl core::future::Future<Output = u8> + Send)), "opaque");
        assert_eq!(shape(quote!(::core::pin::Pin<Box<dyn Future<Output = ()> + Send + 'a>>)), "boxed");
        assert_eq!(shape(quote!(futures::future::BoxFuture<'static, u8>)), "boxed");
        assert_eq!(shape(quote!(LocalBoxFuture<'_, u8>)), "boxed");
        assert_eq!(shape(quote!(impl Iterator<Item = u8>)), "none");
        assert_eq!(shape(quote!(Pin<Box<u8>>)), "none");
    }
}
