//! Served models: the models that answered instead of the requested ones.

use std::sync::Arc;

use once_cell::race::OnceBox;

use crate::label::{Interner, OTHER};
use crate::pricing::{ModelPrices, Quote};
use crate::storage::CellRange;

/// The names and the prices of served models.
pub(super) struct ServedModels {
    pub(super) names: Arc<Interner>,
    prices: Box<[OnceBox<ModelPrices>]>,
}

impl ServedModels {
    pub(super) fn new(cap: usize) -> Self {
        let names = Arc::new(Interner::new(cap));
        let prices = (0..names.slots()).map(|_| OnceBox::new()).collect();
        Self { names, prices }
    }

    /// Returns a served model's name and prices, which are looked up once. Returns `None` for the models that share
    /// `__other__`.
    pub(super) fn prices_of(
        &self,
        slot: usize,
        standard: impl FnOnce(&str) -> Option<Quote>,
    ) -> Option<(&str, &ModelPrices)> {
        let name = self.names.name(slot).filter(|_| slot > 0)?;
        Some((name, self.prices[slot].get_or_init(|| Box::new(ModelPrices::new(standard(name).as_ref())))))
    }

    /// Returns the prices looked up so far, each with its model.
    pub(super) fn prices(&self) -> impl Iterator<Item = (&str, &ModelPrices)> {
        let made = self.prices.iter().enumerate();
        made.filter_map(|(slot, price)| Some((self.names.name(slot).unwrap_or(OTHER), price.get()?)))
    }
}

/// The number of calls of one requested model by served model.
pub(super) struct ServedBy(Box<[OnceBox<CellRange>]>);

impl ServedBy {
    pub(super) fn new(models: &ServedModels) -> Self {
        Self(models.prices.iter().map(|_| OnceBox::new()).collect())
    }

    pub(super) fn count(&self, slot: usize) -> &CellRange {
        self.0[slot].get_or_init(|| Box::new(CellRange::new(1)))
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (usize, &CellRange)> {
        self.0.iter().enumerate().filter_map(|(slot, cells)| Some((slot, cells.get()?)))
    }
}
