//! The label of a call: a literal, or the value of an expression.

use proc_macro2::Span;
use syn::{Expr, ExprLit, ExprPath, Lit, LitStr, Path};

use super::signature::Function;
use crate::args::{Entry, ungrouped};
use crate::slot::Value;
use crate::text::plain;

/// The source of the label value of a call.
pub(crate) enum CallLabel {
    Constant(LitStr),
    Computed(Expr),
}

/// The maximum length of a label value. The runtime counts longer values under `__other__`.
const MAX_BYTES: usize = 127;

impl Value for CallLabel {
    fn read(entry: &Entry) -> syn::Result<Self> {
        match ungrouped(entry.expr()?) {
            Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) if text.value().is_empty() => {
                Err(syn::Error::new(text.span(), format!("empty `{}`", entry.key)))
            }
            Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) if text.value().len() > MAX_BYTES => {
                let found = text.value().len();
                let message = format!("`{}` of {found} bytes, expected at most {MAX_BYTES}", entry.key);
                Err(syn::Error::new(text.span(), message))
            }
            Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) => Ok(Self::Constant(text.clone())),
            Expr::Lit(ExprLit { lit, .. }) => Err(syn::Error::new(
                lit.span(),
                "expected a string literal or an expression whose type is a label",
            )),
            other => Ok(Self::Computed(other.clone())),
        }
    }
}

impl CallLabel {
    /// Returns the default label, the name of the function.
    pub(crate) fn from_function_name(function: &Function) -> Self {
        let ident = &function.sig.ident;
        Self::Constant(LitStr::new(&plain(ident), Span::call_site().located_at(ident.span())))
    }

    /// Returns true if the label is known without a call.
    ///
    /// `Type::Variant` is known, unless `Type` is `Self` or a type parameter of the function: a nested item cannot name
    /// those, and their value may differ between instantiations.
    pub(crate) fn is_constant(&self, function: &Function) -> bool {
        match self {
            Self::Constant(_) => true,
            Self::Computed(Expr::Path(ExprPath { qself: None, path, .. })) => is_variant(path, function),
            Self::Computed(_) => false,
        }
    }
}

/// Returns true if an item inside the function can name this path.
///
/// It cannot name `Self` or a type parameter of the enclosing impl. The impl is not visible to the macro, so a single
/// upper-case letter, perhaps with digits, is taken for such a parameter.
pub(crate) fn is_nameable(path: &Path) -> bool {
    let first = path.segments.first().map(|segment| plain(&segment.ident)).unwrap_or_default();
    let mut letters = first.chars();
    let is_letter =
        letters.next().is_some_and(char::is_uppercase) && letters.all(|digit| digit.is_ascii_digit());
    first != "Self" && !is_letter
}

/// Returns true if the expression is spelled like a constant: `NAME`, `Self::NAME`.
pub(crate) fn is_constant_path(value: &Expr) -> bool {
    let Expr::Path(ExprPath { path, .. }) = ungrouped(value) else { return false };
    let name = path.segments.last().map(|segment| plain(&segment.ident)).unwrap_or_default();
    name.contains(char::is_uppercase) && !name.contains(char::is_lowercase)
}

/// Returns true if the path is spelled like a variant of an enum that an item inside the function can name.
fn is_variant(path: &Path, function: &Function) -> bool {
    let (Some(first), Some(last)) = (path.segments.first(), path.segments.last()) else { return false };
    let name = plain(&last.ident);
    let upper_camel = name.starts_with(char::is_uppercase) && name.contains(char::is_lowercase);
    let mut parameters = function.sig.generics.type_params();
    path.segments.len() >= 2
        && upper_camel
        && path.segments.iter().all(|segment| segment.arguments.is_empty())
        && is_nameable(path)
        && !parameters.any(|parameter| parameter.ident == first.ident)
}
