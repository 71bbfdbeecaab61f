//! Models that answered in place of those that were asked.

use std::sync::Arc;

use once_cell::race::OnceBox;

use crate::label::{Interner, OTHER};
use crate::pricing::{AtomicPrice, Price};
use crate::storage::CellRange;

/// The names of served models, and their prices.
pub(super) struct ServedModels {
    pub(super) names: Arc<Interner>,
    prices: Box<[OnceBox<AtomicPrice>]>,
}

impl ServedModels {
    pub(super) fn new(cap: usize) -> Self {
        let names = Arc::new(Interner::new(cap));
        let prices = (0..names.slots()).map(|_| OnceBox::new()).collect();
        Self { names, prices }
    }

    /// A served model's price, asked for once; `None` for those that share a name.
    pub(super) fn price(
        &self,
        slot: usize,
        price: impl FnOnce(&str) -> Option<Price>,
    ) -> Option<&AtomicPrice> {
        let name = self.names.name(slot).filter(|_| slot > 0)?;
        Some(self.prices[slot].get_or_init(|| Box::new(AtomicPrice::new(price(name).as_ref()))))
    }

    /// The prices asked for so far, each with its model.
    pub(super) fn prices(&self) -> impl Iterator<Item = (&str, &AtomicPrice)> {
        let made = self.prices.iter().enumerate();
        made.filter_map(|(slot, price)| Some((self.names.name(slot).unwrap_or(OTHER), price.get()?)))
    }
}

/// How often a model was answered for, by who did it.
pub(super) struct ServedBy(Box<[OnceBox<CellRange>]>);

impl ServedBy {
    pub(super) fn new(models: &ServedModels) -> Self {
        Self(models.prices.iter().map(|_| OnceBox::new()).collect())
    }

    pub(super) fn count(&self, slot: usize) -> &CellRange {
        self.0[slot].get_or_init(|| Box::new(CellRange::new(1)))
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (usize, &CellRange)> {
        self.0.iter().enumerate().filter_map(|(slot, row)| Some((slot, row.get()?)))
    }
}
