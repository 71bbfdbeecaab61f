//! One call of a model.

use std::cell::Cell;

use super::call::{Elapsed, Guard, Observed};
use super::reader::{ReadBy, Reader};
use super::scope;
use super::{Label, Scope, Site};
use crate::families::{Held, Hold, LlmSeries};
use crate::faults::Watched;
use crate::instance::AgentMetrics;
use crate::ledger;
use crate::plane::Writer;
use crate::status::Status;
use crate::usage::{TokenUsage, Usage};

/// A call of a model. `F` is what is reported of it while it runs.
pub struct LlmCall<F = Kept, H = Held<LlmSeries>> {
    series: H,
    facts: F,
    usage_seen: bool,
}

impl<F, H: Hold<LlmSeries>> LlmCall<F, H> {
    pub(crate) fn add_usage(&mut self, usage: &Usage) {
        self.usage_seen = true;
        self.series.add_usage(usage);
    }
}

impl LlmCall {
    pub(crate) fn by_hand(metrics: &AgentMetrics, model: &str) -> Self {
        Self { series: scope::held(metrics, model), facts: Kept(None), usage_seen: false }
    }
}

/// The call of a tracked function whose response tells its usage.
#[inline]
pub fn llm<M: Scope>(site: &'static Site, metrics: M, label: Label<'_>) -> LlmCall<(), M::Held<LlmSeries>> {
    LlmCall { series: metrics.hold(site, &site.llm, label), facts: (), usage_seen: false }
}

/// The call of a tracked function whose body reports its usage.
#[inline]
pub fn llm_in_body<M: Scope>(
    site: &'static Site,
    metrics: M,
    label: Label<'_>,
) -> LlmCall<Reported, M::Held<LlmSeries>> {
    LlmCall { series: metrics.hold(site, &site.llm, label), facts: Reported::default(), usage_seen: false }
}

impl<F: Facts, H: Hold<LlmSeries>> Observed for LlmCall<F, H> {
    #[inline]
    fn start(&mut self, writer: Writer) {
        ledger::add_llm_call();
        self.series.start(writer);
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
    fn end(&mut self, writer: Writer, status: Status, elapsed: Elapsed) {
        if let Some(usage) = self.facts.usage() {
            self.add_usage(&usage);
        }
        self.series.end(writer, status, elapsed.ticks(), self.usage_seen);
    }
}

impl<R: Reader<T>, T, F: Facts, H: Hold<LlmSeries>> ReadBy<R, T> for LlmCall<F, H> {
    #[inline]
    fn read(&mut self, reader: &R, output: &T) -> Status {
        if let Some(usage) = reader.usage(output, self.series.faults()) {
            self.add_usage(&usage);
        }
        reader.status(output, self.series.faults())
    }
}

impl Guard<LlmCall> {
    /// Says what the call used, which is recorded at its end; a later report replaces an earlier one.
    pub fn usage(&mut self, response: &impl TokenUsage) {
        if let Some(usage) = response.token_usage() {
            self.call().facts = Kept(Some(usage));
        }
    }
}

/// What the body of a call can report.
pub trait Facts {
    /// Exchanges it with the current call's, on entering the body and on leaving it.
    fn swap(&mut self);
    /// The usage that was reported.
    fn usage(&self) -> Option<Usage>;
}

/// Nothing.
impl Facts for () {
    #[inline]
    fn swap(&mut self) {}

    #[inline]
    fn usage(&self) -> Option<Usage> {
        None
    }
}

/// What the holder of a guard reported.
pub struct Kept(Option<Usage>);

impl Facts for Kept {
    fn swap(&mut self) {}

    fn usage(&self) -> Option<Usage> {
        self.0
    }
}

/// What was reported of the call in whose body something runs.
#[derive(Clone, Copy, Default)]
pub enum Reported {
    /// No call asks for reports.
    Nowhere,
    /// Nothing so far.
    #[default]
    Nothing,
    /// Its usage.
    Usage(Usage),
}

thread_local! {
    static CURRENT: Cell<Reported> = const { Cell::new(Reported::Nowhere) };
}

impl Facts for Reported {
    #[inline]
    fn swap(&mut self) {
        *self = CURRENT.replace(*self);
    }

    #[inline]
    fn usage(&self) -> Option<Usage> {
        match self {
            Self::Usage(usage) => Some(*usage),
            Self::Nowhere | Self::Nothing => None,
        }
    }
}

/// The tracked call in whose body this is asked.
///
/// A wrapper that returns only the text has no usage in its output, so it reports it:
///
/// ```
/// # struct Reply { text: String }
/// # impl agent_metrics::TokenUsage for Reply {
/// #     fn token_usage(&self) -> Option<agent_metrics::Usage> { Some(agent_metrics::Usage::new(9, 4)) }
/// # }
/// # async fn chat(prompt: &str) -> Result<Reply, std::io::Error> { Ok(Reply { text: prompt.into() }) }
/// #[agent_metrics::track_llm(model = model, usage = in_body)]
/// async fn ask(model: &str, prompt: &str) -> Result<String, std::io::Error> {
///     let reply = chat(prompt).await?;
///     agent_metrics::Call::current().usage(&reply);
///     Ok(reply.text)
/// }
/// ```
///
/// Outside of a function with `usage = in_body` it does nothing.
#[derive(Clone, Copy, Debug)]
pub struct Call(());

impl Call {
    /// The innermost call that asks for reports.
    pub fn current() -> Self {
        Self(())
    }

    /// Reports the usage; a later report replaces an earlier one.
    pub fn usage(self, response: &impl TokenUsage) {
        if matches!(CURRENT.get(), Reported::Nowhere) {
            return;
        }
        if let Some(usage) = response.token_usage() {
            CURRENT.set(Reported::Usage(usage));
        }
    }
}
