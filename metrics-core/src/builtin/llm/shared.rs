//! The parts that all models share.

use std::sync::Arc;

use super::served::ServedModels;
use crate::builtin::dimensions::Dimensions;
use crate::builtin::otel::Otel;
use crate::faults::FaultReporter;
use crate::label::Interner;
use crate::metric::{CallShape, HistogramShape};
use crate::pricing::{CurrentPrices, Price, PriceTable};
use crate::storage::CellRange;

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
    /// The number of costs that no call can have.
    pub(super) refused_costs: CellRange,
    pub(super) dimensions: Arc<Dimensions>,
    pub(super) otel: Option<Arc<Otel>>,
    pub(super) faults: Arc<FaultReporter>,
}

impl Shared {
    /// Returns a model's price in a table, which may run the user's code.
    pub(super) fn price(&self, prices: &PriceTable, model: &str) -> Option<Price> {
        self.faults.caught(|| prices.get(model)).flatten()
    }
}
