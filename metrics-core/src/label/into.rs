//! The conversion of a value in an attribute or a macro to a label.

use super::{Bounded, LabelValue};

/// Converts a value to a label: a closed label only from its type, a [`Bounded`] label from any text.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a value of this label",
    label = "not a value of this label",
    note = "a closed label takes its own type, a `Bounded` label any `AsRef<str>`"
)]
pub trait IntoLabel<L> {
    /// Returns the label.
    fn to_label(&self) -> L;
}

impl<L: LabelValue> IntoLabel<L> for L {
    #[inline]
    fn to_label(&self) -> L {
        *self
    }
}

impl<T: AsRef<str> + ?Sized, const N: usize> IntoLabel<Bounded<N>> for T {
    #[inline]
    fn to_label(&self) -> Bounded<N> {
        Bounded::from(self)
    }
}

impl<const N: usize> IntoLabel<Bounded<N>> for Bounded<N> {
    #[inline]
    fn to_label(&self) -> Bounded<N> {
        *self
    }
}

/// Converts a value to a label. Generated code calls it.
#[inline]
pub fn into_label<L, V: IntoLabel<L> + ?Sized>(value: &V) -> L {
    value.to_label()
}

/// A label that can be any text.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is a closed label, which a text is not a value of",
    label = "expected a value of `{Self}`",
    note = "write a variant of it, `{Self}::..`"
)]
pub trait FromLiteral {
    /// Returns the label.
    fn from_literal(text: &'static str) -> Self;
}

#[diagnostic::do_not_recommend]
impl<const N: usize> FromLiteral for Bounded<N> {
    #[inline]
    fn from_literal(text: &'static str) -> Self {
        Self::from(text)
    }
}

/// Converts a string literal to a label. Generated code calls it.
#[inline]
pub fn literal_label<L: FromLiteral>(text: &'static str) -> L {
    L::from_literal(text)
}
