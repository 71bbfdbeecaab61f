//! Gauges: values that are set, and go up and down.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::Slot;
use super::{Shape, Stored};
use crate::label::{LabelSet, Labels};
use crate::sample::{Number, Visitor};

/// A family of gauges.
#[derive(Clone)]
pub struct Gauge<L: LabelSet = ()>(pub(crate) Arc<Stored<L, Level>>);

/// One gauge. Since a value that is set belongs to no thread, it is one atomic, shared by all.
#[derive(Clone, Copy)]
pub struct GaugeSeries<'a, L: LabelSet>(&'a Stored<L, Level>, Slot<'a>);

pub(crate) struct Level;

impl Shape for Level {
    fn words(&self) -> usize {
        0
    }

    fn show(&self, slot: Slot<'_>, labels: Labels<'_>, visitor: &mut dyn Visitor) {
        visitor.sample(labels, Number::Float(value(slot)));
    }
}

fn value(slot: Slot<'_>) -> f64 {
    f64::from_bits(slot.value().load(Ordering::Relaxed))
}

impl<L: LabelSet> Gauge<L> {
    /// The gauge of these labels, made at 0 if it is new.
    #[inline]
    pub fn with(&self, labels: L) -> GaugeSeries<'_, L> {
        GaugeSeries(&self.0, self.0.series.series(&labels))
    }
}

impl<L: LabelSet> GaugeSeries<'_, L> {
    /// Sets the value. `NaN` says that it isn't known.
    #[inline]
    pub fn set(self, value: f64) {
        self.1.value().store(value.to_bits(), Ordering::Relaxed);
    }

    /// Adds to the value; a negative amount lowers it. One that is not finite is refused, and counted
    /// in `agent_metrics_refused_observations_total`: nothing would ever bring the value back.
    #[inline]
    pub fn add(self, amount: f64) {
        if !amount.is_finite() {
            return self.0.refuse();
        }
        let change = |bits| Some((f64::from_bits(bits) + amount).to_bits());
        // `change` always gives a value, so the update succeeds.
        let _ = self.1.value().fetch_update(Ordering::Relaxed, Ordering::Relaxed, change);
    }

    /// The value now.
    pub fn get(self) -> f64 {
        value(self.1)
    }
}
