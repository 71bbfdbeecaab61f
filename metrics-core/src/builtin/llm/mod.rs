//! LLM calls, their tokens and their costs.

mod attempts;
mod facts;
mod family;
mod limits;
mod model;
mod series;
mod served;
mod shared;
mod spent;

use std::sync::Arc;

use super::{DimensionPoint, EnabledFamilies, FamilyId as _, Group, Otel, Settings, Table, ToolCost};
use crate::faults::FaultReporter;
use crate::label::{Interner, Labels, OTHER, RenderedLabels};
use crate::metric::{CallShape, HistogramShape};
use crate::pricing::{CurrentPrices, PriceTable, SoldAs};
use crate::sample::{FamilyInfo, Number, Source, Visitor};
use crate::status::LLM;
use crate::storage::CellRange;
pub use attempts::Attempt;
pub use facts::CallFacts;
pub(super) use family::COST_TYPE;
pub(crate) use family::LlmFamily;
pub(crate) use family::MODEL;
use family::{DATE, REASON, SERVED_MODEL, VERSION};
use model::Model;
pub use series::LlmSeries;
use served::ServedModels;
use shared::Shared;
pub(crate) use spent::Spent;

pub(crate) struct Llm {
    table: Table<LlmSeries>,
    shared: Arc<Shared>,
    tool_cost: Arc<ToolCost>,
    families: EnabledFamilies<LlmFamily>,
}

/// The number of finish reasons that have their own series.
const REASONS: usize = 32;

impl Llm {
    pub(crate) fn new(
        settings: &Settings,
        prices: PriceTable,
        tool_cost: Arc<ToolCost>,
        otel: Option<Arc<Otel>>,
        faults: Arc<FaultReporter>,
    ) -> Self {
        let histogram_options = &settings.histogram_options;
        let bounds = |family: LlmFamily| family.bounds(settings);
        let whole_numbers = |family| HistogramShape::integers(bounds(family)).with(histogram_options);
        let ticks = |family| HistogramShape::ticks(bounds(family)).with(histogram_options);
        let duration = bounds(LlmFamily::Duration);
        let table = Table::new(settings.models);
        // Models with a price get their slots first, so that no other name can push them into `__other__`.
        for model in prices.models() {
            table.values.slot(model);
        }
        let shared = Shared {
            calls: CallShape::new(LLM.names, duration, settings.duration_by_status).with(histogram_options),
            input: whole_numbers(LlmFamily::InputTokens),
            output: whole_numbers(LlmFamily::OutputTokens),
            first_token: ticks(LlmFamily::FirstToken),
            per_output_token: ticks(LlmFamily::PerOutputToken),
            reasons: Arc::new(Interner::new(REASONS)),
            served: ServedModels::new(settings.models),
            prices: CurrentPrices::new(prices),
            clock: settings.price_clock.clone(),
            refused_costs: CellRange::new(1),
            dimensions: settings.dimensions.clone(),
            otel,
            faults,
        };
        Self { families: EnabledFamilies::new(settings), shared: Arc::new(shared), table, tool_cost }
    }

    /// Replaces the prices of all models, those that have series now and those that will have them.
    pub(crate) fn set_prices(&self, prices: PriceTable) {
        self.shared.prices.replace(prices);
        let slots = 0..self.table.values.slots();
        slots.filter_map(|slot| Some((slot, self.table.get(slot)?))).for_each(|series| self.settle(series));
        for (model, prices) in self.shared.served.prices() {
            self.shared.refresh_all(prices, model);
        }
    }

    pub(crate) fn prices(&self) -> PriceTable {
        PriceTable::clone(&self.shared.prices.now())
    }

    #[cold]
    fn make(&self, slot: usize) -> &LlmSeries {
        let prices = self.shared.prices.now();
        let series = self.table.bundle(slot, |model| {
            let model = Model::new(model, self.shared.quote(&prices, model, SoldAs::STANDARD).as_ref());
            LlmSeries::new(Arc::new(model), DimensionPoint::default(), self.shared.clone())
        });
        // Another thread may have replaced the prices after they were read here and before the series was in the table: it
        // did not find the series and could not update its price. The comparison detects that, and the price is set again.
        if !self.shared.prices.is(&prices) {
            self.settle((slot, series));
        }
        series
    }

    fn settle(&self, (slot, series): (usize, &LlmSeries)) {
        let model = self.table.values.name(slot).unwrap_or(OTHER);
        self.shared.refresh_all(series.prices(), model);
    }
}

impl Group<LlmSeries> for Llm {
    #[inline]
    fn values(&self) -> &Interner {
        &self.table.values
    }

    #[inline]
    fn bundle(&self, slot: usize) -> &LlmSeries {
        self.table.get(slot).unwrap_or_else(|| self.make(slot))
    }
}

impl Source for Llm {
    fn families(&self) -> &[FamilyInfo] {
        self.families.infos()
    }

    fn parts(&self, _: usize) -> usize {
        self.table.parts()
    }

    fn visit_part(&self, family: usize, part: usize, visitor: &mut dyn Visitor) {
        let family = self.families.id(family);
        for model in self.table.iter_all_in(part) {
            model.show(family, visitor);
        }
        match family {
            // The following series belong to no model and are shown with the first part.
            _ if part > 0 => {}
            LlmFamily::CostUsd | LlmFamily::CostCents => {
                self.tool_cost.show(visitor, |usd| series::money(family, usd));
            }
            LlmFamily::OutsideTasks => self.tool_cost.show_outside_tasks(visitor),
            LlmFamily::PriceTable => {
                let prices = self.shared.prices.now();
                let labels =
                    RenderedLabels::new([(VERSION.name, prices.version()), (DATE.name, prices.date())]);
                visitor.sample(Labels::new(&labels), Number::Integer(1));
            }
            LlmFamily::PriceTableTime => {
                if let Some(seconds) = self.shared.prices.now().day_began() {
                    visitor.sample(Labels::NONE, Number::Float(seconds));
                }
            }
            _ => {}
        }
    }

    fn interners(&self) -> Vec<(&str, &str, &Arc<Interner>)> {
        vec![
            (LlmFamily::Ended.name(), MODEL.name, &self.table.values),
            (LlmFamily::Finish.name(), REASON.name, &self.shared.reasons),
            (LlmFamily::ServedModel.name(), SERVED_MODEL.name, &self.shared.served.names),
        ]
    }

    fn refused(&self) -> Vec<(&str, u64)> {
        let refused = self.tool_cost.refused().saturating_add(self.shared.refused_costs.read(0));
        vec![(LlmFamily::CostUsd.name(), refused)]
    }
}
