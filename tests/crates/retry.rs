//! `retry`.

use std::cell::Cell;
use std::io::{Error, ErrorKind};
use std::time::Duration;

use agent_metrics::classify::error_status;
use agent_metrics::{Classify, Status, Usage, assert_metrics, retry, testing, track_llm};

/// An error with a status and a requested wait in seconds.
#[derive(Clone, Copy, PartialEq, Debug)]
struct Failed(Status, Option<u64>);

impl Classify for Failed {
    fn classify(&self) -> Status {
        self.0
    }

    fn retry_after(&self) -> Option<Duration> {
        self.1.map(Duration::from_secs)
    }
}

/// Returns an operation that fails with each of these errors in turn and then succeeds.
fn failing(failures: &[Failed]) -> impl FnMut() -> std::future::Ready<Result<Usage, Failed>> {
    let mut failures = failures.iter().copied();
    move || std::future::ready(failures.next().map_or(Ok(Usage::new(5, 1)), Err))
}

#[track_llm(model = "m")]
async fn ask(failures: &[Failed]) -> Result<Usage, Failed> {
    retry(failing(failures)).attempts(4).waits(Duration::from_secs(1), Duration::from_secs(2)).await
}

#[tokio::test(start_paused = true)]
async fn transient_errors_are_retried_and_every_attempt_is_counted() {
    let metrics = testing::isolated();
    let failures =
        [Failed(Status::Unavailable, None), Failed(Status::Timeout, None), Failed(Status::RateLimited, None)];
    assert_eq!(ask(&failures).await, Ok(Usage::new(5, 1)));
    assert_metrics!(metrics, {
        agent_llm_attempts_total { model = "m", outcome = "unavailable" } == 1,
        agent_llm_attempts_total { model = "m", outcome = "timeout" } == 1,
        agent_llm_attempts_total { model = "m", outcome = "rate_limited" } == 1,
        agent_llm_attempts_total { model = "m", outcome = "success" } == 1,
        agent_llm_attempts_total { model = "m" } == 4,
        // 1 + 2 + 2 seconds, plus a random share of up to the same amount.
        agent_llm_retry_wait_seconds_total { model = "m" } >= 5,
        agent_llm_retry_wait_seconds_total { model = "m" } < 10,
        agent_llm_calls_total { model = "m", status = "success" } == 1,
        agent_llm_input_tokens_sum { model = "m" } == 5,
    });
}

#[tokio::test(start_paused = true)]
async fn a_requested_wait_is_kept_unless_it_is_too_long() {
    let metrics = testing::isolated();
    let begin = tokio::time::Instant::now();
    assert!(
        ask(&[Failed(Status::RateLimited, Some(17)), Failed(Status::Unavailable, Some(0))]).await.is_ok()
    );
    assert_eq!(begin.elapsed().as_secs(), 17, "the paused clock advances only by the waits");
    assert_metrics!(metrics, { agent_llm_retry_wait_seconds_total { model = "m" } == 17 });
    let patient = Failed(Status::RateLimited, Some(61));
    assert_eq!(ask(&[patient]).await, Err(patient), "a minute is the longest wait accepted");
    let result = retry(failing(&[patient])).max_requested_wait(Duration::from_secs(61)).await;
    assert_eq!(result, Ok(Usage::new(5, 1)));
}

#[tokio::test(start_paused = true)]
async fn permanent_errors_are_not_retried_and_transient_ones_only_up_to_the_limit() {
    let metrics = testing::isolated();
    for status in [Status::Error, Status::Rejected, Status::ContextOverflow, Status::ContentFiltered] {
        assert_eq!(ask(&[Failed(status, Some(1))]).await, Err(Failed(status, Some(1))));
    }
    assert_metrics!(metrics, {
        agent_llm_attempts_total { model = "m" } == 4,
        agent_llm_retry_wait_seconds_total { model = "m" } == 0,
    });
    let down = Failed(Status::Unavailable, None);
    assert_eq!(ask(&[down; 9]).await, Err(down));
    assert_metrics!(metrics, {
        agent_llm_attempts_total { model = "m" } == 8,
        agent_llm_calls_total { model = "m", status = "unavailable" } == 1,
    });
    let tries = Cell::new(0);
    let once = retry(|| {
        tries.set(tries.get() + 1);
        std::future::ready(Err::<(), _>(down))
    });
    assert_eq!((once.attempts(0).await, tries.get()), (Err(down), 1), "there is always one attempt");
}

#[tokio::test(start_paused = true)]
async fn wrapped_errors_are_classified_by_a_closure() {
    let tries = Cell::new(0);
    let refused = || async {
        tries.set(tries.get() + 1);
        Err::<(), _>(anyhow::Error::from(Error::from(ErrorKind::ConnectionRefused)).context("while asking"))
    };
    let chain = |error: &anyhow::Error| (error_status(error.as_ref()), None);
    retry(refused).attempts(3).by(chain).await.expect_err("the connection is refused");
    assert_eq!(tries.get(), 3);
}

#[track_llm(model = "m", usage = in_body)]
async fn never(counted: bool) -> Result<(), Failed> {
    let endless = retry(std::future::pending::<Result<(), Failed>>);
    if counted { endless.await } else { endless.uncounted().await }
}

#[track_llm(model = "m", usage = in_body)]
async fn around(panics: impl Future<Output = Result<(), Failed>>) -> Result<(), Failed> {
    panics.await
}

#[tokio::test(start_paused = true)]
async fn a_dropped_attempt_is_counted_by_the_reason_of_the_drop() {
    let metrics = testing::isolated();
    let limit = Duration::from_secs(1);
    agent_metrics::timeout(limit, never(true)).await.expect_err("it never ends");
    tokio::time::timeout(limit, never(true)).await.expect_err("it never ends");
    tokio::time::timeout(limit, never(false)).await.expect_err("it never ends");
    let panics = async { retry(|| async { panic!("as it should") as Result<(), Failed> }).await };
    let caught = futures_util::FutureExt::catch_unwind(std::panic::AssertUnwindSafe(around(panics))).await;
    caught.expect_err("it panics");
    assert_metrics!(metrics, {
        agent_llm_attempts_total { model = "m", outcome = "timeout" } == 1,
        agent_llm_attempts_total { model = "m", outcome = "cancelled" } == 1,
        agent_llm_attempts_total { model = "m", outcome = "panicked" } == 1,
        agent_llm_attempts_total { model = "m" } == 3,
        agent_llm_calls_total { model = "m" } == 4,
    });
}
