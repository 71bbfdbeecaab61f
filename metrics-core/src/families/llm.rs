//! LLM calls, their tokens and what they cost.

use std::sync::Arc;

use super::{Bundle, Families, Group, Settings, Table, ToolCost};
use crate::catalogue::FamilyInfo;
use crate::faults::{Faults, Watched};
use crate::label::{Interner, Labels, OTHER, render};
use crate::metric::{CallShape, HistogramShape, LARGEST_WHOLE, Number};
use crate::name::Kind;
use crate::plane::{Row, Words, Writer};
use crate::pricing::{Price, PriceSlot, PriceTable, Prices};
use crate::status::{LLM, Status};
use crate::usage::Usage;
use crate::visit::{Source, Visitor};

/// Seconds: the seed's bounds, and above them what long generations take.
const DURATION: [f64; 11] = [0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 30.0, 60.0, 120.0, 300.0, 600.0];
const SEED_DURATION: usize = 7;
/// Tokens: the seed's bounds, and above them what long contexts hold.
const INPUT: [f64; 12] = [
    100.0, 500.0, 1_000.0, 2_000.0, 5_000.0, 10_000.0, 20_000.0, 50_000.0, 100_000.0, 200_000.0, 500_000.0,
    1_000_000.0,
];
const SEED_INPUT: usize = 8;
const OUTPUT: [f64; 13] = [
    50.0, 100.0, 500.0, 1_000.0, 2_000.0, 5_000.0, 10_000.0, 20_000.0, 50_000.0, 100_000.0, 200_000.0,
    500_000.0, 1_000_000.0,
];
const SEED_OUTPUT: usize = 7;

pub(crate) struct Llm {
    table: Table<LlmSeries>,
    shared: Arc<Shared>,
    prices: Prices,
    tool_cost: Arc<ToolCost>,
    infos: Vec<FamilyInfo>,
}

/// The series of one model.
pub struct LlmSeries {
    calls: Row,
    input: Row,
    output: Row,
    /// See the constants below.
    facts: Row,
    price: PriceSlot,
    labels: Box<str>,
    shared: Arc<Shared>,
}

/// What all models have in common.
struct Shared {
    calls: CallShape,
    input: HistogramShape,
    output: HistogramShape,
    refused_usages: Row,
    faults: Arc<Faults>,
}

/// Words of [`LlmSeries::facts`].
const INPUT_COST: usize = 0;
const OUTPUT_COST: usize = 1;
const UNPRICED_INPUT: usize = 2;
const UNPRICED_OUTPUT: usize = 3;
const USAGE_MISSING: usize = 4;
const DETAILS: usize = 5;
const FACTS: usize = DETAILS + DETAIL_KINDS.len();

const DETAIL_KINDS: [&str; 4] = ["cache_read", "cache_write", "reasoning", "audio"];

const IN: &[(&str, &str)] = &[("direction", "input")];
const OUT: &[(&str, &str)] = &[("direction", "output")];
const INPUT_TYPE: &[(&str, &str)] = &[("cost_type", "input")];
const OUTPUT_TYPE: &[(&str, &str)] = &[("cost_type", "output")];
const TOOL_TYPE: &[(&str, &str)] = &[("cost_type", "tool")];
const NO_MODEL: &str = "model=\"none\"";

/// Families by their place in [`Llm::infos`].
#[derive(Clone, Copy)]
enum Family {
    Calls,
    Duration,
    InputTokens,
    OutputTokens,
    Tokens,
    InProgress,
    Details,
    Unpriced,
    UsageMissing,
    CostUsd,
    CostCents,
}

impl Family {
    const ALL: [Self; 11] = [
        Self::Calls,
        Self::Duration,
        Self::InputTokens,
        Self::OutputTokens,
        Self::Tokens,
        Self::InProgress,
        Self::Details,
        Self::Unpriced,
        Self::UsageMissing,
        Self::CostUsd,
        Self::CostCents,
    ];

    fn info(self, shared: &Shared) -> FamilyInfo {
        let of = |kind, name, help, labels: &[&'static str]| FamilyInfo::new(kind, name, help, labels);
        let by_status: &[_] = if shared.calls.by_status() { &["model", "status"] } else { &["model"] };
        match self {
            Self::Calls => {
                of(Kind::Counter, "agent_llm_calls_total", "LLM calls that ended.", &["model", "status"])
            }
            Self::Duration => of(
                Kind::Histogram,
                "agent_llm_call_duration_seconds",
                "Time from an LLM call's start to its end.",
                by_status,
            )
            .with_buckets(shared.calls.bounds.values()),
            Self::InputTokens => of(
                Kind::Histogram,
                "agent_llm_input_tokens",
                "Input tokens of a call, cached ones included.",
                &["model"],
            )
            .with_buckets(shared.input.bounds.values()),
            Self::OutputTokens => of(
                Kind::Histogram,
                "agent_llm_output_tokens",
                "Output tokens of a call, reasoning included.",
                &["model"],
            )
            .with_buckets(shared.output.bounds.values()),
            Self::Tokens => of(
                Kind::Counter,
                "agent_llm_tokens_total",
                "Tokens used, by direction.",
                &["model", "direction"],
            ),
            Self::InProgress => {
                of(Kind::Gauge, "agent_llm_calls_in_progress", "LLM calls that run now.", &["model"])
            }
            Self::Details => of(
                Kind::Counter,
                "agent_llm_token_details_total",
                "Parts of the input or output tokens; not to be added to them.",
                &["model", "kind"],
            ),
            Self::Unpriced => of(
                Kind::Counter,
                "agent_llm_unpriced_tokens_total",
                "Tokens of models without a price: what they cost is in no cost metric.",
                &["model", "direction"],
            ),
            Self::UsageMissing => of(
                Kind::Counter,
                "agent_llm_usage_missing_total",
                "Successful LLM calls that did not tell their usage.",
                &["model"],
            ),
            Self::CostUsd => of(Kind::Counter, "agent_cost_usd_total", "USD spent.", &["model", "cost_type"]),
            Self::CostCents => of(
                Kind::Unknown,
                "agent_cost_total_cents",
                "US cents spent; the older name of agent_cost_usd_total, times 100.",
                &["model", "cost_type"],
            ),
        }
    }
}

impl Llm {
    pub(crate) fn new(
        settings: &Settings,
        prices: PriceTable,
        tool_cost: Arc<ToolCost>,
        faults: Arc<Faults>,
    ) -> Self {
        let cut = |bounds: &'static [f64], seed| if settings.seed_buckets { &bounds[..seed] } else { bounds };
        let shared = Shared {
            calls: CallShape::new(LLM.names, cut(&DURATION, SEED_DURATION), settings.duration_by_status),
            input: HistogramShape::whole_numbers(cut(&INPUT, SEED_INPUT)),
            output: HistogramShape::whole_numbers(cut(&OUTPUT, SEED_OUTPUT)),
            refused_usages: Row::new(1),
            faults,
        };
        let kept = if settings.cents { Family::ALL.len() } else { Family::ALL.len() - 1 };
        let table = Table::new(settings.models);
        // Names with a price hold their slots before any other turns up.
        for model in prices.models() {
            table.values.slot(model);
        }
        Self {
            infos: Family::ALL[..kept].iter().map(|family| family.info(&shared)).collect(),
            shared: Arc::new(shared),
            table,
            prices: Prices::new(prices),
            tool_cost,
        }
    }

    /// Puts other prices in force, for all models that have series and those that will.
    pub(crate) fn set_prices(&self, prices: PriceTable) {
        self.prices.replace(prices);
        let slots = 0..self.table.values.slots();
        slots.filter_map(|slot| Some((slot, self.table.get(slot)?))).for_each(|made| self.settle(made));
    }

    pub(crate) fn prices(&self) -> PriceTable {
        PriceTable::clone(&self.prices.now())
    }

    #[cold]
    fn make(&self, slot: usize) -> &LlmSeries {
        let prices = self.prices.now();
        let series = self.table.bundle(slot, |model| LlmSeries {
            calls: Row::new(self.shared.calls.words()),
            input: Row::new(1 + self.shared.input.bounds.buckets()),
            output: Row::new(1 + self.shared.output.bounds.buckets()),
            facts: Row::new(FACTS),
            price: PriceSlot::new(self.price(&prices, model).as_ref()),
            labels: render([("model", model)]),
            shared: self.shared.clone(),
        });
        // Who replaced the table before the series was there has not told it.
        if !self.prices.is(&prices) {
            self.settle((slot, series));
        }
        series
    }

    fn settle(&self, (slot, series): (usize, &LlmSeries)) {
        let model = self.table.values.name(slot).unwrap_or(OTHER);
        self.prices.settle(&series.price, |prices| self.price(prices, model));
    }

    /// What a table says of a model; it may run the user's code.
    fn price(&self, prices: &PriceTable, model: &str) -> Option<Price> {
        self.shared.faults.caught(|| prices.get(model)).flatten()
    }
}

impl Group<LlmSeries> for Llm {
    #[inline]
    fn slot(&self, value: &str) -> usize {
        let slot = self.table.values.slot(value);
        self.bundle(slot);
        slot
    }

    #[inline]
    fn bundle(&self, slot: usize) -> &LlmSeries {
        self.table.get(slot).unwrap_or_else(|| self.make(slot))
    }
}

impl Bundle for LlmSeries {
    fn group(families: &Families) -> &impl Group<Self> {
        &*families.llm
    }
}

impl Watched for LlmSeries {
    fn faults(&self) -> &Faults {
        &self.shared.faults
    }
}

impl LlmSeries {
    #[inline]
    pub(crate) fn start(&self, writer: Writer) {
        CallShape::start(writer, &self.calls, 0);
    }

    /// Ends a call. Without usage no tokens are observed: what is absent is not 0.
    #[inline(never)] // One copy for all tracked functions, its arguments in registers.
    pub(crate) fn end(&self, writer: Writer, status: Status, ticks: u64, usage_seen: bool) {
        if status == Status::Success && !usage_seen {
            self.facts.add(writer, USAGE_MISSING, 1);
        }
        self.shared.calls.end(writer, &self.calls, 0, LLM.place(status), ticks);
    }

    /// Adds what a call used. A usage with a number that no call can have is refused as a whole.
    pub(crate) fn add_usage(&self, usage: &Usage) {
        let audio = [usage.audio_input, usage.audio_output].into_iter().flatten().reduce(u64::saturating_add);
        let details = [usage.cache_read, usage.cache_write, usage.reasoning, audio];
        let mut numbers = [usage.input, usage.output].into_iter().chain(details).flatten();
        if numbers.any(|tokens| tokens > LARGEST_WHOLE) {
            self.shared.refused_usages.words(0).add(0, 1);
            return;
        }
        if let Some(tokens) = usage.input {
            self.shared.input.observe_whole(&self.input, tokens);
        }
        if let Some(tokens) = usage.output {
            self.shared.output.observe_whole(&self.output, tokens);
        }
        let facts = self.facts.words(0);
        if let Some(cost) = self.price.cost(usage) {
            facts.add_f64(INPUT_COST, cost.input);
            facts.add_f64(OUTPUT_COST, cost.output);
        } else {
            facts.add(UNPRICED_INPUT, usage.input.unwrap_or(0));
            facts.add(UNPRICED_OUTPUT, usage.output.unwrap_or(0));
        }
        for (place, tokens) in details.into_iter().enumerate() {
            facts.add(DETAILS + place, tokens.unwrap_or(0));
        }
    }

    fn show(&self, family: Family, visitor: &mut dyn Visitor) {
        let shared = &*self.shared;
        let labels = &*self.labels;
        let mut pair = |more: [&'static [_]; 2], values: [Number; 2]| {
            for (more, value) in more.into_iter().zip(values) {
                visitor.sample(Labels::with(labels, more), value);
            }
        };
        let whole = |word| Number::Integer(self.facts.read(word));
        match family {
            Family::Calls => shared.calls.show_ended(&self.calls, 0, labels, visitor),
            Family::Duration => shared.calls.show_durations(&self.calls, 0, labels, visitor),
            Family::InProgress => shared.calls.show_in_flight(&self.calls, 0, labels, visitor),
            Family::InputTokens => shared.input.show_row(&self.input, 0, Labels::of(labels), visitor),
            Family::OutputTokens => shared.output.show_row(&self.output, 0, Labels::of(labels), visitor),
            Family::Tokens => {
                pair([IN, OUT], [Number::Integer(self.input.read(0)), Number::Integer(self.output.read(0))]);
            }
            Family::Details => {
                for (place, kind) in DETAIL_KINDS.into_iter().enumerate() {
                    visitor.sample(Labels::with(labels, &[("kind", kind)]), whole(DETAILS + place));
                }
            }
            Family::Unpriced => {
                let tokens = [UNPRICED_INPUT, UNPRICED_OUTPUT].map(|word| self.facts.read(word));
                if !self.price.is_priced() || tokens != [0, 0] {
                    pair([IN, OUT], tokens.map(Number::Integer));
                }
            }
            Family::UsageMissing => visitor.sample(Labels::of(labels), whole(USAGE_MISSING)),
            // A model without a price has no cost, rather than one of 0, and the other way round; what
            // was counted before the prices were replaced stays.
            Family::CostUsd | Family::CostCents => {
                let usd = [INPUT_COST, OUTPUT_COST].map(|word| self.facts.read_f64(word));
                if self.price.is_priced() || usd.iter().any(|usd| *usd > 0.0) {
                    pair([INPUT_TYPE, OUTPUT_TYPE], usd.map(|usd| family.money(usd)));
                }
            }
        }
    }
}

impl Family {
    fn money(self, usd: f64) -> Number {
        Number::Float(if matches!(self, Self::CostCents) { usd * 100.0 } else { usd })
    }
}

impl Source for Llm {
    fn families(&self) -> &[FamilyInfo] {
        &self.infos
    }

    fn visit(&self, family: usize, visitor: &mut dyn Visitor) {
        let family = Family::ALL[family];
        for model in self.table.iter() {
            model.show(family, visitor);
        }
        if matches!(family, Family::CostUsd | Family::CostCents) {
            let usd = self.tool_cost.usd();
            visitor.sample(Labels::with(NO_MODEL, TOOL_TYPE), family.money(usd));
        }
    }

    fn interners(&self) -> Vec<(&str, &str, &Arc<Interner>)> {
        vec![("agent_llm_calls_total", "model", &self.table.values)]
    }

    fn refused(&self) -> Vec<(&str, u64)> {
        vec![
            ("agent_llm_tokens_total", self.shared.refused_usages.read(0)),
            ("agent_cost_usd_total", self.tool_cost.refused()),
        ]
    }
}
