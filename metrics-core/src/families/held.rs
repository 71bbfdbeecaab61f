//! Bundles as calls hold them, and how a call moves to where it is in the dimensions.

use std::ops::Deref;
use std::sync::Arc;

use super::{Budget, Bundle, DimensionValue, Dimensions, Families, Group as _, Point, Value};

/// A bundle that a call holds on to while it runs, whoever keeps it.
pub trait Hold<S: Bundle>: Deref<Target = S> {
    /// The same, to be held by something else too.
    fn keep(&self) -> Held<S>;

    /// The budget that the call spends from.
    #[inline]
    fn budget(&mut self) -> Option<Budget> {
        None
    }

    /// Goes to the bundle at the point of the task around the call, where its instance has dimensions.
    #[inline]
    fn place(&mut self, around: impl FnOnce(&Arc<Dimensions>) -> Point) {
        self.place_over(Point::default(), around);
    }

    /// The same, where the call says something itself.
    fn place_over(&mut self, own: Point, around: impl FnOnce(&Arc<Dimensions>) -> Point);
}

/// Where a call is, of whose label this is the bundle.
#[inline]
fn placed<S: Bundle>(base: &S, own: Point, around: impl FnOnce(&Arc<Dimensions>) -> Point) -> Option<Point> {
    let dimensions = base.points().are_many().then(|| base.dimensions())?;
    Some(dimensions.over(own, around(dimensions)))
}

impl<S: Bundle> Hold<S> for &'static S {
    #[inline]
    fn keep(&self) -> Held<S> {
        Held::Static(self)
    }

    #[inline]
    fn place_over(&mut self, own: Point, around: impl FnOnce(&Arc<Dimensions>) -> Point) {
        let base: &'static S = self;
        if let Some(point) = placed(base, own, around) {
            *self = base.at(point);
        }
    }
}

impl<S: Bundle> Hold<S> for Held<S> {
    fn keep(&self) -> Self {
        match self {
            Self::Static(bundle) => Self::Static(bundle),
            Self::Shared(families, place) => Self::Shared(families.clone(), *place),
        }
    }

    fn place_over(&mut self, own: Point, around: impl FnOnce(&Arc<Dimensions>) -> Point) {
        let found = placed(&**self, own, around);
        match (found, self) {
            (None, _) => {}
            (Some(point), Self::Static(base)) => *base = base.at(point),
            (Some(point), Self::Shared(_, place)) => *place = Place::new(place.slot(), point),
        }
    }
}

/// A bundle that a call holds which says where in the dimensions it is.
pub struct AtPoint<H> {
    held: H,
    own: Point,
}

impl<H> AtPoint<H> {
    /// At the point of these values.
    pub(crate) fn new<S: Bundle>(held: H, values: &[DimensionValue]) -> Self
    where
        H: Hold<S>,
    {
        let own = held.dimensions().point(values, held.faults());
        Self { held, own }
    }
}

impl<H: Deref> Deref for AtPoint<H> {
    type Target = H::Target;

    #[inline]
    fn deref(&self) -> &H::Target {
        &self.held
    }
}

impl<S: Bundle, H: Hold<S>> Hold<S> for AtPoint<H> {
    fn keep(&self) -> Held<S> {
        self.held.keep()
    }

    fn budget(&mut self) -> Option<Budget> {
        self.held.budget()
    }

    fn place_over(&mut self, own: Point, around: impl FnOnce(&Arc<Dimensions>) -> Point) {
        let own = self.dimensions().over(self.own, own);
        self.held.place_over(own, around);
    }
}

/// A bundle that a call holds which spends from a budget.
pub struct Spending<H> {
    held: H,
    budget: Option<Budget>,
}

impl<H> Spending<H> {
    pub(crate) fn new(held: H, budget: Budget) -> Self {
        Self { held, budget: Some(budget) }
    }
}

impl<H: Deref> Deref for Spending<H> {
    type Target = H::Target;

    #[inline]
    fn deref(&self) -> &H::Target {
        &self.held
    }
}

impl<S: Bundle, H: Hold<S>> Hold<S> for Spending<H> {
    fn keep(&self) -> Held<S> {
        self.held.keep()
    }

    fn budget(&mut self) -> Option<Budget> {
        self.budget.take()
    }

    fn place_over(&mut self, own: Point, around: impl FnOnce(&Arc<Dimensions>) -> Point) {
        self.held.place_over(own, around);
    }
}

/// A bundle of any instance: the global's live for ever, those of another are kept by keeping its
/// families.
pub enum Held<S: Bundle> {
    /// Of the global metrics.
    Static(&'static S),
    /// Of an instance, at a place of its table.
    Shared(Arc<Families>, Place),
}

/// A slot of a table and a point of the dimensions, in one word.
#[derive(Clone, Copy)]
pub struct Place(u32);

const POINT_BITS: u32 = 11;

/// Points that have room in a [`Place`].
pub(crate) const MOST_POINTS: usize = 1 << POINT_BITS;

impl Place {
    fn new(slot: usize, point: Point) -> Self {
        Self((slot as u32) << POINT_BITS | u32::from(point.0))
    }

    fn slot(self) -> usize {
        (self.0 >> POINT_BITS) as usize
    }

    fn point(self) -> Point {
        Point((self.0 & (MOST_POINTS as u32 - 1)) as u16)
    }
}

impl<S: Bundle> Held<S> {
    /// Keeps the families that the bundle of a label value is of.
    pub(crate) fn keeping(families: &Arc<Families>, value: Value<'_>) -> Self {
        Self::Shared(families.clone(), Place::new(value.slot(S::group(families)), Point::default()))
    }
}

impl<S: Bundle> Deref for Held<S> {
    type Target = S;

    #[inline]
    fn deref(&self) -> &S {
        match self {
            Self::Static(bundle) => bundle,
            Self::Shared(families, place) => S::group(families).bundle(place.slot()).at(place.point()),
        }
    }
}
