//! How series are read: a source shows the samples of its families to a visitor, which writes some format.

use std::sync::Arc;

use super::{FamilyInfo, HistogramSample, Number};
use crate::label::{Interner, Labels};

/// A holder of the series of one or more families.
pub(crate) trait Source: Send + Sync {
    /// Returns the descriptions of the families. The other methods take an index into them.
    fn families(&self) -> &[FamilyInfo];

    /// Shows every sample of one family, without a lock that a recording thread waits for.
    fn visit(&self, family: usize, visitor: &mut dyn Visitor) {
        (0..self.parts(family)).for_each(|part| self.visit_part(family, part, visitor));
    }

    /// Returns the number of parts in which a family can be shown, so that an exposition need not hold all samples of a
    /// long family at once.
    fn parts(&self, _family: usize) -> usize {
        1
    }

    /// Shows the samples of one part of a family.
    fn visit_part(&self, family: usize, part: usize, visitor: &mut dyn Visitor);

    /// Receives the names of the constant labels that the registry adds to every sample.
    fn set_registry_labels(&self, _names: &[String]) {}

    /// Returns the bounded labels: for each, the family that its overflow is reported for, the label and the values.
    fn interners(&self) -> Vec<(&str, &str, &Arc<Interner>)> {
        Vec::new()
    }

    /// Returns the number of refused observations by family.
    fn refused(&self) -> Vec<(&str, u64)> {
        Vec::new()
    }
}

/// A receiver of samples.
pub(crate) trait Visitor {
    /// Returns whether the visitor uses native buckets. Reading them takes time.
    fn wants_native(&self) -> bool {
        false
    }

    fn sample(&mut self, labels: Labels<'_>, value: Number);
    fn histogram(&mut self, labels: Labels<'_>, histogram: &HistogramSample<'_>);
    /// Receives a quantile of the summary that is shown next.
    fn quantile(&mut self, _labels: Labels<'_>, _quantile: f64, _value: f64) {}
    fn summary(&mut self, labels: Labels<'_>, count: u64, sum: Number);
}
