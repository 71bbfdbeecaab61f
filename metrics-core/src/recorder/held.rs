//! Bundles as calls hold them, and how a call moves to where it is in the dimensions.

use std::ops::Deref;
use std::sync::Arc;

use crate::builtin::{
    Budget, Bundle, DimensionPoint, DimensionValue, Dimensions, Families, Group as _, LabelText, MAX_POINTS,
};

/// A bundle that a call holds on to while it runs, whoever keeps it.
pub trait HoldsBundle<S: Bundle>: Deref<Target = S> {
    /// The same, to be held by something else too.
    fn keep(&self) -> BundleHandle<S>;

    /// The budget that the call spends from.
    #[inline]
    fn budget(&mut self) -> Option<Budget> {
        None
    }

    /// Goes to the bundle at the point of the task around the call, where its instance has dimensions.
    #[inline]
    fn place(&mut self, around: impl FnOnce(&Arc<Dimensions>) -> DimensionPoint) {
        self.place_over(DimensionPoint::default(), around);
    }

    /// The same, where the call says something itself.
    fn place_over(&mut self, own: DimensionPoint, around: impl FnOnce(&Arc<Dimensions>) -> DimensionPoint);
}

/// Where a call is, of whose label this is the bundle.
#[inline]
fn placed<S: Bundle>(
    base: &S,
    own: DimensionPoint,
    around: impl FnOnce(&Arc<Dimensions>) -> DimensionPoint,
) -> Option<DimensionPoint> {
    let dimensions = base.points().has_dimensions().then(|| base.dimensions())?;
    Some(dimensions.merge(own, around(dimensions)))
}

impl<S: Bundle> HoldsBundle<S> for &'static S {
    #[inline]
    fn keep(&self) -> BundleHandle<S> {
        BundleHandle::Static(self)
    }

    #[inline]
    fn place_over(&mut self, own: DimensionPoint, around: impl FnOnce(&Arc<Dimensions>) -> DimensionPoint) {
        let base: &'static S = self;
        if let Some(point) = placed(base, own, around) {
            *self = base.at(point);
        }
    }
}

impl<S: Bundle> HoldsBundle<S> for BundleHandle<S> {
    fn keep(&self) -> Self {
        match self {
            Self::Static(bundle) => Self::Static(bundle),
            Self::Shared(families, place) => Self::Shared(families.clone(), *place),
        }
    }

    fn place_over(&mut self, own: DimensionPoint, around: impl FnOnce(&Arc<Dimensions>) -> DimensionPoint) {
        let found = placed(&**self, own, around);
        match (found, self) {
            (None, _) => {}
            (Some(point), Self::Static(base)) => *base = base.at(point),
            (Some(point), Self::Shared(_, place)) => *place = Place::new(place.slot(), point),
        }
    }
}

/// A bundle that a call holds which says where in the dimensions it is.
pub struct WithDimensions<H> {
    held: H,
    own: DimensionPoint,
}

impl<H> WithDimensions<H> {
    /// At the point of these values.
    pub(crate) fn new<S: Bundle>(held: H, values: &[DimensionValue]) -> Self
    where
        H: HoldsBundle<S>,
    {
        let own = held.dimensions().point(values, held.faults());
        Self { held, own }
    }
}

impl<H: Deref> Deref for WithDimensions<H> {
    type Target = H::Target;

    #[inline]
    fn deref(&self) -> &H::Target {
        &self.held
    }
}

impl<S: Bundle, H: HoldsBundle<S>> HoldsBundle<S> for WithDimensions<H> {
    fn keep(&self) -> BundleHandle<S> {
        self.held.keep()
    }

    fn budget(&mut self) -> Option<Budget> {
        self.held.budget()
    }

    fn place_over(&mut self, own: DimensionPoint, around: impl FnOnce(&Arc<Dimensions>) -> DimensionPoint) {
        let own = self.dimensions().merge(self.own, own);
        self.held.place_over(own, around);
    }
}

/// A bundle that a call holds which spends from a budget.
pub struct WithBudget<H> {
    held: H,
    budget: Option<Budget>,
}

impl<H> WithBudget<H> {
    pub(crate) fn new(held: H, budget: Budget) -> Self {
        Self { held, budget: Some(budget) }
    }
}

impl<H: Deref> Deref for WithBudget<H> {
    type Target = H::Target;

    #[inline]
    fn deref(&self) -> &H::Target {
        &self.held
    }
}

impl<S: Bundle, H: HoldsBundle<S>> HoldsBundle<S> for WithBudget<H> {
    fn keep(&self) -> BundleHandle<S> {
        self.held.keep()
    }

    fn budget(&mut self) -> Option<Budget> {
        self.budget.take()
    }

    fn place_over(&mut self, own: DimensionPoint, around: impl FnOnce(&Arc<Dimensions>) -> DimensionPoint) {
        self.held.place_over(own, around);
    }
}

/// A bundle of any instance: the global's live for ever, those of another are kept by keeping its
/// families.
pub enum BundleHandle<S: Bundle> {
    /// Of the global metrics.
    Static(&'static S),
    /// Of an instance, at a place of its table.
    Shared(Arc<Families>, Place),
}

/// A slot of a table and a point of the dimensions, in one word.
#[derive(Clone, Copy)]
pub struct Place(u32);

const POINT_BITS: u32 = MAX_POINTS.trailing_zeros();

impl Place {
    fn new(slot: usize, point: DimensionPoint) -> Self {
        Self((slot as u32) << POINT_BITS | u32::from(point.0))
    }

    fn slot(self) -> usize {
        (self.0 >> POINT_BITS) as usize
    }

    fn point(self) -> DimensionPoint {
        DimensionPoint((self.0 & (MAX_POINTS as u32 - 1)) as u16)
    }
}

impl<S: Bundle> BundleHandle<S> {
    /// Keeps the families that the bundle of a label value is of.
    pub(crate) fn keeping(families: &Arc<Families>, value: LabelText<'_>) -> Self {
        Self::Shared(families.clone(), Place::new(value.slot(S::group(families)), DimensionPoint::default()))
    }
}

impl<S: Bundle> Deref for BundleHandle<S> {
    type Target = S;

    #[inline]
    fn deref(&self) -> &S {
        match self {
            Self::Static(bundle) => bundle,
            Self::Shared(families, place) => S::group(families).bundle(place.slot()).at(place.point()),
        }
    }
}
