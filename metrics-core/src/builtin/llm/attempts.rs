//! What was tried before a call had its answer.

use std::time::Duration;

use once_cell::race::OnceBox;

use super::facts::Spent;
use crate::label::{Labels, RenderedLabels};
use crate::sample::{Number, Visitor, is_valid_amount};
use crate::status::{LLM, Status};
use crate::storage::{CellRange, Cells};
use crate::usage::Usage;

/// One attempt of a call of a model, for who sees each: a client that retries, a layer under it, a witness.
///
/// A call is what its caller waits for, and ends once; attempts are the requests that were sent for it. They
/// are counted in `agent_llm_attempts_total`, by how they ended.
///
/// ```
/// use std::time::Duration;
/// use agent_metrics::{Attempt, Call, Status};
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
}

impl Attempt {
    /// An attempt that ended so.
    pub fn new(status: Status) -> Self {
        Self { status, waited: Duration::ZERO, usage: None, cost_usd: None }
    }

    /// How long was waited before it, for `agent_llm_retry_wait_seconds_total`.
    pub fn waited(mut self, waited: Duration) -> Self {
        self.waited = waited;
        self
    }

    /// What it used: of the attempt that succeeded this is what the call used; of one that failed it is added to that.
    pub fn usage(mut self, usage: Usage) -> Self {
        self.usage = Some(usage);
        self
    }

    /// What the provider billed for it in USD. An amount that is negative or not a number is ignored.
    pub fn cost_usd(mut self, usd: f64) -> Self {
        self.cost_usd = Some(usd).filter(|usd| is_valid_amount(*usd));
        self
    }
}

/// The attempts of one model, if any was seen: a count for each outcome, then the words below.
#[derive(Default)]
pub(super) struct Attempts(OnceBox<CellRange>);

/// Nanoseconds.
const WAIT: usize = LLM.names.len();
/// USD of those that failed.
const LOST: usize = WAIT + 1;
const WORDS: usize = LOST + 1;

/// A nonsense wait must not make the sum of all wrap.
const LONGEST_WAIT: Duration = Duration::from_secs(366 * 86_400);

impl Attempts {
    /// Counts one that spent this in vain.
    pub(super) fn add(&self, attempt: &Attempt, lost: Spent) {
        let words = self.0.get_or_init(|| Box::new(CellRange::new(WORDS))).cells(0);
        words.add(LLM.place(attempt.status), 1);
        words.add(WAIT, attempt.waited.min(LONGEST_WAIT).as_nanos() as u64);
        words.add_f64(LOST, lost.usd);
    }

    /// Shows how many ended with each outcome.
    pub(super) fn show_outcomes(&self, labels: &RenderedLabels, visitor: &mut dyn Visitor) {
        let Some(row) = self.0.get() else { return };
        for (place, outcome) in LLM.names.iter().copied().enumerate() {
            visitor.sample(Labels::with(labels, &[("outcome", outcome)]), Number::Integer(row.read(place)));
        }
    }

    pub(super) fn show_wait(&self, labels: &RenderedLabels, visitor: &mut dyn Visitor) {
        let Some(row) = self.0.get() else { return };
        visitor.sample(Labels::new(labels), Number::Nanos(row.read(WAIT)));
    }

    pub(super) fn show_lost(&self, labels: &RenderedLabels, visitor: &mut dyn Visitor) {
        let Some(row) = self.0.get() else { return };
        visitor.sample(Labels::new(labels), Number::Float(row.read_f64(LOST)));
    }
}
