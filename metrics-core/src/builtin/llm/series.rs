//! The series of one model.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use once_cell::race::OnceBox;

use super::attempts::{Attempt, Attempts};
use super::facts::CallFacts;
use super::family::{
    ANOMALY_KIND, DETAIL_KIND, DETAIL_KINDS, LlmFamily, MISSING_PART, MISSING_PARTS, MODEL, REASON,
    SERVED_MODEL,
};
use super::model::Model;
use super::served::ServedBy;
use super::shared::Shared;
use super::spent::Spent;
use crate::builtin::{BundlesByPoint, DimensionPoint, DimensionedBundle, Dimensions};
use crate::error::Fault;
use crate::faults::{FaultReporter, ReportsFaults};
use crate::label::{Labels, OTHER, RenderedLabels};
use crate::metric::{CallShape, HistogramCells, HistogramShape};
use crate::pricing::amount::is_valid_usd;
use crate::pricing::{Cost, ModelPrices, SoldAs};
use crate::sample::{Number, Visitor};
use crate::status::{LLM, Status};
use crate::storage::{self, CellRange, Cells, ShardHandle};
use crate::usage::{ANOMALIES, Anomalies, RateLimits, Usage};

/// The series of one model.
pub struct LlmSeries {
    calls: HistogramCells,
    input: HistogramCells,
    output: HistogramCells,
    /// Counts and costs of all calls, at the indices below.
    facts: CellRange,
    /// The two histograms of streamed calls, created with the first one.
    first_token: OnceBox<HistogramCells>,
    per_output_token: OnceBox<HistogramCells>,
    /// One count for each finish reason.
    finish: OnceBox<CellRange>,
    served: OnceBox<ServedBy>,
    attempts: Attempts,
    model: Arc<Model>,
    labels: RenderedLabels,
    points: BundlesByPoint<Self>,
    shared: Arc<Shared>,
}

/// Cells of [`LlmSeries::facts`].
const INPUT_COST: usize = 0;
const OUTPUT_COST: usize = 1;
const SAVINGS: usize = 2;
const UNPRICED_INPUT: usize = 3;
const UNPRICED_OUTPUT: usize = 4;
const USAGE_MISSING: usize = 5;
const ORPHANS: usize = USAGE_MISSING + MISSING_PARTS.len();
const OUTSIDE_TASKS: usize = ORPHANS + 1;
const DETAILS: usize = OUTSIDE_TASKS + 1;
const ANOMALY_COUNTS: usize = DETAILS + DETAIL_KINDS.len();
const FACTS: usize = ANOMALY_COUNTS + ANOMALIES.len();

const IN: &[(&str, &str)] = &[("direction", "input")];
const OUT: &[(&str, &str)] = &[("direction", "output")];
const INPUT_TYPE: &[(&str, &str)] = &[("cost_type", "input")];
const OUTPUT_TYPE: &[(&str, &str)] = &[("cost_type", "output")];

impl ReportsFaults for LlmSeries {
    fn faults(&self) -> &FaultReporter {
        &self.shared.faults
    }
}

impl DimensionedBundle for LlmSeries {
    fn dimensions(&self) -> &Arc<Dimensions> {
        &self.shared.dimensions
    }

    #[inline]
    fn points(&self) -> &BundlesByPoint<Self> {
        &self.points
    }

    fn create_at(&self, point: DimensionPoint) -> Self {
        Self::new(self.model.clone(), point, self.shared.clone())
    }
}

impl LlmSeries {
    pub(super) fn new(model: Arc<Model>, point: DimensionPoint, shared: Arc<Shared>) -> Self {
        Self {
            calls: HistogramCells::new(shared.calls.cells_per_series()),
            input: HistogramCells::new(shared.input.cells_per_series()),
            output: HistogramCells::new(shared.output.cells_per_series()),
            facts: CellRange::new(FACTS),
            first_token: OnceBox::new(),
            per_output_token: OnceBox::new(),
            finish: OnceBox::new(),
            served: OnceBox::new(),
            attempts: Attempts::default(),
            labels: shared.dimensions.render((MODEL.name, &model.name), point),
            points: BundlesByPoint::new(point, &shared.dimensions),
            model,
            shared,
        }
    }

    pub(super) fn prices(&self) -> &ModelPrices {
        &self.model.prices
    }

    #[inline]
    pub(crate) fn start(&self, writer: ShardHandle) {
        CallShape::start(writer, &self.calls, 0);
    }

    /// Ends a call and returns its tokens and cost. A call without usage observes no tokens, since absent usage is not 0.
    #[inline(never)] // One copy for all tracked functions, its arguments in registers.
    pub(crate) fn end(&self, writer: ShardHandle, status: Status, ticks: u64, facts: &CallFacts) -> Spent {
        let status = facts.status.unwrap_or(status);
        let served = self.count_served(&facts.served_model);
        let mut spent = Spent::default();
        if let Some(part) = facts.missing_part(status) {
            self.facts.add(writer, USAGE_MISSING + part as usize, 1);
        }
        if let Some(usage) = &facts.usage {
            let cost = |usage: &Usage| self.cost(usage, served, &facts.requested_model, facts.sold_as());
            spent = self.add_usage(writer, usage, cost, facts.cost_usd);
        } else if facts.cost_usd.is_some() {
            spent.usd = self.add_cost(writer, &Usage::default(), None, facts.cost_usd).usd;
        }
        if facts.refused_costs > 0 {
            self.shared.refused_costs.add(writer, 0, facts.refused_costs);
        }
        if !facts.finish.is_empty() {
            self.add_finish(&facts.finish);
        }
        if let Some(first) = facts.first_token {
            self.add_stream(first, ticks, facts);
        }
        if let Some(otel) = &self.shared.otel {
            otel.record_llm(&self.model.name, status, ticks, facts);
        }
        self.shared.calls.end(writer, &self.calls, 0, LLM.place(status), ticks);
        spent
    }

    /// Returns the value of the label `model`.
    pub(crate) fn model(&self) -> &str {
        &self.model.name
    }

    /// Returns the name of the requested model.
    pub(crate) fn requested<'a>(&'a self, facts: &'a CallFacts) -> &'a str {
        if facts.requested_model.is_empty() { &self.model.name } else { &facts.requested_model }
    }

    /// Returns whether these are the series of the models past the cap of the label, whose calls need the facts to tell
    /// the model.
    #[inline]
    pub(crate) fn is_other(&self) -> bool {
        self.model.is_other
    }

    /// Adds a cost that no task was charged with.
    #[cold]
    pub(crate) fn add_cost_outside_tasks(&self, usd: f64) {
        self.facts.cells(0).add_f64(OUTSIDE_TASKS, usd);
    }

    /// Returns the cost of a usage by the price of the model that served the call, or else of the requested model.
    #[inline]
    fn cost(&self, usage: &Usage, served: Served<'_>, requested: &str, sold_as: SoldAs<'_>) -> Option<Cost> {
        let shared = &self.shared;
        let by_served = match served {
            Served::Requested => None,
            Served::Listed(model, prices) => shared.cost(prices, model, sold_as, usage),
            Served::Unlisted(model) => shared.cost_by_name(model, sold_as, usage),
        };
        by_served.or_else(|| {
            if requested.is_empty() {
                shared.cost(&self.model.prices, &self.model.name, sold_as, usage)
            } else {
                shared.cost_by_name(requested, sold_as, usage)
            }
        })
    }

    /// Returns whether calls are also recorded under OpenTelemetry's names.
    #[inline]
    pub(crate) fn is_profiled(&self) -> bool {
        self.shared.otel.is_some()
    }

    /// Records an item of a stream that came `ticks` after the one before.
    #[cold]
    pub(crate) fn record_chunk(&self, ticks: u64, facts: &CallFacts) {
        if let Some(otel) = &self.shared.otel {
            otel.record_chunk(&self.model.name, ticks, facts);
        }
    }

    /// Counts a call whose usage or cost is left out, because a call directly inside it has recorded them.
    #[cold]
    pub(crate) fn add_nested_bill(&self) {
        self.add_anomalies(Anomalies::NESTED);
    }

    /// Counts a call outside of any task.
    #[cold]
    pub(crate) fn add_orphan(&self, writer: ShardHandle) {
        self.facts.add(writer, ORPHANS, 1);
    }

    /// Counts an attempt of a call, and returns the tokens and the cost of a failed one. The usage of a
    /// successful attempt is that of its call, which counts it.
    pub(crate) fn add_attempt(&self, attempt: &Attempt, requested: &str, sold_as: SoldAs<'_>) -> Spent {
        let (mut failed, writer) = (Spent::default(), storage::current_shard());
        if attempt.status != Status::Success {
            if let Some(usage) = &attempt.usage {
                let cost = |usage: &Usage| self.cost(usage, Served::Requested, requested, sold_as);
                failed = self.add_usage(writer, usage, cost, attempt.cost_usd);
            } else if attempt.cost_usd.is_some() {
                failed.usd = self.add_cost(writer, &Usage::default(), None, attempt.cost_usd).usd;
            }
        }
        if attempt.has_refused_cost {
            self.shared.refused_costs.add(writer, 0, 1);
        }
        self.attempts.add(attempt, failed);
        failed
    }

    /// Counts the usage of a successful request that is not the last one of its call, and returns its tokens and its cost.
    pub(crate) fn add_request(
        &self,
        (usage, reported): (Usage, Option<f64>),
        requested: &str,
        sold_as: SoldAs<'_>,
    ) -> Spent {
        let cost = |usage: &Usage| self.cost(usage, Served::Requested, requested, sold_as);
        self.add_usage(storage::current_shard(), &usage, cost, reported)
    }

    pub(crate) fn set_limits(&self, limits: RateLimits) {
        self.model.limits.set(limits);
    }

    fn add_usage(
        &self,
        writer: ShardHandle,
        usage: &Usage,
        cost: impl Fn(&Usage) -> Option<Cost>,
        reported: Option<f64>,
    ) -> Spent {
        if usage.is_sound() {
            return self.add_sound(writer, usage, cost(usage), reported);
        }
        let (usage, anomalies) = usage.checked();
        if !anomalies.is_empty() {
            self.add_anomalies(anomalies);
        }
        self.add_sound(writer, &usage, cost(&usage), reported)
    }

    fn add_sound(
        &self,
        writer: ShardHandle,
        usage: &Usage,
        priced: Option<Cost>,
        reported: Option<f64>,
    ) -> Spent {
        if let Some(tokens) = usage.input {
            self.shared.input.observe_integer(&self.input, tokens);
        }
        if let Some(tokens) = usage.output {
            self.shared.output.observe_integer(&self.output, tokens);
        }
        let facts = self.facts.in_shard(writer, 0);
        let audio = [usage.audio_input, usage.audio_output].into_iter().flatten().reduce(u64::saturating_add);
        let details = [usage.cache_read, usage.cache_write, usage.reasoning, audio];
        for (kind, tokens) in details.into_iter().enumerate() {
            if let Some(tokens) = tokens {
                facts.add(DETAILS + kind, tokens);
            }
        }
        Spent {
            input_tokens: usage.input.unwrap_or(0),
            output_tokens: usage.output.unwrap_or(0),
            cache_read_tokens: usage.cache_read.unwrap_or(0),
            ..self.add_cost(writer, usage, priced, reported)
        }
    }

    /// Adds a call's cost: the provider's bill, or else the cost by the price table. A cost that no call can have is refused
    /// and counted.
    fn add_cost(
        &self,
        writer: ShardHandle,
        usage: &Usage,
        priced: Option<Cost>,
        reported: Option<f64>,
    ) -> Spent {
        let facts = self.facts.in_shard(writer, 0);
        // Fees are shown with the input.
        let by_price = priced.map(|cost| (cost.input + cost.fees, cost.output));
        let split = match reported {
            Some(usd) => {
                let input = usd * input_share(usage, by_price);
                Some((input, usd - input))
            }
            None => by_price,
        };
        let mut spent = Spent::default();
        match split {
            Some((input, output)) if is_valid_usd(input + output) => {
                spent.usd = input + output;
                facts.add_f64(INPUT_COST, input);
                facts.add_f64(OUTPUT_COST, output);
            }
            Some(_) => self.shared.refused_costs.add(writer, 0, 1),
            None => {
                let (input, output) = (usage.input.unwrap_or(0), usage.output.unwrap_or(0));
                spent.is_unpriced = input > 0 || output > 0;
                facts.add(UNPRICED_INPUT, input);
                facts.add(UNPRICED_OUTPUT, output);
            }
        }
        if let Some(cost) = priced.filter(|cost| is_valid_usd(cost.savings)) {
            facts.add_f64(SAVINGS, cost.savings);
        }
        spent
    }

    /// Counts a call that another model answered, and returns the price to bill it by.
    fn count_served<'a>(&'a self, served: &'a str) -> Served<'a> {
        if served.is_empty() || *served == *self.model.name {
            return Served::Requested;
        }
        let models = &self.shared.served;
        let slot = models.names.slot(served);
        self.served.get_or_init(|| Box::new(ServedBy::new(models))).count(slot).cells(0).add(0, 1);
        let mut looked_up = None;
        let found = models.prices_of(slot, |model| {
            let table = looked_up.insert(self.shared.prices.now());
            self.shared.quote(table, model, SoldAs::STANDARD)
        });
        let Some((model, prices)) = found else { return Served::Unlisted(served) };
        // The table may have been replaced before its price was found among those of the served models.
        if looked_up.is_some_and(|table| !self.shared.prices.is(&table)) {
            self.shared.refresh_all(prices, model);
        }
        Served::Listed(model, prices)
    }

    fn add_finish(&self, reason: &str) {
        let reasons = &self.shared.reasons;
        let slot = reasons.slot(reason);
        self.finish.get_or_init(|| Box::new(CellRange::new(reasons.slots()))).cells(0).add(slot, 1);
    }

    fn add_stream(&self, first: u64, ticks: u64, facts: &CallFacts) {
        let observe = |shape: &HistogramShape, cells: &OnceBox<HistogramCells>, ticks| {
            shape.observe_ticks(
                cells.get_or_init(|| Box::new(HistogramCells::new(shape.cells_per_series()))),
                ticks,
            );
        };
        observe(&self.shared.first_token, &self.first_token, first);
        // OpenTelemetry defines the time per output token as (duration - time to first token) / (output tokens - 1).
        let tokens = facts.usage.and_then(|usage| usage.output).unwrap_or(0);
        if tokens > 1 {
            let per_token = ticks.saturating_sub(first) / (tokens - 1);
            observe(&self.shared.per_output_token, &self.per_output_token, per_token);
        }
    }

    #[cold]
    fn add_anomalies(&self, anomalies: Anomalies) {
        for kind in anomalies.iter() {
            self.facts.cells(ANOMALY_COUNTS).add(kind, 1);
            // Of several threads only the one that sets the bit reports the anomaly.
            let reported = self.model.reported_anomalies.fetch_or(1 << kind, Ordering::Relaxed);
            if reported & (1 << kind) == 0 {
                let (model, kind) = (self.model.name.to_string(), ANOMALIES[kind]);
                self.shared.faults.report(&Fault::UsageAnomaly { model, kind });
            }
        }
    }

    pub(super) fn show(&self, family: LlmFamily, visitor: &mut dyn Visitor) {
        let shared = &*self.shared;
        let labels = &self.labels;
        let mut pair = |more: [&'static [_]; 2], values: [Number; 2]| {
            for (more, value) in more.into_iter().zip(values) {
                visitor.sample(Labels::with(labels, more), value);
            }
        };
        let whole = |cell| Number::Integer(self.facts.read(cell));
        match family {
            LlmFamily::Ended => shared.calls.show_ended(&self.calls, 0, labels, visitor),
            LlmFamily::Duration => shared.calls.show_durations(&self.calls, 0, labels, visitor),
            LlmFamily::InProgress => shared.calls.show_in_flight(&self.calls, 0, labels, visitor),
            LlmFamily::InputTokens => shared.input.show_at(&self.input, 0, Labels::new(labels), visitor),
            LlmFamily::OutputTokens => shared.output.show_at(&self.output, 0, Labels::new(labels), visitor),
            LlmFamily::Tokens => {
                pair([IN, OUT], [Number::Integer(self.input.read(0)), Number::Integer(self.output.read(0))]);
            }
            LlmFamily::Details => {
                for (at, kind) in DETAIL_KINDS.into_iter().enumerate() {
                    visitor.sample(Labels::with(labels, &[(DETAIL_KIND.name, kind)]), whole(DETAILS + at));
                }
            }
            LlmFamily::Unpriced => {
                let tokens = [UNPRICED_INPUT, UNPRICED_OUTPUT].map(|cell| self.facts.read(cell));
                if !self.model.prices.is_priced() || tokens != [0, 0] {
                    pair([IN, OUT], tokens.map(Number::Integer));
                }
            }
            LlmFamily::UsageMissing => {
                for (at, part) in MISSING_PARTS.into_iter().enumerate() {
                    visitor.sample(
                        Labels::with(labels, &[(MISSING_PART.name, part)]),
                        whole(USAGE_MISSING + at),
                    );
                }
            }
            LlmFamily::OutsideTasks => {
                visitor.sample(Labels::new(labels), Number::Float(self.facts.read_f64(OUTSIDE_TASKS)));
            }
            LlmFamily::Orphans => visitor.sample(Labels::new(labels), whole(ORPHANS)),
            LlmFamily::UsageAnomalies => {
                for (at, kind) in ANOMALIES.into_iter().enumerate() {
                    visitor.sample(
                        Labels::with(labels, &[(ANOMALY_KIND.name, kind)]),
                        whole(ANOMALY_COUNTS + at),
                    );
                }
            }
            LlmFamily::Finish => self.show_finish(visitor),
            LlmFamily::Attempts => self.attempts.show_outcomes(labels, visitor),
            LlmFamily::RetryWait => self.attempts.show_wait(labels, visitor),
            LlmFamily::FailedAttemptCost => self.attempts.show_failed_cost(labels, visitor),
            // The limits belong to the model, not to one of its dimension points.
            LlmFamily::RateLimits if self.points.point() == DimensionPoint::default() => {
                self.model.limits.show(&self.model.name, visitor);
            }
            LlmFamily::ServedModel => self.show_served(visitor),
            LlmFamily::FirstToken => self.show_times(&shared.first_token, &self.first_token, visitor),
            LlmFamily::PerOutputToken => {
                self.show_times(&shared.per_output_token, &self.per_output_token, visitor);
            }
            LlmFamily::CacheSavings if self.model.prices.is_priced() => {
                visitor.sample(Labels::new(labels), Number::Float(self.facts.read_f64(SAVINGS)));
            }
            // A model without a price has no cost series, since its cost is unknown and not 0. An amount that was counted
            // before the prices were replaced is still shown.
            LlmFamily::CostUsd | LlmFamily::CostCents => {
                let usd = [INPUT_COST, OUTPUT_COST].map(|cell| self.facts.read_f64(cell));
                if self.model.prices.is_priced() || usd.iter().any(|usd| *usd > 0.0) {
                    pair([INPUT_TYPE, OUTPUT_TYPE], usd.map(|usd| money(family, usd)));
                }
            }
            LlmFamily::RateLimits
            | LlmFamily::CacheSavings
            | LlmFamily::PriceTable
            | LlmFamily::PriceTableTime => {}
        }
    }

    fn show_times(&self, shape: &HistogramShape, cells: &OnceBox<HistogramCells>, visitor: &mut dyn Visitor) {
        if let Some(cells) = cells.get() {
            shape.show_at(cells, 0, Labels::new(&self.labels), visitor);
        }
    }

    fn show_finish(&self, visitor: &mut dyn Visitor) {
        let Some(counts) = self.finish.get() else { return };
        let reasons = &self.shared.reasons;
        for slot in 0..reasons.slots() {
            let count = counts.read(slot);
            if count > 0 {
                let reason = reasons.name(slot).unwrap_or(OTHER);
                visitor.sample(Labels::new(&self.labels.with(REASON.name, reason)), Number::Integer(count));
            }
        }
    }

    fn show_served(&self, visitor: &mut dyn Visitor) {
        for (slot, count) in self.served.get().into_iter().flat_map(ServedBy::iter) {
            let served = self.shared.served.names.name(slot).unwrap_or(OTHER);
            let labels = self.labels.with(SERVED_MODEL.name, served);
            visitor.sample(Labels::new(&labels), Number::Integer(count.read(0)));
        }
    }
}

/// The model that served a call.
#[derive(Clone, Copy)]
enum Served<'a> {
    /// The requested one.
    Requested,
    /// Another one, by its name and prices.
    Listed(&'a str, &'a ModelPrices),
    /// Another one that is past the cap of the label, by its name.
    Unlisted(&'a str),
}

/// Returns the share of a call's cost that its input has: by the price table, or else by the number of tokens.
fn input_share(usage: &Usage, priced: Option<(f64, f64)>) -> f64 {
    let tokens = || (usage.input.unwrap_or(0) as f64, usage.output.unwrap_or(0) as f64);
    let (input, output) = priced.filter(|(input, output)| input + output > 0.0).unwrap_or_else(tokens);
    if input + output > 0.0 { input / (input + output) } else { 1.0 }
}

/// Returns an amount in the unit of a cost family.
pub(super) fn money(family: LlmFamily, usd: f64) -> Number {
    Number::Float(if family == LlmFamily::CostCents { usd * 100.0 } else { usd })
}

impl std::fmt::Debug for LlmSeries {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LlmSeries")
            .field("model", &self.model.name)
            .field("point", &self.points.point())
            .finish_non_exhaustive()
    }
}
