//! LLM calls.

#[cfg(feature = "tower")]
use std::time::Duration;

use super::call::{CallRecorder, Elapsed, guard};
use super::facts::{LiveFacts, PooledFacts, begin_inside, with_current};
use super::held::{BundleHandle, HoldsBundle, WithDimensions};
use super::ledger;
use super::reader::{ReadBy, Reader};
use super::scope;
use super::{CallLabel, Scope, Site};
use crate::builtin::{Attempt, DimensionValue, LabelText, LlmSeries};
use crate::faults::ReportsFaults;
use crate::instance::AgentMetrics;
use crate::pricing::SoldAs;
use crate::status::Status;
use crate::storage::ShardHandle;
use crate::usage::{RateLimits, ServiceTier, TokenUsage};

/// One LLM call.
pub struct LlmCall<H = BundleHandle<LlmSeries>>(Stage<H>);

enum Stage<H> {
    New(H),
    /// Holds the facts, which have the series, while the call waits. While its body runs, it holds the facts of the
    /// enclosing call. A call with facts that are known before it starts begins here: the provider and the operation where
    /// there are profiles, and the name of a model whose label value is `__other__`.
    Begun(PooledFacts),
}

impl LlmCall {
    pub(crate) fn by_hand(metrics: &AgentMetrics, model: &str) -> Self {
        let series: BundleHandle<LlmSeries> = scope::held(metrics, LabelText::AtRuntime(model));
        Self(if series.is_other() { of_other_model(&series, model) } else { Stage::New(series) })
    }
}

impl<H> LlmCall<H> {
    /// Returns the facts of a call whose body is not running.
    #[inline]
    fn facts(&mut self) -> &mut LiveFacts {
        if let Stage::New(_) = self.0 {
            self.0 = Stage::Begun(PooledFacts::default());
        }
        match &mut self.0 {
            Stage::Begun(facts) => facts.get_mut(),
            Stage::New(_) => unreachable!("the stage was set to `Begun` above"),
        }
    }
}

impl<H: HoldsBundle<LlmSeries>> LlmCall<H> {
    /// Sets the dimension values of the call.
    pub fn in_dimensions(self, values: &[DimensionValue]) -> LlmCall<WithDimensions<H>> {
        LlmCall(match self.0 {
            Stage::New(series) => Stage::New(WithDimensions::new(series, values)),
            Stage::Begun(mut facts) => {
                facts.get_mut().set_own(values);
                Stage::Begun(facts)
            }
        })
    }

    /// Sets the provider of the model.
    pub fn with_provider(mut self, provider: &(impl AsRef<str> + ?Sized)) -> Self {
        self.begun().set_provider(provider.as_ref());
        self
    }

    /// Sets the operation.
    pub fn with_operation(mut self, operation: &(impl AsRef<str> + ?Sized)) -> Self {
        self.begun().set_operation(operation.as_ref());
        self
    }

    /// Returns the facts of a call that has not started.
    fn begun(&mut self) -> &mut LiveFacts {
        if let Stage::New(series) = &self.0 {
            self.0 = Stage::Begun(PooledFacts::take(series.keep()));
        }
        self.facts()
    }
}

/// Creates the call of a tracked function.
#[inline]
pub fn llm<M: Scope>(
    site: &'static Site,
    metrics: M,
    label: CallLabel<'_>,
) -> LlmCall<M::BundleHandle<LlmSeries>> {
    let series = metrics.hold(site, &site.llm, label);
    let mut stage =
        if series.is_other() { of_other_model(&series, label.text()) } else { Stage::New(series) };
    if let Stage::New(series) = &stage
        && (series.is_profiled() || site.is_described())
    {
        stage = Stage::Begun(PooledFacts::take(series.keep()));
    }
    if let Stage::Begun(facts) = &mut stage {
        describe(facts.get_mut(), site);
    }
    LlmCall(stage)
}

/// Creates a call of a model whose label value is `__other__`. Its name is kept among its facts.
#[cold]
fn of_other_model<H: HoldsBundle<LlmSeries>>(series: &H, model: &str) -> Stage<H> {
    let mut facts = PooledFacts::take(series.keep());
    facts.get_mut().set_requested(model);
    Stage::Begun(facts)
}

/// Keeps the provider and the operation of a function among the facts of its call, so that the future doesn't grow.
#[inline(never)]
fn describe(facts: &mut LiveFacts, site: &'static Site) {
    let (provider, operation) = site.model();
    facts.set_provider(provider.unwrap_or_default());
    facts.set_operation(operation.unwrap_or_default());
}

impl<H: HoldsBundle<LlmSeries>> CallRecorder for LlmCall<H> {
    #[inline]
    fn start(&mut self, writer: ShardHandle) {
        if let Stage::New(series) = &mut self.0 {
            series.place(ledger::point);
            self.0 = Stage::Begun(PooledFacts::take(series.keep()));
        } else {
            self.facts().place(ledger::point);
        }
        let facts = &*self.facts();
        if let Some(series) = facts.series_ref() {
            series.start(writer);
            // A call directly inside another one is the same step of the task.
            if begin_inside(series, facts) {
                return;
            }
            if !ledger::add_llm_call() {
                series.add_orphan(writer);
            }
            if series.is_profiled() && facts.is_inference() {
                ledger::add_inference();
            }
        }
    }

    #[inline]
    fn enter(&mut self) {
        if let Stage::Begun(facts) = &mut self.0 {
            facts.enter();
        }
    }

    #[inline]
    fn leave(&mut self) {
        if let Stage::Begun(facts) = &mut self.0 {
            facts.swap();
        }
    }

    #[inline]
    fn begin_stream(&mut self, elapsed: Elapsed) {
        self.facts().set_first_token(elapsed.ticks());
    }

    #[inline]
    fn times_items(&mut self) -> bool {
        self.facts().times_chunks()
    }

    fn note_item(&mut self, elapsed: Elapsed) {
        self.facts().note_chunk(elapsed.ticks());
    }

    #[inline]
    fn end(&mut self, writer: ShardHandle, status: Status, elapsed: Elapsed) {
        let facts = self.facts();
        let spent = facts.record(writer, status, elapsed.ticks());
        facts.charge(spent);
    }
}

impl<R: Reader<T>, T, H: HoldsBundle<LlmSeries>> ReadBy<R, T> for LlmCall<H> {
    #[inline]
    fn read(&mut self, reader: &R, output: &T) -> Status {
        let facts = self.facts();
        let Some(series) = facts.series() else { return Status::Success };
        reader.facts(output, facts, series.faults());
        facts.charge_lost();
        // An error that lacks the HTTP status of its response finds it among the facts of the call.
        let failed_head = facts.head().is_some_and(|(status, _)| status != Status::Success);
        if failed_head {
            self.enter();
        }
        let status = reader.status(output, series.faults());
        if failed_head {
            self.leave();
        }
        status
    }
}

guard! {
    /// An LLM call that is recorded by hand: it lasts from [`track_llm`](AgentMetrics::track_llm) to
    /// [`finish`](Self::finish).
    ///
    /// Its methods report facts about the call; they have the names of those of [`Call`].
    ///
    /// ```
    /// use agent_metrics::{AgentMetrics, Status, Usage};
    /// use agent_metrics::recording::LlmGuard;
    ///
    /// struct Conversation { call: LlmGuard }
    ///
    /// let metrics = AgentMetrics::builder().build()?;
    /// let mut conversation = Conversation { call: metrics.track_llm("gemini-2.0-flash") };
    /// conversation.call.usage(&Usage::new(1200, 80)).finish_reason("STOP");
    /// conversation.call.finish(Status::Success);
    /// # Ok::<(), agent_metrics::BuildError>(())
    /// ```
    LlmGuard [] [] LlmCall
}

impl LlmGuard {
    /// Returns the facts of the call.
    pub fn facts(&mut self) -> &mut LiveFacts {
        self.0.call().facts()
    }

    /// Reports what a response says; see [`CallFacts::set_response`](crate::llm::CallFacts::set_response).
    pub fn usage(&mut self, response: &impl TokenUsage) -> &mut Self {
        self.facts().set_response(response);
        self
    }

    /// Reports the served model; see [`CallFacts::set_model`](crate::llm::CallFacts::set_model).
    pub fn model(&mut self, served_model: &str) -> &mut Self {
        self.facts().set_model(served_model);
        self
    }

    /// Reports the finish reason; see [`CallFacts::set_finish`](crate::llm::CallFacts::set_finish).
    pub fn finish_reason(&mut self, reason: &str) -> &mut Self {
        self.facts().set_finish(reason);
        self
    }

    /// Reports the billed cost; see [`CallFacts::set_cost_usd`](crate::llm::CallFacts::set_cost_usd).
    pub fn cost_usd(&mut self, usd: f64) -> &mut Self {
        self.facts().set_cost_usd(usd);
        self
    }

    /// Counts an attempt; see [`LiveFacts::add_attempt`].
    pub fn attempt(&mut self, attempt: Attempt) -> &mut Self {
        self.facts().add_attempt(attempt);
        self
    }

    /// Reports the provider; see [`CallFacts::set_provider`](crate::llm::CallFacts::set_provider).
    pub fn provider(&mut self, provider: &str) -> &mut Self {
        self.facts().set_provider(provider);
        self
    }

    /// Reports the service tier; see [`CallFacts::set_service_tier`](crate::llm::CallFacts::set_service_tier).
    pub fn service_tier(&mut self, tier: ServiceTier) -> &mut Self {
        self.facts().set_service_tier(tier);
        self
    }

    /// Reports the operation; see [`CallFacts::set_operation`](crate::llm::CallFacts::set_operation).
    pub fn operation(&mut self, operation: &str) -> &mut Self {
        self.facts().set_operation(operation);
        self
    }

    /// Reports rate limits; see [`LiveFacts::set_rate_limits`].
    pub fn rate_limits(&mut self, limits: RateLimits) -> &mut Self {
        self.facts().set_rate_limits(limits);
        self
    }

    /// Replaces the status that the call ends with; see [`CallFacts::set_status`](crate::llm::CallFacts::set_status).
    pub fn status(&mut self, status: Status) -> &mut Self {
        self.facts().set_status(status);
        self
    }
}

/// The LLM call that runs on the current thread, for code that runs inside it.
///
/// A wrapper that returns only the text has no usage in its output, so it reports it:
///
/// ```
/// # struct Reply { text: String, model: String }
/// # impl agent_metrics::TokenUsage for Reply {
/// #     fn token_usage(&self) -> Option<agent_metrics::Usage> { Some(agent_metrics::Usage::new(9, 4)) }
/// # }
/// # async fn chat(prompt: &str) -> Result<Reply, std::io::Error> {
/// #     Ok(Reply { text: prompt.into(), model: "m-2".into() })
/// # }
/// #[agent_metrics::track_llm(model = model, usage = in_body)]
/// async fn ask(model: &str, prompt: &str) -> Result<String, std::io::Error> {
///     let reply = chat(prompt).await?;
///     agent_metrics::Call::current().usage(&reply).model(&reply.model).finish_reason("stop");
///     Ok(reply.text)
/// }
/// ```
///
/// It is the innermost function with `#[track_llm]` that runs on this thread, also across `.await`. Outside of one, the
/// methods do nothing.
#[derive(Clone, Copy, Debug)]
pub struct Call(());

#[allow(clippy::must_use_candidate, clippy::return_self_not_must_use)] // The methods are called for their effect.
impl Call {
    /// Returns the innermost LLM call.
    pub fn current() -> Self {
        Self(())
    }

    /// Reports what a response says; see [`CallFacts::set_response`](crate::llm::CallFacts::set_response).
    pub fn usage(self, response: &impl TokenUsage) -> Self {
        // The user's code runs before the facts are taken out of the thread-local variable.
        let (usage, model, reason) =
            (response.token_usage(), response.served_model(), response.finish_reason());
        let (tier, cost) = (response.service_tier(), response.cost_usd());
        with_current(|facts| {
            facts.update(usage, model, reason);
            if let Some(tier) = tier {
                facts.set_service_tier(tier);
            }
            if let Some(usd) = cost {
                facts.set_reported_cost(usd);
            }
        });
        self
    }

    /// Reports the served model; see [`CallFacts::set_model`](crate::llm::CallFacts::set_model).
    pub fn model(self, served_model: &str) -> Self {
        with_current(|facts| facts.set_model(served_model));
        self
    }

    /// Reports the finish reason; see [`CallFacts::set_finish`](crate::llm::CallFacts::set_finish).
    pub fn finish_reason(self, reason: &str) -> Self {
        with_current(|facts| facts.set_finish(reason));
        self
    }

    /// Reports the billed cost; see [`CallFacts::set_cost_usd`](crate::llm::CallFacts::set_cost_usd).
    pub fn cost_usd(self, usd: f64) -> Self {
        with_current(|facts| facts.set_cost_usd(usd));
        self
    }

    /// Counts an attempt; see [`LiveFacts::add_attempt`].
    pub fn attempt(self, attempt: Attempt) -> Self {
        // Counting may run the fault hook, which may report facts of this call: the facts must be in the thread-local
        // variable meanwhile.
        let mut call = None;
        with_current(|facts| {
            let sold_as = facts.sold_as();
            let sold_as = (sold_as.provider.to_owned(), sold_as.tier);
            let earlier = facts.earlier_request(&attempt);
            call = facts.series().map(|series| (series, facts.requested_model.clone(), sold_as, earlier));
        });
        if let Some((series, requested, (provider, tier), earlier)) = call {
            let sold_as = SoldAs { provider: &provider, tier };
            let mut spent = series.add_attempt(&attempt, &requested, sold_as);
            if let Some(earlier) = earlier {
                spent.add(series.add_request(earlier, &requested, sold_as));
            }
            let model = if requested.is_empty() { series.model() } else { &requested };
            ledger::charge(None, &series, model, spent);
            with_current(|facts| {
                facts.begin_attempt();
                facts.note_attempt(&attempt);
            });
        }
        self
    }

    /// Reports the provider; see [`CallFacts::set_provider`](crate::llm::CallFacts::set_provider).
    pub fn provider(self, provider: &str) -> Self {
        with_current(|facts| facts.set_provider(provider));
        self
    }

    /// Reports the service tier; see [`CallFacts::set_service_tier`](crate::llm::CallFacts::set_service_tier).
    pub fn service_tier(self, tier: ServiceTier) -> Self {
        with_current(|facts| facts.set_service_tier(tier));
        self
    }

    /// Reports the operation; see [`CallFacts::set_operation`](crate::llm::CallFacts::set_operation).
    pub fn operation(self, operation: &str) -> Self {
        with_current(|facts| facts.set_operation(operation));
        self
    }

    /// Notes the status of the head of a response to the innermost call, and the wait that it requests.
    #[cfg(feature = "tower")]
    pub(crate) fn note_head(status: Status, retry_after: Option<Duration>) {
        with_current(|facts| facts.set_head(status, retry_after));
    }

    /// Returns the status of the head of the last response to the innermost call, and the wait that it requests, if a layer
    /// saw it.
    #[cfg(feature = "tower")]
    #[allow(dead_code)] // Each integration uses some of these.
    pub(crate) fn head() -> Option<(Status, Option<Duration>)> {
        let mut head = None;
        with_current(|facts| head = facts.head());
        head
    }

    /// Reports rate limits; see [`LiveFacts::set_rate_limits`].
    pub fn rate_limits(self, limits: RateLimits) -> Self {
        with_current(|facts| facts.set_rate_limits(limits));
        self
    }

    /// Replaces the status that the call ends with; see [`CallFacts::set_status`](crate::llm::CallFacts::set_status).
    pub fn status(self, status: Status) -> Self {
        with_current(|facts| facts.set_status(status));
        self
    }
}

debug_by_name! { LlmCall [H] [H]; }
