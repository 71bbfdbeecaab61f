//! What calls are told apart by besides their own labels: at most two closed sets, which a task hands on to what
//! runs in it.

use std::any::{TypeId, type_name};
use std::sync::atomic::{AtomicBool, Ordering};

use once_cell::race::OnceBox;

use crate::error::Fault;
use crate::faults::FaultReporter;
use crate::label::{LabelValue, RenderedLabels};

/// A value of a dimension, by its type.
#[derive(Clone, Copy, Debug)]
pub struct DimensionValue {
    set: TypeId,
    set_name: &'static str,
    index: usize,
}

impl DimensionValue {
    /// That of a closed set.
    pub fn of<T: LabelValue>(value: &T) -> Self {
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

    pub(crate) fn is_of_the_set_of(&self, other: &Self) -> bool {
        self.set == other.set
    }

    /// Its values, and that nothing is known.
    fn size(&self) -> usize {
        self.values.len() + 1
    }
}

/// The dimensions of an instance.
#[derive(Default)]
pub struct Dimensions {
    all: Vec<Dimension>,
    /// Whether the hook was told of a value of none of them.
    told: AtomicBool,
}

/// One value, or none, of each dimension; number 0 is none at all.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct DimensionPoint(pub(crate) u16);

/// The largest number of points, since a [`BundleHandle`](crate::recorder::held::BundleHandle) stores a point in 11 bits.
pub(crate) const MAX_POINTS: usize = 1 << 11;

/// What a dimension's label says where nobody gave a value.
const NONE: &str = "__none__";

/// Points past this start at zero only when they are first used.
const ZERO_POINTS: usize = 16;

impl Dimensions {
    pub(crate) fn new(all: Vec<Dimension>) -> Self {
        Self { all, told: AtomicBool::new(false) }
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Dimension> {
        self.all.iter()
    }

    pub(crate) fn names(&self) -> impl Iterator<Item = &'static str> {
        self.all.iter().map(|dimension| dimension.name)
    }

    /// How many points there are.
    pub(crate) fn size(&self) -> usize {
        self.all.iter().fold(1, |size, dimension| size.saturating_mul(dimension.size()))
    }

    /// Every point.
    pub(super) fn points(&self) -> impl Iterator<Item = DimensionPoint> {
        (0..self.size()).map(|point| DimensionPoint(point as u16))
    }

    /// Those that start at zero beside a label that stands in the code.
    pub(super) fn zero_points(&self) -> impl Iterator<Item = DimensionPoint> {
        self.points().take(if self.size() <= ZERO_POINTS { ZERO_POINTS } else { 1 })
    }

    /// The point of some values. One of a set that is no dimension here is left out, and told of once.
    pub(crate) fn point(&self, values: &[DimensionValue], faults: &FaultReporter) -> DimensionPoint {
        let stray = |value: &&DimensionValue| self.all.iter().all(|dimension| dimension.set != value.set);
        if let Some(stray) = values.iter().find(stray)
            && !self.told.swap(true, Ordering::Relaxed)
        {
            faults.report(&Fault::UnknownDimension { set: stray.set_name });
        }
        self.join(|dimension| {
            let value = values.iter().find(|value| value.set == dimension.set);
            value.map_or(0, |value| value.index + 1)
        })
    }

    /// What is known of a call by itself, and of the rest by the task around it.
    pub(crate) fn over(&self, own: DimensionPoint, around: DimensionPoint) -> DimensionPoint {
        let (mut own, mut around) = (usize::from(own.0), usize::from(around.0));
        self.join(|dimension| {
            let place = |point: &mut usize| {
                let place = *point % dimension.size();
                *point /= dimension.size();
                place
            };
            match (place(&mut own), place(&mut around)) {
                (0, around) => around,
                (own, _) => own,
            }
        })
    }

    /// A point from the place in each dimension, which is 0 where nothing is known.
    fn join(&self, mut place: impl FnMut(&Dimension) -> usize) -> DimensionPoint {
        let mut stride = 1;
        let mut point = 0;
        for dimension in &self.all {
            point += stride * place(dimension);
            stride *= dimension.size();
        }
        DimensionPoint(point as u16)
    }

    /// The labels of series at a point, that of their group first.
    pub(super) fn render<'a>(&self, label: (&'a str, &'a str), point: DimensionPoint) -> RenderedLabels {
        let more = self.labels(point).map(|(name, value)| -> (&'a str, &'a str) { (name, value) });
        RenderedLabels::new(std::iter::once(label).chain(more))
    }

    /// The labels of a point.
    fn labels(&self, point: DimensionPoint) -> impl Iterator<Item = (&'static str, &'static str)> {
        let mut rest = usize::from(point.0);
        self.all.iter().map(move |dimension| {
            let place = rest % dimension.size();
            rest /= dimension.size();
            (dimension.name, if place == 0 { NONE } else { dimension.values[place - 1] })
        })
    }
}

/// The bundles of one label value by point; that of no dimension holds the others.
pub struct BundlesByPoint<S> {
    point: DimensionPoint,
    others: Box<[OnceBox<S>]>,
}

impl<S> BundlesByPoint<S> {
    /// For a bundle at a point.
    pub(crate) fn new(point: DimensionPoint, dimensions: &Dimensions) -> Self {
        let others = if point == DimensionPoint::default() { dimensions.size() - 1 } else { 0 };
        Self { point, others: (0..others).map(|_| OnceBox::new()).collect() }
    }

    pub(crate) fn point(&self) -> DimensionPoint {
        self.point
    }

    /// Whether there are others.
    #[inline]
    pub(crate) fn are_many(&self) -> bool {
        !self.others.is_empty()
    }

    /// The bundle at a point, made if it is new.
    pub(crate) fn at<'a>(&'a self, base: &'a S, point: DimensionPoint, make: impl FnOnce() -> S) -> &'a S {
        match self.others.get(usize::from(point.0).wrapping_sub(1)) {
            None => base,
            Some(other) => other.get_or_init(|| Box::new(make())),
        }
    }

    /// The others that were made.
    pub(crate) fn others(&self) -> impl Iterator<Item = &S> {
        self.others.iter().filter_map(OnceBox::get)
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
    fn every_point_is_its_values() {
        let dimensions = dimensions();
        let mut seen: Vec<_> = dimensions.points().map(|point| texts(&dimensions, point)).collect();
        seen.sort_unstable();
        seen.dedup();
        assert_eq!(seen.len(), 3 * 4);
        let values = [DimensionValue::of(&Region(2)), DimensionValue::of(&Tier::Gold)];
        assert_eq!(texts(&dimensions, dimensions.point(&values, &FaultReporter::silent())), ["gold", "ap"]);
    }

    #[test]
    fn what_a_call_says_holds_before_what_its_task_does() {
        let dimensions = dimensions();
        let point = |values: &[_]| dimensions.point(values, &FaultReporter::silent());
        let task = point(&[DimensionValue::of(&Tier::Free), DimensionValue::of(&Region(1))]);
        let own = point(&[DimensionValue::of(&Tier::Gold)]);
        assert_eq!(texts(&dimensions, dimensions.over(own, task)), ["gold", "us"]);
        assert_eq!(dimensions.over(DimensionPoint::default(), task), task);
        assert_eq!(dimensions.over(own, DimensionPoint::default()), own);
        for own in dimensions.points() {
            assert_eq!(dimensions.over(own, own), own);
        }
    }
}
