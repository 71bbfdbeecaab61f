//! What is said of one call of a model, by its response, its body or whoever records it.

use std::sync::Arc;

use super::{Attempt, LlmSeries};
use crate::builtin::{Bundle as _, DimensionPoint, DimensionValue, Dimensions, otel};
use crate::faults::ReportsFaults as _;
use crate::recorder::held::{BundleHandle, HoldsBundle};
use crate::sample::is_valid_amount;
use crate::status::Status;
use crate::storage::ShardHandle;
use crate::usage::{RateLimits, TokenUsage, Usage};

/// What is known of a call besides its status and its duration.
#[derive(Default)]
pub struct CallFacts {
    /// Where the call records.
    series: Option<BundleHandle<LlmSeries>>,
    pub(crate) usage: Option<Usage>,
    /// The model that answered; empty if nobody said.
    pub(crate) served_model: String,
    /// Why it stopped; empty if nobody said.
    pub(crate) finish: String,
    /// What the provider says that it cost.
    pub(crate) cost_usd: Option<f64>,
    /// How it ended, where somebody knows better than the result's type.
    pub(crate) status: Option<Status>,
    /// Ticks from the start to the first item of a stream.
    pub(crate) first_token: Option<u64>,
    /// Whose model it is and what it was asked for; empty if nobody said.
    provider: String,
    operation: String,
    /// Where in the dimensions the attribute says that it is, until it starts.
    own: DimensionPoint,
    /// Ticks from the start to the last item of a stream, if that is measured.
    last_chunk: Option<u64>,
    /// What attempts that failed used: it is counted already, but not in a ledger.
    lost: Spent,
    /// Whether an attempt told what it used.
    pub(super) attempt_told: bool,
}

impl CallFacts {
    /// Takes what a response tells: its usage, the model that answered, why it stopped. A later saying
    /// replaces an earlier one; what a response doesn't tell stays, each number of the usage by itself.
    pub fn set_response(&mut self, response: &(impl TokenUsage + ?Sized)) {
        self.set_all(response.token_usage(), response.served_model(), response.finish_reason());
    }

    /// Of a call that used this.
    pub(crate) fn of(usage: Option<Usage>) -> Self {
        Self { usage, ..Self::default() }
    }

    pub(crate) fn set_all(&mut self, usage: Option<Usage>, served: Option<&str>, finish: Option<&str>) {
        self.usage = usage.map(|usage| usage.merged_with_earlier(self.usage)).or(self.usage);
        if let Some(model) = served {
            self.set_model(model);
        }
        if let Some(reason) = finish {
            self.set_finish(reason);
        }
    }

    /// Says which model answered. Where that is another than the one that was asked, it is counted in
    /// `agent_llm_served_model_total`, and its price holds, if it has one.
    pub fn set_model(&mut self, served_model: &str) {
        served_model.clone_into(&mut self.served_model);
    }

    /// Says why the model stopped, in its provider's words (`stop`, `max_tokens`, ..), for
    /// `agent_llm_finish_total`.
    pub fn set_finish(&mut self, reason: &str) {
        reason.clone_into(&mut self.finish);
    }

    /// Says what the provider billed in USD, which wins over our own prices. It is told apart by input
    /// and output as our prices would, else by tokens. An amount that is negative or not a number is ignored.
    pub fn set_cost_usd(&mut self, usd: f64) {
        self.cost_usd = Some(usd).filter(|usd| is_valid_amount(*usd));
    }

    /// Says how the call ended, where its result's type says otherwise or nothing.
    pub fn set_status(&mut self, status: Status) {
        self.status = Some(status);
    }

    /// Counts an attempt of the call; see [`Attempt`]. Of several that succeeded, the last says what the call used.
    pub fn add_attempt(&mut self, attempt: Attempt) {
        let Some(series) = &self.series else { return };
        let lost = series.add_attempt(&attempt);
        self.lost.add(lost);
        self.note_attempt(&attempt);
    }

    /// Takes from an attempt that is counted already what it says of the call.
    pub(crate) fn note_attempt(&mut self, attempt: &Attempt) {
        self.attempt_told |= attempt.usage.is_some();
        if attempt.status == Status::Success {
            self.usage = attempt.usage.or(self.usage);
            self.cost_usd = attempt.cost_usd.or(self.cost_usd);
        }
    }

    /// Whether it is an inference, as the conventions of OpenTelemetry have it.
    pub(crate) fn infers(&self) -> bool {
        self.operation.is_empty() || otel::infers(&self.operation)
    }

    /// What attempts that failed used, to be added to the ledger.
    #[inline]
    pub(crate) fn take_lost(&mut self) -> Option<Spent> {
        (self.lost != Spent::default()).then(|| std::mem::take(&mut self.lost))
    }

    /// Says whose model it is, in OpenTelemetry's words (`openai`, `gcp.gemini`, ..), where the attribute can't.
    pub fn set_provider(&mut self, provider: &str) {
        provider.clone_into(&mut self.provider);
    }

    /// Says what the model was asked for, in OpenTelemetry's words (`chat`, `embeddings`, ..), where the attribute can't.
    pub fn set_operation(&mut self, operation: &str) {
        operation.clone_into(&mut self.operation);
    }

    /// Says what is left of the provider's rate limits, for `agent_llm_ratelimit_remaining`. What isn't known
    /// stays as it was; what was told more than five minutes ago is no longer shown.
    pub fn set_rate_limits(&mut self, limits: RateLimits) {
        if let Some(series) = &self.series {
            series.set_limits(limits);
        }
    }

    pub(crate) fn set_series(&mut self, series: BundleHandle<LlmSeries>) {
        self.series = Some(series);
    }

    /// Where the call records, to be used beside the facts.
    pub(crate) fn series(&self) -> Option<BundleHandle<LlmSeries>> {
        self.series.as_ref().map(HoldsBundle::keep)
    }

    pub(crate) fn set_first_token(&mut self, ticks: u64) {
        self.first_token = Some(ticks);
        if self.series.as_ref().is_some_and(|series| series.is_profiled()) {
            self.last_chunk = Some(ticks);
        }
    }

    /// Whether the time between items is measured.
    #[inline]
    pub(crate) fn times_chunks(&self) -> bool {
        self.last_chunk.is_some()
    }

    /// An item came, so long after the start.
    pub(crate) fn note_chunk(&mut self, ticks: u64) {
        if let (Some(last), Some(series)) = (self.last_chunk, &self.series) {
            series.record_chunk(ticks.saturating_sub(last), self);
            self.last_chunk = Some(ticks);
        }
    }

    pub(crate) fn set_own(&mut self, values: &[DimensionValue]) {
        if let Some(series) = &self.series {
            self.own = series.dimensions().point(values, series.faults());
        }
    }

    /// The call starts: it goes to where it is in the dimensions.
    pub(crate) fn place(&mut self, around: impl FnOnce(&Arc<Dimensions>) -> DimensionPoint) {
        if let Some(series) = &mut self.series {
            series.place_over(self.own, around);
        }
    }

    /// Where the call records.
    #[inline]
    pub(crate) fn series_ref(&self) -> Option<&LlmSeries> {
        self.series.as_deref()
    }

    /// Whose model it is, and what it was asked for.
    pub(crate) fn asked(&self) -> (Option<&str>, Option<&str>) {
        let known = |text: &'_ String| !text.is_empty();
        (
            Some(&self.provider).filter(|text| known(text)).map(String::as_str),
            Some(&self.operation).filter(|text| known(text)).map(String::as_str),
        )
    }

    /// Ends the call.
    pub(crate) fn record(&self, writer: ShardHandle, status: Status, ticks: u64) -> Spent {
        let mut spent = self.lost;
        if let Some(series) = &self.series {
            spent.add(series.end(writer, status, ticks, self));
        }
        spent
    }

    /// Forgets all, and keeps the memory of its texts.
    pub(crate) fn clear(&mut self) {
        let cleared = |text: &mut String| {
            text.clear();
            std::mem::take(text)
        };
        let (served_model, finish) = (cleared(&mut self.served_model), cleared(&mut self.finish));
        let (provider, operation) = (cleared(&mut self.provider), cleared(&mut self.operation));
        *self = Self { served_model, finish, provider, operation, ..Self::default() };
    }
}

/// What one call of a model used.
#[derive(Clone, Copy, PartialEq, Default)]
pub(crate) struct Spent {
    pub(crate) input_tokens: u64,
    pub(crate) output_tokens: u64,
    pub(crate) cache_read_tokens: u64,
    pub(crate) usd: f64,
}

impl Spent {
    fn add(&mut self, more: Self) {
        self.input_tokens = self.input_tokens.saturating_add(more.input_tokens);
        self.output_tokens = self.output_tokens.saturating_add(more.output_tokens);
        self.cache_read_tokens = self.cache_read_tokens.saturating_add(more.cache_read_tokens);
        self.usd += more.usd;
    }
}
