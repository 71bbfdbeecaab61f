//! How series are read: sources show their families to a visitor, whatever it writes.

use std::sync::Arc;

use crate::catalogue::FamilyInfo;
use crate::label::{Interner, Labels};
use crate::metric::{Bounds, Number};

/// Something that holds the series of one or more families.
pub(crate) trait Source: Send + Sync {
    /// Its families; a family's number is its place here.
    fn families(&self) -> &[FamilyInfo];

    /// Shows every sample of one family. Takes no lock that recording waits for.
    fn visit(&self, family: usize, visitor: &mut dyn Visitor);

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
    fn sample(&mut self, labels: Labels<'_>, value: Number);
    fn histogram(&mut self, labels: Labels<'_>, bounds: &Bounds, counts: &[u64], sum: Number);
    fn summary(&mut self, labels: Labels<'_>, count: u64, sum: Number);
}
