//! Retries of operations with a transient error.

use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use backon::{BackoffBuilder as _, ExponentialBackoff, ExponentialBuilder};
use pin_project_lite::pin_project;
use tokio::time::{Sleep, sleep};

use super::attempt::AttemptGuard;
use crate::classify::Classify;
use crate::status::Status;

pin_project! {
    /// The future of [`retry`], set up by its methods before it is awaited.
    #[must_use = "futures do nothing unless awaited"]
    pub struct Retry<F, R, J = AsClassified> {
        operation: F,
        judge: J,
        policy: Policy,
        // `None` until the first attempt fails.
        waits: Option<ExponentialBackoff>,
        // Ended before the future of the attempt is dropped.
        in_flight: Option<AttemptGuard>,
        #[pin]
        step: Step<R>,
    }
}

pin_project! {
    #[project = StepNow]
    enum Step<R> {
        Start,
        Attempt { #[pin] attempt: R },
        Waiting { #[pin] sleep: Sleep, wait: Duration },
        Done,
    }
}

#[derive(Clone, Copy)]
struct Policy {
    waits: ExponentialBuilder,
    max_requested_wait: Duration,
    counts: bool,
}

/// Judges errors by [`Classify`].
#[derive(Clone, Copy, Default, Debug)]
pub struct AsClassified;

/// Returns the status of an error and the wait that the error requests, if it requests one.
pub trait Judge<E> {
    /// Judges an error.
    fn judge(&self, error: &E) -> (Status, Option<Duration>);
}

impl<E: Classify> Judge<E> for AsClassified {
    fn judge(&self, error: &E) -> (Status, Option<Duration>) {
        (error.classify(), error.retry_after())
    }
}

impl<E, J: Fn(&E) -> (Status, Option<Duration>)> Judge<E> for J {
    fn judge(&self, error: &E) -> (Status, Option<Duration>) {
        self(error)
    }
}

/// Runs an operation, and retries it while its error is transient: `rate_limited`, `unavailable` or `timeout`, by
/// [`Classify`]. Inside of a function with `#[track_llm]` each attempt is counted in
/// `agent_llm_attempts_total` and the waits in `agent_llm_retry_wait_seconds_total`. An attempt that code below counts, such
/// as `AttemptLayer`, is counted there and not here.
///
/// Before a retry it waits as long as the error requests ([`Classify::retry_after`]). Without a request the first wait is half
/// a second, and each further wait is twice the one before. Up to the same time is added at random, so that many clients do
/// not retry at the same moment. By default there are four attempts in all.
///
/// ```
/// # use agent_metrics::{Classify, Status, Usage, retry, track_llm};
/// # #[derive(Debug)]
/// # struct ModelError;
/// # impl Classify for ModelError { fn classify(&self) -> Status { Status::RateLimited } }
/// # async fn chat(prompt: &str) -> Result<Usage, ModelError> { Ok(Usage::new(3, 1)) }
/// #[track_llm(model = "m")]
/// async fn ask(prompt: &str) -> Result<Usage, ModelError> {
///     retry(|| chat(prompt)).attempts(5).await
/// }
/// ```
///
/// # Panics
/// Its future panics when it is polled outside of a tokio runtime with its timer enabled, or after it had finished.
pub fn retry<F: FnMut() -> R, R: Future>(operation: F) -> Retry<F, R> {
    let waits = ExponentialBuilder::new()
        .with_min_delay(Duration::from_millis(500))
        .with_max_delay(Duration::from_secs(30))
        .with_max_times(3)
        .with_jitter();
    let policy = Policy { waits, max_requested_wait: Duration::from_secs(60), counts: true };
    Retry { operation, judge: AsClassified, policy, waits: None, in_flight: None, step: Step::Start }
}

impl<F, R, J> Retry<F, R, J> {
    /// How many attempts there are at most, the first included.
    pub fn attempts(mut self, attempts: usize) -> Self {
        self.policy.waits = self.policy.waits.with_max_times(attempts.saturating_sub(1));
        self
    }

    /// Sets the wait before the second attempt, which doubles for each further attempt, and the maximum wait. An error that
    /// requests a wait overrides both.
    pub fn waits(mut self, first: Duration, longest: Duration) -> Self {
        self.policy.waits = self.policy.waits.with_min_delay(first).with_max_delay(longest);
        self
    }

    /// Sets the maximum wait that an error may request; by default a minute. An error that requests more is returned.
    pub fn max_requested_wait(mut self, longest: Duration) -> Self {
        self.policy.max_requested_wait = longest;
        self
    }

    /// Counts no attempts. An operation whose attempts are counted by a layer, a client or a witness needs no such setting:
    /// each attempt is counted once.
    pub fn uncounted(mut self) -> Self {
        self.policy.counts = false;
        self
    }

    /// Judges errors by a closure, for errors that are not [`Classify`] or do not report how long to wait.
    ///
    /// ```
    /// use agent_metrics::retry;
    /// use agent_metrics::classify::error_status;
    /// # async fn chat(prompt: &str) -> anyhow::Result<String> { Ok(prompt.into()) }
    /// # async fn ask(prompt: &str) -> anyhow::Result<String> {
    ///
    /// let answer = retry(|| chat(prompt)).by(|error: &anyhow::Error| (error_status(error.as_ref()), None)).await?;
    /// # Ok(answer) }
    /// ```
    pub fn by<E, K: Fn(&E) -> (Status, Option<Duration>)>(self, judge: K) -> Retry<F, R, K> {
        let Self { operation, policy, waits, in_flight, step, judge: _ } = self;
        Retry { operation, judge, policy, waits, in_flight, step }
    }
}

impl<F, R, J, T, E> Future for Retry<F, R, J>
where
    F: FnMut() -> R,
    R: Future<Output = Result<T, E>>,
    J: Judge<E>,
{
    type Output = Result<T, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<T, E>> {
        let mut this = self.project();
        loop {
            let waited = match this.step.as_mut().project() {
                StepNow::Start => Duration::ZERO,
                StepNow::Waiting { sleep, wait } => {
                    ready!(sleep.poll(cx));
                    *wait
                }
                StepNow::Attempt { attempt } => {
                    let result = ready!(attempt.poll(cx));
                    let judged = result.as_ref().err().map(|error| this.judge.judge(error));
                    if let Some(guard) = this.in_flight.take() {
                        guard.end(judged.map_or(Status::Success, |(status, _)| status), None);
                    }
                    let waits = this.waits.get_or_insert_with(|| this.policy.waits.build());
                    let wait = judged.and_then(|judged| this.policy.wait(judged, waits));
                    this.step.set(match wait {
                        Some(wait) => Step::Waiting { sleep: sleep(wait), wait },
                        None => Step::Done,
                    });
                    if wait.is_none() {
                        return Poll::Ready(result);
                    }
                    continue;
                }
                StepNow::Done => panic!("`retry` was polled after it had finished"),
            };
            *this.in_flight = this.policy.counts.then(|| AttemptGuard::around(waited));
            let attempt = (this.operation)();
            this.step.set(Step::Attempt { attempt });
        }
    }
}

impl Policy {
    /// Returns how long to wait after an error, or `None` if the operation is not retried.
    fn wait(
        &self,
        (status, requested): (Status, Option<Duration>),
        waits: &mut ExponentialBackoff,
    ) -> Option<Duration> {
        if !matches!(status, Status::RateLimited | Status::Unavailable | Status::Timeout) {
            return None;
        }
        let wait = waits.next()?;
        match requested {
            Some(wait) => (wait <= self.max_requested_wait).then_some(wait),
            None => Some(wait),
        }
    }
}

debug_by_name! { Retry [F, R, J] [F, R, J]; }
