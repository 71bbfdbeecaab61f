//! Handles to bundles of series that calls hold, and the choice of a bundle by dimension values.

use std::ops::Deref;
use std::sync::Arc;

use crate::builtin::{
    Budget, Bundle, DimensionPoint, DimensionValue, Dimensions, Families, Group as _, LabelText, MAX_POINTS,
};

/// A handle to a bundle that a call holds while it runs.
pub trait HoldsBundle<S: Bundle>: Deref<Target = S> {
    /// Returns another handle to the bundle.
    fn keep(&self) -> BundleHandle<S>;

    /// Takes the budget that the call spends from.
    #[inline]
    fn budget(&mut self) -> Option<Budget> {
        None
    }

    /// Moves to the bundle at the dimension point of the enclosing task, if the instance has dimensions.
    #[inline]
    fn place(&mut self, around: impl FnOnce(&Arc<Dimensions>) -> DimensionPoint) {
        self.place_over(DimensionPoint::default(), around);
    }

    /// Moves to the bundle at the dimension point of the enclosing task, overridden by the values of `own`.
    fn place_over(&mut self, own: DimensionPoint, around: impl FnOnce(&Arc<Dimensions>) -> DimensionPoint);
}

/// Returns the dimension point of a call, or `None` if the instance has no dimensions.
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

/// A handle of a call that has dimension values.
pub struct WithDimensions<H> {
    held: H,
    own: DimensionPoint,
}

impl<H> WithDimensions<H> {
    /// Adds dimension values to a handle.
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

/// A handle of a call that spends from a budget.
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

/// A handle to a bundle of any instance. The bundles of the global instance are never dropped; a bundle of another instance
/// is kept alive by a handle to the families of the instance.
pub enum BundleHandle<S: Bundle> {
    /// A bundle of the global instance.
    Static(&'static S),
    /// A bundle of another instance, by its position.
    Shared(Arc<Families>, Place),
}

/// The position of a bundle in the table of its group: the slot of the label value and the dimension point, in one word.
#[derive(Clone, Copy, Debug)]
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
    /// Returns a handle to the bundle of a label value in an instance.
    pub(crate) fn shared(families: &Arc<Families>, value: LabelText<'_>) -> Self {
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

debug_by_name! {
    WithDimensions [H] [H];
    WithBudget [H] [H];
    BundleHandle [S: Bundle] [S];
}
