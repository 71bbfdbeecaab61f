//! The label of a call of a preset: text, or a value of a closed set, as its expression's type tells.

use std::any::TypeId;

use crate::builtin::LabelText;
use crate::label::{LabelValue, OTHER};

/// A label value of a call.
#[derive(Clone, Copy)]
pub enum CallLabel<'a> {
    /// Text that is the same at every call of the site.
    Constant(&'static str),
    /// A value of a closed set.
    Closed {
        /// Which set, since a generic function's site sees several.
        set: TypeId,
        /// The place in it.
        index: usize,
        /// Its texts.
        values: &'static [&'static str],
    },
    /// Text that is only known at the call.
    Text(&'a str),
    /// The same, of a constant that the code names.
    NamedConstant(&'a str),
}

impl<'a> CallLabel<'a> {
    #[allow(clippy::match_same_arms)] // Their lifetimes differ.
    pub(crate) fn text(self) -> &'a str {
        match self {
            Self::Text(text) | Self::NamedConstant(text) => text,
            Self::Constant(text) => text,
            Self::Closed { index, values, .. } => closed_text(values, index),
        }
    }

    /// Says that it is a constant's value.
    #[inline]
    #[must_use]
    pub fn from_constant(self) -> Self {
        if let Self::Text(text) = self { Self::NamedConstant(text) } else { self }
    }

    /// Its text, and whether that stands in the code.
    #[inline]
    pub(super) fn value(self) -> LabelText<'a> {
        self.of(self.text())
    }

    /// Another text from where this one comes.
    #[inline]
    pub(super) fn of(self, text: &str) -> LabelText<'_> {
        match self {
            Self::Constant(_) | Self::Closed { .. } | Self::NamedConstant(_) => LabelText::InCode(text),
            Self::Text(_) => LabelText::AtRuntime(text),
        }
    }
}

/// An implementation of `LabelValue` by hand may name a value that isn't there.
pub(super) fn closed_text(values: &'static [&'static str], index: usize) -> &'static str {
    values.get(index).copied().unwrap_or(OTHER)
}

/// A label expression of an attribute; how it is read depends on its type.
pub struct LabelExpr<'a, T: ?Sized>(pub &'a T);

/// Reads an enum with `derive(LabelValue)`.
pub trait ViaLabelValue {
    /// The label.
    fn __label(&self) -> CallLabel<'static>;
}

impl<T: LabelValue> ViaLabelValue for &&LabelExpr<'_, T> {
    #[inline]
    fn __label(&self) -> CallLabel<'static> {
        CallLabel::Closed { set: TypeId::of::<T>(), index: self.0.index(), values: T::VALUES }
    }
}

/// Reads whatever gives text.
pub trait ViaStr<'a> {
    /// The label.
    fn __label(&self) -> CallLabel<'a>;
}

impl<'a, T: AsRef<str> + ?Sized> ViaStr<'a> for &LabelExpr<'a, T> {
    #[inline]
    fn __label(&self) -> CallLabel<'a> {
        CallLabel::Text(self.0.as_ref())
    }
}

/// Explains why a type is neither.
pub trait ViaInvalidLabel<'a> {
    /// The label.
    fn __label(&self) -> CallLabel<'a>
    where
        Self: IsLabel;
}

impl<'a, T: ?Sized> ViaInvalidLabel<'a> for LabelExpr<'a, T> {
    fn __label(&self) -> CallLabel<'a>
    where
        Self: IsLabel,
    {
        unreachable!("no type is `IsLabel`")
    }
}

/// Implemented by nothing; its message is what a wrong label expression says.
#[diagnostic::on_unimplemented(
    message = "this value cannot be a label",
    label = "neither text nor a `LabelValue`",
    note = "give an expression that is `AsRef<str>`, such as `self.model`, or an enum with `#[derive(Clone, Copy, LabelValue)]`"
)]
pub trait IsLabel {}
