//! Gauges: values that are set, and go up and down.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::Number;
use crate::family::Slot;
use crate::label::{LabelSet, Labels};
use crate::stored::{Shape, Stored};
use crate::visit::Visitor;

/// A family of gauges.
#[derive(Clone)]
pub struct Gauge<L: LabelSet = ()>(pub(crate) Arc<Stored<L, Level>>);

/// One gauge. Since a value that is set belongs to no thread, it is one atomic, shared by all.
#[derive(Clone, Copy)]
pub struct GaugeSeries<'a>(Slot<'a>);

pub(crate) struct Level;

impl Shape for Level {
    fn words(&self) -> usize {
        0
    }

    fn show(&self, slot: Slot<'_>, labels: Labels<'_>, visitor: &mut dyn Visitor) {
        visitor.sample(labels, Number::Float(GaugeSeries(slot).get()));
    }
}

impl<L: LabelSet> Gauge<L> {
    /// The gauge of these labels, made at 0 if it is new.
    #[inline]
    pub fn with(&self, labels: L) -> GaugeSeries<'_> {
        GaugeSeries(self.0.series.series(&labels))
    }
}

impl GaugeSeries<'_> {
    /// Sets the value.
    #[inline]
    pub fn set(self, value: f64) {
        self.0.value().store(value.to_bits(), Ordering::Relaxed);
    }

    /// Adds to the value; a negative amount lowers it.
    #[inline]
    pub fn add(self, amount: f64) {
        let change = |bits| Some((f64::from_bits(bits) + amount).to_bits());
        // `change` always gives a value, so the update succeeds.
        let _ = self.0.value().fetch_update(Ordering::Relaxed, Ordering::Relaxed, change);
    }

    /// The value now.
    pub fn get(self) -> f64 {
        f64::from_bits(self.0.value().load(Ordering::Relaxed))
    }
}
