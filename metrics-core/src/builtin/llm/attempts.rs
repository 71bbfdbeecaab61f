//! Attempts: the requests that were sent for one LLM call.

use std::time::Duration;

use once_cell::race::OnceBox;

use super::family::OUTCOME;
use super::spent::Spent;
use crate::label::{Labels, RenderedLabels};
use crate::pricing::amount::is_valid_usd;
use crate::sample::{Number, Visitor};
use crate::status::{LLM, Status};
use crate::storage::{CellRange, Cells};
use crate::usage::Usage;

/// One attempt of an LLM call, reported by code that sees each request: a client with retries, or a layer below it.
///
/// A call is what the caller waits for, and ends once. Attempts are the requests that were sent for it, and are counted in
/// `agent_llm_attempts_total` by outcome.
///
/// ```
/// use std::time::Duration;
/// use agent_metrics::{Call, Status};
/// use agent_metrics::llm::Attempt;
/// # use std::io::Error;
/// # async fn send(prompt: &str) -> Result<String, Error> { Ok(prompt.into()) }
///
/// #[agent_metrics::track_llm(model = "m", usage = in_body)]
/// async fn ask(prompt: &str) -> Result<String, Error> {
///     let mut waited = Duration::ZERO;
///     loop {
///         let result = send(prompt).await;
///         let status = if result.is_ok() { Status::Success } else { Status::RateLimited };
///         Call::current().attempt(Attempt::new(status).waited(waited));
///         if result.is_ok() {
///             return result;
///         }
///         waited = Duration::from_secs(1); // .. and wait
///     }
/// }
/// ```
#[derive(Clone, Copy, PartialEq, Debug)]
#[must_use = "an attempt counts when it is added to a call"]
pub struct Attempt {
    pub(super) status: Status,
    waited: Duration,
    pub(super) usage: Option<Usage>,
    pub(super) cost_usd: Option<f64>,
    /// Whether the reported cost is one that no request can have.
    pub(super) has_refused_cost: bool,
}

impl Attempt {
    /// An attempt that ended with `status`.
    pub fn new(status: Status) -> Self {
        Self { status, waited: Duration::ZERO, usage: None, cost_usd: None, has_refused_cost: false }
    }

    /// Sets the time that was waited before the attempt, which is added to `agent_llm_retry_wait_seconds_total`.
    pub fn waited(mut self, waited: Duration) -> Self {
        self.waited = waited;
        self
    }

    /// Sets the usage. That of the last successful attempt is the usage of the call; those of other attempts are added to it.
    pub fn usage(mut self, usage: Usage) -> Self {
        self.usage = Some(usage);
        self
    }

    /// Returns whether it is a successful request with its usage.
    pub(super) fn is_billed(&self) -> bool {
        self.status == Status::Success && self.usage.is_some()
    }

    /// Sets the cost that the provider billed, in USD. An amount that is negative, not a number or over a million is refused,
    /// and counted in `agent_metrics_refused_observations_total`.
    pub fn cost_usd(mut self, usd: f64) -> Self {
        self.cost_usd = Some(usd).filter(|usd| is_valid_usd(*usd));
        self.has_refused_cost = self.cost_usd.is_none();
        self
    }
}

/// The attempts of one model, with cells from the first attempt on: a count for each outcome, then the cells below.
#[derive(Default)]
pub(super) struct Attempts(OnceBox<CellRange>);

/// The total wait in nanoseconds.
const WAIT: usize = LLM.names.len();
/// The cost of failed attempts in USD.
const FAILED_COST: usize = WAIT + 1;
const CELLS: usize = FAILED_COST + 1;

/// The largest wait that is added. A larger one is an error of the caller, and could make the sum wrap around.
const MAX_WAIT: Duration = Duration::from_secs(366 * 86_400);

impl Attempts {
    /// Counts an attempt. `failed` is the usage of an unsuccessful one.
    pub(super) fn add(&self, attempt: &Attempt, failed: Spent) {
        let cells = self.0.get_or_init(|| Box::new(CellRange::new(CELLS))).cells(0);
        cells.add(LLM.place(attempt.status), 1);
        cells.add(WAIT, attempt.waited.min(MAX_WAIT).as_nanos() as u64);
        cells.add_f64(FAILED_COST, failed.usd);
    }

    /// Shows the number of attempts by outcome.
    pub(super) fn show_outcomes(&self, labels: &RenderedLabels, visitor: &mut dyn Visitor) {
        let Some(cells) = self.0.get() else { return };
        for (at, outcome) in LLM.names.iter().copied().enumerate() {
            visitor.sample(Labels::with(labels, &[(OUTCOME.name, outcome)]), Number::Integer(cells.read(at)));
        }
    }

    pub(super) fn show_wait(&self, labels: &RenderedLabels, visitor: &mut dyn Visitor) {
        let Some(cells) = self.0.get() else { return };
        visitor.sample(Labels::new(labels), Number::Nanos(cells.read(WAIT)));
    }

    pub(super) fn show_failed_cost(&self, labels: &RenderedLabels, visitor: &mut dyn Visitor) {
        let Some(cells) = self.0.get() else { return };
        visitor.sample(Labels::new(labels), Number::Float(cells.read_f64(FAILED_COST)));
    }
}
