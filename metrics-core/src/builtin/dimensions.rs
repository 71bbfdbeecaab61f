//! Dimensions: at most two closed labels that the user adds to tasks, LLM calls, tools and costs. A task passes its values on
//! to the calls in it.

use std::any::{TypeId, type_name};
use std::sync::atomic::{AtomicBool, Ordering};

use once_cell::race::OnceBox;

use crate::error::Fault;
use crate::faults::FaultReporter;
use crate::label::{LabelValue, RenderedLabels};

/// One value of a dimension, which its type identifies.
#[derive(Clone, Copy, Debug)]
pub struct DimensionValue {
    set: TypeId,
    set_name: &'static str,
    index: usize,
}

impl DimensionValue {
    /// The dimension value of a closed label value.
    pub fn new<T: LabelValue>(value: &T) -> Self {
        let index = (*value).index().min(T::VALUES.len().saturating_sub(1));
        Self { set: TypeId::of::<T>(), set_name: type_name::<T>(), index }
    }
}

/// One dimension of an instance.
#[derive(Clone, Debug)]
pub(crate) struct Dimension {
    pub(crate) name: &'static str,
    pub(crate) values: &'static [&'static str],
    set: TypeId,
}

impl Dimension {
    pub(crate) fn new<T: LabelValue>(name: &'static str) -> Self {
        Self { name, values: T::VALUES, set: TypeId::of::<T>() }
    }

    /// Returns whether both dimensions take their values from one enum.
    pub(crate) fn has_same_type(&self, other: &Self) -> bool {
        self.set == other.set
    }

    /// Returns the number of values, including `__none__`.
    fn size(&self) -> usize {
        self.values.len() + 1
    }
}

/// The dimensions of an instance.
#[derive(Default, Debug)]
pub struct Dimensions {
    all: Vec<Dimension>,
    /// Whether a value of an unknown dimension was reported to the fault hook.
    reported_unknown: AtomicBool,
}

/// One combination of dimension values, each of which may be absent; 0 is the combination without any value.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct DimensionPoint(pub(crate) u16);

/// The largest number of points, since a [`BundleHandle`](crate::recorder::held::BundleHandle) stores a point in 11 bits.
pub(crate) const MAX_POINTS: usize = 1 << 11;

/// The label value of a dimension without a value.
const NONE: &str = "__none__";

/// The largest number of points whose series start at zero. With more points, only the one without values does, and the
/// others appear on first use.
const ZERO_POINTS: usize = 16;

impl Dimensions {
    pub(crate) fn new(all: Vec<Dimension>) -> Self {
        Self { all, reported_unknown: AtomicBool::new(false) }
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Dimension> {
        self.all.iter()
    }

    pub(crate) fn names(&self) -> impl Iterator<Item = &'static str> {
        self.all.iter().map(|dimension| dimension.name)
    }

    /// Returns the number of points.
    pub(crate) fn size(&self) -> usize {
        self.all.iter().fold(1, |size, dimension| size.saturating_mul(dimension.size()))
    }

    /// Returns every point.
    pub(super) fn points(&self) -> impl Iterator<Item = DimensionPoint> {
        (0..self.size()).map(|point| DimensionPoint(point as u16))
    }

    /// Returns the points whose series start at zero, for a label value that is a constant in the code.
    pub(super) fn zero_points(&self) -> impl Iterator<Item = DimensionPoint> {
        self.points().take(if self.size() <= ZERO_POINTS { ZERO_POINTS } else { 1 })
    }

    /// Returns the point of some values. A value whose type is no dimension of this instance is left out, and the first such
    /// value is reported to the fault hook.
    pub(crate) fn point(&self, values: &[DimensionValue], faults: &FaultReporter) -> DimensionPoint {
        let is_unknown =
            |value: &&DimensionValue| self.all.iter().all(|dimension| dimension.set != value.set);
        if let Some(unknown) = values.iter().find(is_unknown)
            && !self.reported_unknown.swap(true, Ordering::Relaxed)
        {
            faults.report(&Fault::UnknownDimension { set: unknown.set_name });
        }
        self.join(|dimension| {
            let value = values.iter().find(|value| value.set == dimension.set);
            value.map_or(0, |value| value.index + 1)
        })
    }

    /// Returns the point of a call: its own value in each dimension, or else that of the enclosing task.
    pub(crate) fn merge(&self, own: DimensionPoint, enclosing: DimensionPoint) -> DimensionPoint {
        let (mut own, mut enclosing) = (usize::from(own.0), usize::from(enclosing.0));
        self.join(|dimension| {
            let next = |point: &mut usize| {
                let value = *point % dimension.size();
                *point /= dimension.size();
                value
            };
            match (next(&mut own), next(&mut enclosing)) {
                (0, enclosing) => enclosing,
                (own, _) => own,
            }
        })
    }

    /// Returns a point from the number of the value in each dimension, 0 for no value.
    fn join(&self, mut value: impl FnMut(&Dimension) -> usize) -> DimensionPoint {
        let mut stride = 1;
        let mut point = 0;
        for dimension in &self.all {
            point += stride * value(dimension);
            stride *= dimension.size();
        }
        DimensionPoint(point as u16)
    }

    /// Renders the labels of series at a point, the group's label first.
    pub(super) fn render<'a>(&self, label: (&'a str, &'a str), point: DimensionPoint) -> RenderedLabels {
        let dimensions = self.labels(point).map(|(name, value)| -> (&'a str, &'a str) { (name, value) });
        RenderedLabels::new(std::iter::once(label).chain(dimensions))
    }

    /// Returns the dimension labels of a point.
    fn labels(&self, point: DimensionPoint) -> impl Iterator<Item = (&'static str, &'static str)> {
        let mut rest = usize::from(point.0);
        self.all.iter().map(move |dimension| {
            let value = rest % dimension.size();
            rest /= dimension.size();
            (dimension.name, if value == 0 { NONE } else { dimension.values[value - 1] })
        })
    }
}

/// The bundles of one label value by dimension point. The bundle at point 0 owns those at all other points.
pub struct BundlesByPoint<S> {
    point: DimensionPoint,
    /// The bundles at points 1 and above; empty in a bundle that is at such a point itself.
    rest: Box<[OnceBox<S>]>,
}

impl<S> BundlesByPoint<S> {
    /// The (empty) collection that a bundle at `point` owns.
    pub(crate) fn new(point: DimensionPoint, dimensions: &Dimensions) -> Self {
        let rest = if point == DimensionPoint::default() { dimensions.size() - 1 } else { 0 };
        Self { point, rest: (0..rest).map(|_| OnceBox::new()).collect() }
    }

    pub(crate) fn point(&self) -> DimensionPoint {
        self.point
    }

    /// Returns whether this is the bundle at point 0 of an instance with dimensions.
    #[inline]
    pub(crate) fn has_dimensions(&self) -> bool {
        !self.rest.is_empty()
    }

    /// Returns the bundle at a point, created on first use; `base` at point 0.
    pub(crate) fn at<'a>(&'a self, base: &'a S, point: DimensionPoint, create: impl FnOnce() -> S) -> &'a S {
        match self.rest.get(usize::from(point.0).wrapping_sub(1)) {
            None => base,
            Some(bundle) => bundle.get_or_init(|| Box::new(create())),
        }
    }

    /// Returns the bundles at points 1 and above that exist.
    pub(crate) fn created(&self) -> impl Iterator<Item = &S> {
        self.rest.iter().filter_map(OnceBox::get)
    }
}

impl<S> std::fmt::Debug for BundlesByPoint<S> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("BundlesByPoint").field("point", &self.point).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Clone, Copy)]
    enum Tier {
        Free,
        Gold,
    }

    impl LabelValue for Tier {
        const VALUES: &'static [&'static str] = &["free", "gold"];

        fn index(self) -> usize {
            self as usize
        }
    }

    #[derive(Clone, Copy)]
    struct Region(usize);

    impl LabelValue for Region {
        const VALUES: &'static [&'static str] = &["eu", "us", "ap"];

        fn index(self) -> usize {
            self.0
        }
    }

    fn dimensions() -> Dimensions {
        Dimensions::new(vec![Dimension::new::<Tier>("tier"), Dimension::new::<Region>("region")])
    }

    fn texts(dimensions: &Dimensions, point: DimensionPoint) -> [&'static str; 2] {
        let mut texts = dimensions.labels(point).map(|(_, value)| value);
        [texts.next().unwrap(), texts.next().unwrap()]
    }

    #[test]
    fn every_point_has_different_values() {
        let dimensions = dimensions();
        let mut seen: Vec<_> = dimensions.points().map(|point| texts(&dimensions, point)).collect();
        seen.sort_unstable();
        seen.dedup();
        assert_eq!(seen.len(), 3 * 4);
        let values = [DimensionValue::new(&Region(2)), DimensionValue::new(&Tier::Gold)];
        assert_eq!(texts(&dimensions, dimensions.point(&values, &FaultReporter::silent())), ["gold", "ap"]);
    }

    #[test]
    fn a_value_of_a_call_overrides_that_of_its_task() {
        let dimensions = dimensions();
        let point = |values: &[_]| dimensions.point(values, &FaultReporter::silent());
        let task = point(&[DimensionValue::new(&Tier::Free), DimensionValue::new(&Region(1))]);
        let own = point(&[DimensionValue::new(&Tier::Gold)]);
        assert_eq!(texts(&dimensions, dimensions.merge(own, task)), ["gold", "us"]);
        assert_eq!(dimensions.merge(DimensionPoint::default(), task), task);
        assert_eq!(dimensions.merge(own, DimensionPoint::default()), own);
        for own in dimensions.points() {
            assert_eq!(dimensions.merge(own, own), own);
        }
    }
}
