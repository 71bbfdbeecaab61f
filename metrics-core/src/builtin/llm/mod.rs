//! LLM calls, their tokens and what they cost.

mod attempts;
mod facts;
mod family;
mod model;
mod series;
mod served;

use std::sync::Arc;

use super::{DimensionPoint, Dimensions, Group, Otel, Settings, Table, ToolCost};
use crate::faults::FaultReporter;
use crate::label::{Interner, Labels, OTHER, RenderedLabels};
use crate::metric::{CallShape, HistogramShape};
use crate::pricing::{CurrentPrices, Price, PriceTable};
use crate::sample::{FamilyInfo, Number, Source, Visitor};
use crate::status::LLM;
pub use attempts::Attempt;
pub use facts::CallFacts;
pub(crate) use facts::Spent;
use family::Family;
use model::Model;
pub use series::LlmSeries;
use served::ServedModels;

pub(crate) struct Llm {
    table: Table<LlmSeries>,
    shared: Arc<Shared>,
    tool_cost: Arc<ToolCost>,
    infos: Vec<FamilyInfo>,
}

/// What all models have in common.
struct Shared {
    calls: CallShape,
    input: HistogramShape,
    output: HistogramShape,
    first_token: HistogramShape,
    per_output_token: HistogramShape,
    reasons: Arc<Interner>,
    served: ServedModels,
    prices: CurrentPrices,
    dimensions: Arc<Dimensions>,
    otel: Option<Arc<Otel>>,
    faults: Arc<FaultReporter>,
}

/// Why models stop: how many reasons have series of their own.
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
        let cut =
            |bounds: &'static [f64], seed| if settings.compact_buckets { &bounds[..seed] } else { bounds };
        let table = Table::new(settings.models);
        // Names with a price hold their slots before any other turns up.
        for model in prices.models() {
            table.values.slot(model);
        }
        let shared = Shared {
            calls: CallShape::new(
                LLM.names,
                cut(&family::DURATION, family::SEED_DURATION),
                settings.duration_by_status,
            )
            .with(histogram_options),
            input: HistogramShape::integers(cut(&family::INPUT, family::SEED_INPUT)).with(histogram_options),
            output: HistogramShape::integers(cut(&family::OUTPUT, family::SEED_OUTPUT))
                .with(histogram_options),
            first_token: HistogramShape::ticks(&family::FIRST_TOKEN).with(histogram_options),
            per_output_token: HistogramShape::ticks(&family::PER_OUTPUT_TOKEN).with(histogram_options),
            reasons: Arc::new(Interner::new(REASONS)),
            served: ServedModels::new(settings.models),
            prices: CurrentPrices::new(prices),
            dimensions: settings.dimensions.clone(),
            otel,
            faults,
        };
        let kept = if settings.cents { Family::ALL.len() } else { Family::ALL.len() - 1 };
        let info = |family: &Family| {
            if family.is_by_call() {
                family.info(&shared).with_labels(shared.dimensions.names())
            } else {
                family.info(&shared)
            }
        };
        Self {
            infos: Family::ALL[..kept].iter().map(info).collect(),
            shared: Arc::new(shared),
            table,
            tool_cost,
        }
    }

    /// Puts other prices in force, for all models that have series and those that will.
    pub(crate) fn set_prices(&self, prices: PriceTable) {
        self.shared.prices.replace(prices);
        let slots = 0..self.table.values.slots();
        slots.filter_map(|slot| Some((slot, self.table.get(slot)?))).for_each(|made| self.settle(made));
        for (model, price) in self.shared.served.prices() {
            self.shared.prices.refresh(price, |prices| self.shared.price(prices, model));
        }
    }

    pub(crate) fn prices(&self) -> PriceTable {
        PriceTable::clone(&self.shared.prices.now())
    }

    #[cold]
    fn make(&self, slot: usize) -> &LlmSeries {
        let prices = self.shared.prices.now();
        let series = self.table.bundle(slot, |model| {
            let model = Model::new(model, self.shared.price(&prices, model).as_ref());
            LlmSeries::new(Arc::new(model), DimensionPoint::default(), self.shared.clone())
        });
        // Who replaced the table before the series was there has not told it.
        if !self.shared.prices.is(&prices) {
            self.settle((slot, series));
        }
        series
    }

    fn settle(&self, (slot, series): (usize, &LlmSeries)) {
        let model = self.table.values.name(slot).unwrap_or(OTHER);
        self.shared.prices.refresh(series.price(), |prices| self.shared.price(prices, model));
    }
}

impl Shared {
    /// What a table says of a model; it may run the user's code.
    fn price(&self, prices: &PriceTable, model: &str) -> Option<Price> {
        self.faults.caught(|| prices.get(model)).flatten()
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
        &self.infos
    }

    fn parts(&self, _: usize) -> usize {
        self.table.parts()
    }

    fn visit_part(&self, family: usize, part: usize, visitor: &mut dyn Visitor) {
        let family = Family::ALL[family];
        for model in self.table.iter_all_in(part) {
            model.show(family, visitor);
        }
        match family {
            // What is no model's comes first.
            _ if part > 0 => {}
            Family::CostUsd | Family::CostCents => {
                self.tool_cost.show(visitor, |usd| family.money(usd));
            }
            Family::PriceTable => {
                let prices = self.shared.prices.now();
                let labels = RenderedLabels::new([("version", prices.version()), ("date", prices.date())]);
                visitor.sample(Labels::new(&labels), Number::Integer(1));
            }
            Family::PriceTableTime => {
                if let Some(seconds) = self.shared.prices.now().day_began() {
                    visitor.sample(Labels::NONE, Number::Float(seconds));
                }
            }
            _ => {}
        }
    }

    fn interners(&self) -> Vec<(&str, &str, &Arc<Interner>)> {
        vec![
            ("agent_llm_calls_total", "model", &self.table.values),
            ("agent_llm_finish_total", "reason", &self.shared.reasons),
            ("agent_llm_served_model_total", "served_model", &self.shared.served.names),
        ]
    }

    fn refused(&self) -> Vec<(&str, u64)> {
        vec![("agent_cost_usd_total", self.tool_cost.refused())]
    }
}
