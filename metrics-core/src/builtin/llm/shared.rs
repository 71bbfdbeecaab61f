//! The parts that all models share.

use std::sync::Arc;
use std::time::SystemTime;

use super::served::ServedModels;
use crate::builtin::dimensions::Dimensions;
use crate::builtin::otel::Otel;
use crate::faults::FaultReporter;
use crate::label::Interner;
use crate::metric::{CallShape, HistogramShape};
use crate::pricing::{
    AtomicPrice, Cost, CurrentPrices, ModelPrices, PriceClock, PriceQuery, PriceTable, Quote, SoldAs, seconds,
};
use crate::storage::CellRange;
use crate::usage::Usage;

/// The shapes, prices and collaborators that all models share.
pub(super) struct Shared {
    pub(super) calls: CallShape,
    pub(super) input: HistogramShape,
    pub(super) output: HistogramShape,
    pub(super) first_token: HistogramShape,
    pub(super) per_output_token: HistogramShape,
    pub(super) reasons: Arc<Interner>,
    pub(super) served: ServedModels,
    pub(super) prices: CurrentPrices,
    pub(super) clock: PriceClock,
    /// The number of costs that no call can have.
    pub(super) refused_costs: CellRange,
    pub(super) dimensions: Arc<Dimensions>,
    pub(super) otel: Option<Arc<Otel>>,
    pub(super) faults: Arc<FaultReporter>,
}

impl Shared {
    /// Returns a model's price in a table, which may run the user's code.
    pub(super) fn quote(&self, prices: &PriceTable, model: &str, sold_as: SoldAs<'_>) -> Option<Quote> {
        let query = PriceQuery::new(model).provider(sold_as.provider).tier(sold_as.tier).at(self.now());
        self.faults.caught(|| prices.quote(&query)).flatten()
    }

    /// Returns the cost of a call; `None` if the model has no price.
    #[inline]
    pub(super) fn cost(
        &self,
        prices: &ModelPrices,
        model: &str,
        sold_as: SoldAs<'_>,
        usage: &Usage,
    ) -> Option<Cost> {
        let Some(price) = prices.get(sold_as) else { return self.first_cost(prices, model, sold_as, usage) };
        // Only a price whose next change is known needs the time.
        if let Some(until) = price.until() {
            self.update(price, until, model, sold_as);
        }
        price.cost(usage)
    }

    /// Looks up the price of the first call that is sold in this way, and returns the cost of the call.
    #[cold]
    fn first_cost(
        &self,
        prices: &ModelPrices,
        model: &str,
        sold_as: SoldAs<'_>,
        usage: &Usage,
    ) -> Option<Cost> {
        let table = self.prices.now();
        let quote = self.quote(&table, model, sold_as);
        let Some(price) = prices.add(sold_as, quote.as_ref()) else {
            return quote?.price.try_cost(usage);
        };
        // The table may have been replaced before its prices were found in the model.
        if !self.prices.is(&table) {
            self.refresh(price, model, sold_as);
        }
        price.cost(usage)
    }

    /// Returns the cost of a call of a model whose label value is `__other__`, and whose price is therefore not kept.
    #[cold]
    pub(super) fn cost_by_name(&self, model: &str, sold_as: SoldAs<'_>, usage: &Usage) -> Option<Cost> {
        self.quote(&self.prices.now(), model, sold_as)?.price.try_cost(usage)
    }

    /// Sets a price that has ended to the one that applies now.
    #[inline(never)]
    fn update(&self, price: &AtomicPrice, until: u64, model: &str, sold_as: SoldAs<'_>) {
        if seconds(self.now()) >= until {
            self.refresh(price, model, sold_as);
        }
    }

    fn refresh(&self, price: &AtomicPrice, model: &str, sold_as: SoldAs<'_>) {
        self.prices.refresh(price, |table| self.quote(table, model, sold_as));
    }

    /// Sets all prices of a model to those in the current table.
    pub(super) fn refresh_all(&self, prices: &ModelPrices, model: &str) {
        prices.iter().for_each(|(sold_as, price)| self.refresh(price, model, sold_as));
    }

    /// Returns the time that decides which of a model's prices applies.
    fn now(&self) -> SystemTime {
        let set = self.clock.0.as_ref().and_then(|now| self.faults.caught(|| now()));
        set.unwrap_or_else(SystemTime::now)
    }
}
