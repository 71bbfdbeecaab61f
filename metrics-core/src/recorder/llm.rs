//! One call of a model.

use super::call::{Elapsed, Guard, Observed};
use super::facts::{self, Facts};
use super::reader::{ReadBy, Reader};
use super::scope;
use super::{Label, Scope, Site};
use crate::families::{CallFacts, Held, Hold, LlmSeries};
use crate::faults::Watched;
use crate::instance::AgentMetrics;
use crate::ledger;
use crate::plane::Writer;
use crate::status::Status;
use crate::usage::TokenUsage;

/// A call of a model.
pub struct LlmCall<H = Held<LlmSeries>> {
    series: H,
    facts: Facts,
}

impl<H> LlmCall<H> {
    #[inline]
    fn of(series: H) -> Self {
        Self { series, facts: Facts::default() }
    }
}

impl LlmCall {
    pub(crate) fn by_hand(metrics: &AgentMetrics, model: &str) -> Self {
        Self::of(scope::held(metrics, model))
    }
}

/// The call of a tracked function.
#[inline]
pub fn llm<M: Scope>(site: &'static Site, metrics: M, label: Label<'_>) -> LlmCall<M::Held<LlmSeries>> {
    LlmCall::of(metrics.hold(site, &site.llm, label))
}

impl<H: Hold<LlmSeries>> Observed for LlmCall<H> {
    #[inline]
    fn start(&mut self, writer: Writer) {
        self.facts = Facts::take();
        self.series.start(writer);
        if !ledger::add_llm_call() {
            self.series.add_orphan(writer);
        }
    }

    #[inline]
    fn enter(&mut self) {
        self.facts.swap();
    }

    #[inline]
    fn leave(&mut self) {
        self.facts.swap();
    }

    #[inline]
    fn begin_stream(&mut self, elapsed: Elapsed) {
        self.facts.known().first_token = Some(elapsed.ticks());
    }

    #[inline]
    fn end(&mut self, writer: Writer, status: Status, elapsed: Elapsed) {
        let spent = self.series.end(writer, status, elapsed.ticks(), self.facts.known());
        ledger::add_spent(spent);
    }
}

impl<R: Reader<T>, T, H: Hold<LlmSeries>> ReadBy<R, T> for LlmCall<H> {
    #[inline]
    fn read(&mut self, reader: &R, output: &T) -> Status {
        reader.facts(output, self.facts.known(), self.series.faults());
        reader.status(output, self.series.faults())
    }
}

impl Guard<LlmCall> {
    /// What is known of the call, recorded at its end.
    pub fn facts(&mut self) -> &mut CallFacts {
        self.call().facts.known()
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

    /// See [`CallFacts::set_status`].
    pub fn status(self, status: Status) -> Self {
        facts::tell(|facts| facts.set_status(status));
        self
    }
}
