//! Gauges: values that are set, and go up and down.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::series_table::SeriesRef;
use super::user_family::{Shape, UserFamily, impl_debug};
use crate::label::{LabelSet, Labels};
use crate::sample::{Number, Visitor};

/// A family of gauges.
///
/// A clone is a handle to the same family.
#[derive(Clone)]
pub struct Gauge<L: LabelSet = ()>(pub(crate) Arc<UserFamily<L, GaugeShape>>);

/// One gauge.
#[derive(Clone, Copy)]
pub struct GaugeSeries<'a, L: LabelSet>(&'a UserFamily<L, GaugeShape>, SeriesRef<'a>);

impl_debug!(Gauge, GaugeSeries);

/// The layout of a gauge: one atomic with the bits of the value. All threads share it, since the value that was set
/// last replaces every other one, and so can't be a sum over shards.
pub(crate) struct GaugeShape;

impl Shape for GaugeShape {
    fn cells_per_series(&self) -> usize {
        0
    }

    fn show(&self, series: SeriesRef<'_>, labels: Labels<'_>, visitor: &mut dyn Visitor) {
        visitor.sample(labels, Number::Float(value(series)));
    }
}

fn value(series: SeriesRef<'_>) -> f64 {
    f64::from_bits(series.value().load(Ordering::Relaxed))
}

impl<L: LabelSet> Gauge<L> {
    /// Returns the gauge with these labels, which is created with value 0 if it is new.
    #[inline]
    pub fn with(&self, labels: L) -> GaugeSeries<'_, L> {
        GaugeSeries(&self.0, self.0.series.series(&labels))
    }
}

impl<L: LabelSet> GaugeSeries<'_, L> {
    /// Sets the value. `NaN` means that the value is not known.
    #[inline]
    pub fn set(self, value: f64) {
        self.1.value().store(value.to_bits(), Ordering::Relaxed);
    }

    /// Adds to the value; a negative amount lowers it. An amount that is not finite is refused, and counted in
    /// `agent_metrics_refused_observations_total`, since no later addition could make the value finite again.
    #[inline]
    pub fn add(self, amount: f64) {
        if !amount.is_finite() {
            return self.0.refuse();
        }
        let change = |bits| Some((f64::from_bits(bits) + amount).to_bits());
        // `change` always returns a value, so the update succeeds.
        let _ = self.1.value().fetch_update(Ordering::Relaxed, Ordering::Relaxed, change);
    }

    /// Returns the value.
    pub fn get(self) -> f64 {
        value(self.1)
    }
}
