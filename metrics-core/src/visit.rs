//! How series are read: sources show their families to a visitor, whatever it writes.

use std::sync::Arc;

use crate::catalogue::FamilyInfo;
use crate::label::{Interner, Labels};
use crate::metric::{Bounds, NativeCounts, Number};
use crate::plane::{Exemplar, Exemplars};

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

/// A histogram at one moment.
#[derive(Clone, Copy)]
pub(crate) struct HistogramSample<'a> {
    pub(crate) bounds: &'a Bounds,
    /// The observations in each bucket alone, the one up to `+Inf` among them.
    pub(crate) counts: &'a [u64],
    pub(crate) sum: Number,
    /// The same observations in native buckets, if there are any and they are wanted. Their total is the count.
    pub(crate) native: Option<&'a NativeCounts>,
    /// An observation of each bucket, perhaps.
    pub(crate) exemplars: Option<&'a Exemplars>,
}

impl<'a> HistogramSample<'a> {
    /// The exemplar of a bucket.
    pub(crate) fn exemplar(&self, bucket: usize) -> Option<Exemplar> {
        self.exemplars?.get(bucket)
    }

    pub(crate) fn new(bounds: &'a Bounds, counts: &'a [u64], sum: Number) -> Self {
        Self { bounds, counts, sum, native: None, exemplars: None }
    }
}
