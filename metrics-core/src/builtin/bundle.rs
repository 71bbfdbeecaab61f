//! Bundles: all series of one value of a group's main label, and the table that holds them.

use std::sync::Arc;

use once_cell::race::OnceBox;

use super::dimensions::{BundlesByPoint, DimensionPoint, Dimensions};
use crate::faults::ReportsFaults;
use crate::label::Interner;

/// One bundle for each value of a capped label.
pub(crate) struct Table<S> {
    pub(crate) values: Arc<Interner>,
    bundles: Box<[OnceBox<S>]>,
}

impl<S> Table<S> {
    pub(crate) fn new(cap: usize) -> Self {
        let values = Arc::new(Interner::new(cap));
        let bundles = (0..values.slots()).map(|_| OnceBox::new()).collect();
        Self { values, bundles }
    }

    /// Returns the bundle of a slot, created on first use.
    #[inline]
    pub(crate) fn bundle(&self, slot: usize, create: impl FnOnce(&str) -> S) -> &S {
        match self.bundles[slot].get() {
            Some(bundle) => bundle,
            None => self.create(slot, create),
        }
    }

    #[cold]
    fn create(&self, slot: usize, create: impl FnOnce(&str) -> S) -> &S {
        let name = self.values.name(slot).unwrap_or(crate::label::OTHER);
        self.bundles[slot].get_or_init(|| Box::new(create(name)))
    }

    /// Returns the bundle of a slot, if it exists.
    #[inline]
    pub(crate) fn get(&self, slot: usize) -> Option<&S> {
        self.bundles.get(slot)?.get()
    }

    /// Returns all bundles without dimension values.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &S> {
        self.bundles.iter().filter_map(OnceBox::get)
    }

    /// Returns the number of parts in which the bundles are visited.
    pub(crate) fn parts(&self) -> usize {
        self.bundles.len().div_ceil(PART)
    }

    /// Returns the bundles of one part, without dimension values.
    pub(crate) fn iter_in(&self, part: usize) -> impl Iterator<Item = &S> {
        self.bundles.iter().skip(part * PART).take(PART).filter_map(OnceBox::get)
    }
}

/// The number of bundles in one part.
const PART: usize = 64;

impl<S: DimensionedBundle> Table<S> {
    /// Returns the bundles of one part with all dimension points.
    pub(crate) fn iter_all_in(&self, part: usize) -> impl Iterator<Item = &S> {
        self.iter_in(part).flat_map(|base| std::iter::once(base).chain(base.points().created()))
    }
}

/// A bundle, with the bundles of the same label value at other points of the dimensions.
pub trait DimensionedBundle: ReportsFaults + Sized + Send + Sync + 'static {
    #[doc(hidden)]
    fn dimensions(&self) -> &Arc<Dimensions>;
    #[doc(hidden)]
    fn points(&self) -> &BundlesByPoint<Self>;
    /// Creates the bundle of the same label value at another point.
    #[doc(hidden)]
    fn create_at(&self, point: DimensionPoint) -> Self;

    /// Returns the bundle of the same label value at a point, created on first use. `self` has no dimension values.
    #[doc(hidden)]
    #[inline]
    fn at(&self, point: DimensionPoint) -> &Self {
        self.points().at(self, point, || self.create_at(point))
    }

    /// Creates the bundles whose series start at zero.
    #[doc(hidden)]
    fn start(&self) {
        self.dimensions().zero_points().for_each(|point| {
            self.at(point);
        });
    }
}

/// A group of families with its bundles by the value of the main label.
#[doc(hidden)]
pub trait Group<S> {
    /// Returns the label values that have slots.
    fn values(&self) -> &Interner;
    /// Returns the bundle of a slot.
    fn bundle(&self, slot: usize) -> &S;

    /// Returns the slot of a label value that was computed at run time, and creates its bundle.
    #[inline]
    fn slot(&self, value: &str) -> usize {
        self.slot_in_code(value)
    }

    /// Returns the slot of a label value that is a constant in the code, and creates its bundle.
    #[inline]
    fn slot_in_code(&self, value: &str) -> usize {
        let slot = self.values().slot(value);
        self.bundle(slot);
        slot
    }
}

/// A label value and its origin.
#[derive(Clone, Copy)]
pub(crate) enum LabelText<'a> {
    /// The value is a constant in the code.
    InCode(&'a str),
    /// The value was computed at run time, such as a tool name that a model chose.
    AtRuntime(&'a str),
}

impl LabelText<'_> {
    #[inline]
    pub(crate) fn slot<S>(self, group: &impl Group<S>) -> usize {
        match self {
            Self::InCode(value) => group.slot_in_code(value),
            Self::AtRuntime(value) => group.slot(value),
        }
    }
}
