//! The label of a task, tool call or LLM call: text or a value of a closed label, depending on the type of its expression.

use std::any::TypeId;

use crate::builtin::LabelText;
use crate::label::{LabelValue, OTHER};

/// A label value of a call.
#[derive(Clone, Copy, Debug)]
pub enum CallLabel<'a> {
    /// A literal, which is the same at every call of the site.
    Constant(&'static str),
    /// A value of a closed label.
    Closed {
        /// The type of the label: the site of a generic function may have several.
        set: TypeId,
        /// The index of the value.
        index: usize,
        /// The texts of all values.
        values: &'static [&'static str],
    },
    /// Text that is only known at the call.
    Text(&'a str),
    /// Text of a constant that the code names.
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

    /// Marks a text as the value of a constant.
    #[inline]
    #[must_use]
    pub fn from_constant(self) -> Self {
        if let Self::Text(text) = self { Self::NamedConstant(text) } else { self }
    }

    /// Returns the text as a known value if it stands in the code, else as a given one.
    #[inline]
    pub(super) fn value(self) -> LabelText<'a> {
        self.value_of(self.text())
    }

    /// Returns another text with the origin of this one.
    #[inline]
    pub(super) fn value_of(self, text: &str) -> LabelText<'_> {
        match self {
            Self::Constant(_) | Self::Closed { .. } | Self::NamedConstant(_) => LabelText::InCode(text),
            Self::Text(_) => LabelText::AtRuntime(text),
        }
    }
}

/// Returns the text of a value. An implementation of `LabelValue` by hand may return an index out of range: it counts as
/// `__other__`.
pub(super) fn closed_text(values: &'static [&'static str], index: usize) -> &'static str {
    values.get(index).copied().unwrap_or(OTHER)
}

/// The label expression of an attribute. The trait that reads it depends on its type.
#[derive(Debug)]
pub struct LabelExpr<'a, T: ?Sized>(pub &'a T);

/// Reads an enum with `derive(LabelValue)`.
pub trait ViaLabelValue {
    /// Returns the label.
    fn __label(&self) -> CallLabel<'static>;
}

impl<T: LabelValue> ViaLabelValue for &&LabelExpr<'_, T> {
    #[inline]
    fn __label(&self) -> CallLabel<'static> {
        CallLabel::Closed { set: TypeId::of::<T>(), index: self.0.index(), values: T::VALUES }
    }
}

/// Reads a reference to an enum with `derive(LabelValue)`.
pub trait ViaLabelReference {
    /// Returns the label.
    fn __label(&self) -> CallLabel<'static>;
}

impl<T: LabelValue> ViaLabelReference for &&&LabelExpr<'_, &T> {
    #[inline]
    fn __label(&self) -> CallLabel<'static> {
        (&&LabelExpr::<T>(self.0)).__label()
    }
}

/// Reads an expression that is `AsRef<str>`.
pub trait ViaStr<'a> {
    /// Returns the label.
    fn __label(&self) -> CallLabel<'a>;
}

impl<'a, T: AsRef<str> + ?Sized> ViaStr<'a> for &LabelExpr<'a, T> {
    #[inline]
    fn __label(&self) -> CallLabel<'a> {
        CallLabel::Text(self.0.as_ref())
    }
}

/// Reports a type that is neither.
pub trait ViaInvalidLabel<'a> {
    /// Returns the label.
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

/// Implemented by no type: its message is the compile error for a wrong label expression.
#[diagnostic::on_unimplemented(
    message = "this value cannot be a label",
    label = "neither text nor a `LabelValue`",
    note = "give an expression that is `AsRef<str>`, such as `self.model`, or an enum with `#[derive(Clone, Copy, LabelValue)]`"
)]
pub trait IsLabel {}
