//! One call of a model.

use super::call::{CallRecorder, Elapsed, Guard};
use super::facts::{self, Facts};
use super::held::{BundleHandle, HoldsBundle, WithDimensions};
use super::ledger;
use super::reader::{ReadBy, Reader};
use super::scope;
use super::{CallLabel, Scope, Site};
use crate::builtin::{Attempt, CallFacts, DimensionValue, LabelText, LlmSeries};
use crate::faults::ReportsFaults;
use crate::instance::AgentMetrics;
use crate::status::Status;
use crate::storage::ShardHandle;
use crate::usage::{RateLimits, TokenUsage};

/// A call of a model.
pub struct LlmCall<H = BundleHandle<LlmSeries>>(Stage<H>);

enum Stage<H> {
    New(H),
    /// Its facts, which have the series, too, while it waits (with profiles, from its making on); while it runs, those of the call around it.
    StartTimeCell(Facts),
}

impl LlmCall {
    pub(crate) fn by_hand(metrics: &AgentMetrics, model: &str) -> Self {
        Self(Stage::New(scope::held(metrics, LabelText::AtRuntime(model))))
    }
}

impl<H> LlmCall<H> {
    /// What is known of a call that doesn't run just now.
    #[inline]
    fn facts(&mut self) -> &mut CallFacts {
        if let Stage::New(_) = self.0 {
            self.0 = Stage::StartTimeCell(Facts::default());
        }
        match &mut self.0 {
            Stage::StartTimeCell(facts) => facts.known(),
            Stage::New(_) => unreachable!("it has begun"),
        }
    }
}

impl<H: HoldsBundle<LlmSeries>> LlmCall<H> {
    /// Says where in the dimensions it is.
    pub fn in_dimensions(self, values: &[DimensionValue]) -> LlmCall<WithDimensions<H>> {
        LlmCall(match self.0 {
            Stage::New(series) => Stage::New(WithDimensions::new(series, values)),
            Stage::StartTimeCell(mut facts) => {
                facts.known().set_own(values);
                Stage::StartTimeCell(facts)
            }
        })
    }
}

/// The call of a tracked function.
#[inline]
pub fn llm<M: Scope>(
    site: &'static Site,
    metrics: M,
    label: CallLabel<'_>,
) -> LlmCall<M::BundleHandle<LlmSeries>> {
    let series = metrics.hold(site, &site.llm, label);
    LlmCall(if series.is_profiled() { prepared(&series, site) } else { Stage::New(series) })
}

/// With profiles, a call remembers whose model its function asks: beside its facts, so that its future doesn't grow.
#[cold]
fn prepared<H: HoldsBundle<LlmSeries>>(series: &H, site: &'static Site) -> Stage<H> {
    let mut facts = Facts::take(series.keep());
    let (provider, operation) = site.model();
    facts.known().set_provider(provider.unwrap_or_default());
    facts.known().set_operation(operation.unwrap_or_default());
    Stage::StartTimeCell(facts)
}

impl<H: HoldsBundle<LlmSeries>> CallRecorder for LlmCall<H> {
    #[inline]
    fn start(&mut self, writer: ShardHandle) {
        if let Stage::New(series) = &mut self.0 {
            series.place(ledger::point);
            self.0 = Stage::StartTimeCell(Facts::take(series.keep()));
        } else {
            self.facts().place(ledger::point);
        }
        if let Some(series) = self.facts().series_ref() {
            series.start(writer);
            if !ledger::add_llm_call() {
                series.add_orphan(writer);
            }
            if series.is_profiled() && self.facts().infers() {
                ledger::add_inference();
            }
        }
    }

    #[inline]
    fn enter(&mut self) {
        if let Stage::StartTimeCell(facts) = &mut self.0 {
            facts.swap();
        }
    }

    #[inline]
    fn leave(&mut self) {
        self.enter();
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
        ledger::add_spent(self.facts().record(writer, status, elapsed.ticks()));
    }
}

impl<R: Reader<T>, T, H: HoldsBundle<LlmSeries>> ReadBy<R, T> for LlmCall<H> {
    #[inline]
    fn read(&mut self, reader: &R, output: &T) -> Status {
        let facts = self.facts();
        let Some(series) = facts.series() else { return Status::Success };
        reader.facts(output, facts, series.faults());
        if let Some(lost) = facts.take_lost() {
            ledger::add_spent(lost);
        }
        reader.status(output, series.faults())
    }
}

impl Guard<LlmCall> {
    /// What is known of the call, recorded at its end.
    pub fn facts(&mut self) -> &mut CallFacts {
        self.call().facts()
    }

    /// See [`CallFacts::set_response`].
    pub fn usage(&mut self, response: &impl TokenUsage) {
        self.facts().set_response(response);
    }
}

/// The tracked call of a model in whose body this is asked.
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
///     agent_metrics::Call::current().usage(&reply).model(&reply.model).finish("stop");
///     Ok(reply.text)
/// }
/// ```
///
/// It finds the innermost function with `#[track_llm]` that runs on this thread, across `.await`. Outside
/// of one it does nothing.
#[derive(Clone, Copy, Debug)]
pub struct Call(());

#[allow(clippy::must_use_candidate, clippy::return_self_not_must_use)] // To say something is the point.
impl Call {
    /// The innermost call of a model.
    pub fn current() -> Self {
        Self(())
    }

    /// See [`CallFacts::set_response`].
    pub fn usage(self, response: &impl TokenUsage) -> Self {
        let (usage, model, reason) =
            (response.token_usage(), response.served_model(), response.finish_reason());
        facts::tell(|facts| facts.set_all(usage, model, reason));
        self
    }

    /// See [`CallFacts::set_model`].
    pub fn model(self, served_model: &str) -> Self {
        facts::tell(|facts| facts.set_model(served_model));
        self
    }

    /// See [`CallFacts::set_finish`].
    pub fn finish(self, reason: &str) -> Self {
        facts::tell(|facts| facts.set_finish(reason));
        self
    }

    /// See [`CallFacts::set_cost_usd`].
    pub fn cost_usd(self, usd: f64) -> Self {
        facts::tell(|facts| facts.set_cost_usd(usd));
        self
    }

    /// See [`CallFacts::add_attempt`].
    pub fn attempt(self, attempt: Attempt) -> Self {
        // Counted while the facts are in their place: the hook may hear of its usage.
        let mut series = None;
        facts::tell(|facts| series = facts.series());
        if let Some(series) = series {
            ledger::add_spent(series.add_attempt(&attempt));
            facts::tell(|facts| facts.note_attempt(&attempt));
        }
        self
    }

    /// See [`CallFacts::set_provider`].
    pub fn provider(self, provider: &str) -> Self {
        facts::tell(|facts| facts.set_provider(provider));
        self
    }

    /// See [`CallFacts::set_operation`].
    pub fn operation(self, operation: &str) -> Self {
        facts::tell(|facts| facts.set_operation(operation));
        self
    }

    /// See [`CallFacts::set_rate_limits`].
    pub fn rate_limits(self, limits: RateLimits) -> Self {
        facts::tell(|facts| facts.set_rate_limits(limits));
        self
    }

    /// See [`CallFacts::set_status`].
    pub fn status(self, status: Status) -> Self {
        facts::tell(|facts| facts.set_status(status));
        self
    }
}
