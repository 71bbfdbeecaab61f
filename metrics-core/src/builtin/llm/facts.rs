//! The facts reported about one LLM call, as data.

use super::attempts::Attempt;
use crate::builtin::otel::infers;
use crate::label::OTHER;
use crate::pricing::SoldAs;
use crate::pricing::amount::is_valid_usd;
use crate::status::Status;
use crate::usage::{ServiceTier, TokenUsage, Usage};

/// The facts reported about one LLM call: its usage, the model that served it, why the model stopped, what the
/// provider billed.
///
/// A later report replaces an earlier one. The facts are recorded when the call ends.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct CallFacts {
    pub(crate) usage: Option<Usage>,
    /// The requested model, if its label value is `__other__`; otherwise empty.
    pub(crate) requested_model: String,
    /// The served model; empty if none was reported.
    pub(crate) served_model: String,
    /// The finish reason; empty if none was reported.
    pub(crate) finish: String,
    /// The cost in USD as the provider billed it.
    pub(crate) cost_usd: Option<f64>,
    /// The number of reported costs that no call can have.
    pub(super) refused_costs: u64,
    /// The reported status, which replaces the status of the result.
    pub(crate) status: Option<Status>,
    /// Ticks from the start to the first item of a stream.
    pub(crate) first_token: Option<u64>,
    /// The provider of the model; empty if none was reported.
    provider: String,
    /// The requested operation; empty if none was reported.
    operation: String,
    /// The service tier that the response reports.
    service_tier: ServiceTier,
    /// True once an attempt has reported a usage.
    pub(super) has_attempt_usage: bool,
    /// True once a successful attempt has reported a usage.
    has_billed_attempt: bool,
    /// The state of other LLM calls directly inside this one.
    inside: CallInside,
}

/// The state of the calls directly inside a call.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
enum CallInside {
    #[default]
    None,
    /// A call has begun.
    Begun,
    /// A call has recorded a usage or a cost.
    Billed,
}

/// The part of a call's usage that is unknown. The value is the index in [`MISSING_PARTS`](super::family::MISSING_PARTS).
#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) enum MissingPart {
    Input,
    Output,
    All,
}

impl CallFacts {
    /// The facts of a call of which only the usage is known.
    pub(crate) fn with_usage(usage: Option<Usage>) -> Self {
        Self { usage, ..Self::default() }
    }

    /// Takes the usage, the served model, the finish reason, the service tier and the provider's bill from a response. What
    /// the response doesn't report keeps its earlier value, separately for each number of the usage.
    pub fn set_response(&mut self, response: &(impl TokenUsage + ?Sized)) {
        self.update(response.token_usage(), response.served_model(), response.finish_reason());
        if let Some(tier) = response.service_tier() {
            self.set_service_tier(tier);
        }
        if let Some(usd) = response.cost_usd() {
            self.set_reported_cost(usd);
        }
    }

    /// Replaces those facts that are given.
    pub(crate) fn update(&mut self, usage: Option<Usage>, served: Option<&str>, finish: Option<&str>) {
        self.usage = usage.map(|usage| usage.merged_with_earlier(self.usage)).or(self.usage);
        if let Some(model) = served {
            self.set_model(model);
        }
        if let Some(reason) = finish {
            self.set_finish(reason);
        }
    }

    /// Sets the served model. A served model other than the requested one is counted in
    /// `agent_llm_served_model_total`, and its price is used if it has one.
    pub fn set_model(&mut self, served_model: &str) {
        served_model.clone_into(&mut self.served_model);
    }

    /// Sets the finish reason, in the provider's words (`stop`, `max_tokens`, ..), for `agent_llm_finish_total`.
    pub fn set_finish(&mut self, reason: &str) {
        reason.clone_into(&mut self.finish);
    }

    /// Sets the cost in USD as the provider billed it. It replaces the cost computed from the price table. Its split
    /// into input and output follows the price table, or the token counts for a model without a price. An amount that is
    /// negative, not a number or over a million is refused, and counted in `agent_metrics_refused_observations_total`.
    pub fn set_cost_usd(&mut self, usd: f64) {
        if is_valid_usd(usd) {
            self.cost_usd = Some(usd);
        } else {
            self.refused_costs += 1;
        }
    }

    /// Sets the cost that a response reports. A later event of a stream that reports 0 doesn't replace an earlier amount.
    pub(crate) fn set_reported_cost(&mut self, usd: f64) {
        if usd > 0.0 || self.cost_usd.is_none() {
            self.set_cost_usd(usd);
        }
    }

    /// Returns true if the call or a call directly inside it has a usage or a cost.
    pub(crate) fn is_billed(&self) -> bool {
        self.inside == CallInside::Billed || self.usage.is_some() || self.cost_usd.is_some()
    }

    /// Returns true if two calls have the same operation, which is `chat` where none was reported.
    pub(crate) fn has_operation_of(&self, other: &Self) -> bool {
        let is_chat = |operation: &str| operation.is_empty() || operation == "chat";
        self.operation == other.operation || is_chat(&self.operation) && is_chat(&other.operation)
    }

    /// Notes that another call has begun directly inside this one.
    pub(crate) fn note_call_inside(&mut self) {
        if self.inside == CallInside::None {
            self.inside = CallInside::Begun;
        }
    }

    /// Notes that a call directly inside this one has recorded a usage or a cost.
    pub(crate) fn note_bill_inside(&mut self) {
        self.inside = CallInside::Billed;
    }

    /// Removes the usage and the cost that a call directly inside this one has recorded. Returns true if there were any.
    pub(crate) fn drop_bill_of_call_inside(&mut self) -> bool {
        if self.inside != CallInside::Billed {
            return false;
        }
        let (usage, cost_usd) = (self.usage.take(), self.cost_usd.take());
        usage.is_some() || cost_usd.is_some()
    }

    /// Returns the part of the usage that is unknown, if the provider has processed the call or may have: input or output
    /// alone, or all of it.
    pub(crate) fn missing_part(&self, status: Status) -> Option<MissingPart> {
        let Some(usage) = &self.usage else {
            // The request of a call that was given up has been sent, most likely. A stream that broke off has begun. An
            // attempt may have reported the usage already.
            let given_up =
                matches!(status, Status::Timeout | Status::Cancelled) || self.first_token.is_some();
            let is_missing = status == Status::Success || given_up && !self.has_attempt_usage;
            // The call inside counts what it lacks itself.
            return (is_missing && self.inside == CallInside::None).then_some(MissingPart::All);
        };
        match (usage.input, usage.output) {
            (None, None) if usage.audio_seconds.is_some() => None,
            (None, None) => Some(MissingPart::All),
            (None, Some(_)) => Some(MissingPart::Input),
            (Some(_), None) => Some(MissingPart::Output),
            (Some(_), Some(_)) => usage.is_incomplete().then_some(MissingPart::Output),
        }
    }

    /// Sets the status of the call, in place of the status of its result.
    pub fn set_status(&mut self, status: Status) {
        self.status = Some(status);
    }

    /// Sets the provider of the model by its OpenTelemetry name (`openai`, `gcp.gemini`, ..), where the attribute
    /// doesn't name it. It decides the price of a model that several providers sell; see
    /// [`PriceTable::bundled`](crate::PriceTable::bundled).
    pub fn set_provider(&mut self, provider: &str) {
        provider.clone_into(&mut self.provider);
    }

    /// Sets the service tier, whose price is used if the model has one for it. The tier that a response reports replaces
    /// the requested one.
    pub fn set_service_tier(&mut self, tier: ServiceTier) {
        self.service_tier = tier;
    }

    /// Returns what decides the price of the call together with the model.
    #[inline]
    pub(crate) fn sold_as(&self) -> SoldAs<'_> {
        SoldAs { provider: &self.provider, tier: self.service_tier }
    }

    /// Sets the requested operation by its OpenTelemetry name (`chat`, `embeddings`, ..), where the attribute doesn't
    /// name it.
    pub fn set_operation(&mut self, operation: &str) {
        operation.clone_into(&mut self.operation);
    }

    /// Returns the usage and the bill of the successful attempt before `attempt`, if both are requests that the provider
    /// bills. They are replaced by those of `attempt`, and so must be counted before.
    pub(crate) fn earlier_request(&self, attempt: &Attempt) -> Option<(Usage, Option<f64>)> {
        let usage = self.usage.filter(|_| self.has_billed_attempt && attempt.is_billed())?;
        Some((usage, self.cost_usd))
    }

    /// Takes the facts of the call from an attempt that has been counted.
    pub(crate) fn note_attempt(&mut self, attempt: &Attempt) {
        self.has_attempt_usage |= attempt.usage.is_some();
        if attempt.status != Status::Success {
            return;
        }
        self.usage = attempt.usage.or(self.usage);
        if self.has_billed_attempt && attempt.is_billed() {
            self.cost_usd = attempt.cost_usd;
        } else {
            self.cost_usd = attempt.cost_usd.or(self.cost_usd);
        }
        self.has_billed_attempt |= attempt.is_billed();
    }

    /// Returns true for an inference in the sense of OpenTelemetry's conventions.
    pub(crate) fn is_inference(&self) -> bool {
        self.operation.is_empty() || infers(&self.operation)
    }

    /// Returns the provider and the operation, where they were reported.
    pub(crate) fn provider_and_operation(&self) -> (Option<&str>, Option<&str>) {
        let reported = |text: &'_ String| !text.is_empty();
        (
            Some(&self.provider).filter(|text| reported(text)).map(String::as_str),
            Some(&self.operation).filter(|text| reported(text)).map(String::as_str),
        )
    }

    /// Sets the requested model of a call whose label value is `__other__`.
    pub(crate) fn set_requested(&mut self, model: &str) {
        if model != OTHER {
            model.clone_into(&mut self.requested_model);
        }
    }

    /// Removes all facts and keeps the memory of short texts.
    pub(crate) fn clear(&mut self) {
        let cleared = |text: &mut String| {
            let mut text = std::mem::take(text);
            if text.capacity() > MAX_KEPT {
                return String::new();
            }
            text.clear();
            text
        };
        let (served_model, finish) = (cleared(&mut self.served_model), cleared(&mut self.finish));
        let (provider, operation) = (cleared(&mut self.provider), cleared(&mut self.operation));
        let requested_model = cleared(&mut self.requested_model);
        *self = Self { requested_model, served_model, finish, provider, operation, ..Self::default() };
    }
}

/// The length in bytes up to which the memory of a text is kept for the next call.
const MAX_KEPT: usize = 256;
