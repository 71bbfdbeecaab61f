//! How series are read: sources show their families to a visitor, whatever it writes.

use std::sync::Arc;

use super::{FamilyInfo, HistogramSample, Number};
use crate::label::{Interner, Labels};

/// Something that holds the series of one or more families.
pub(crate) trait Source: Send + Sync {
    /// Its families; a family's number is its place here.
    fn families(&self) -> &[FamilyInfo];

    /// Shows every sample of one family. Takes no lock that recording waits for.
    fn visit(&self, family: usize, visitor: &mut dyn Visitor) {
        (0..self.parts(family)).for_each(|part| self.visit_part(family, part, visitor));
    }

    /// In how many parts a family can be shown, so that nobody need hold a long one whole.
    fn parts(&self, _family: usize) -> usize {
        1
    }

    /// Shows one part of a family; all parts are the family.
    fn visit_part(&self, family: usize, part: usize, visitor: &mut dyn Visitor);

    /// It is in a registry that adds these labels to every sample.
    fn joined(&self, _outer_labels: &[String]) {}

    /// The capped labels in it: the family they count for, the label, the values.
    fn interners(&self) -> Vec<(&str, &str, &Arc<Interner>)> {
        Vec::new()
    }

    /// How many observations were refused, by family.
    fn refused(&self) -> Vec<(&str, u64)> {
        Vec::new()
    }
}

/// Whoever is shown samples.
pub(crate) trait Visitor {
    /// Whether native buckets are of use to it.
    fn wants_native(&self) -> bool {
        false
    }

    fn sample(&mut self, labels: Labels<'_>, value: Number);
    fn histogram(&mut self, labels: Labels<'_>, histogram: &HistogramSample<'_>);
    /// A quantile of the summary that is shown next.
    fn quantile(&mut self, _labels: Labels<'_>, _quantile: f64, _value: f64) {}
    fn summary(&mut self, labels: Labels<'_>, count: u64, sum: Number);
}
