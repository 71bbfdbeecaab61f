//! Tasks in flight: the age of the oldest, the time of the last success, the wait for the first poll.

use std::future::Future;
use std::pin::pin;
use std::task::{Context, Waker};
use std::time::{SystemTime, UNIX_EPOCH};

use agent_metrics::{AgentMetrics, track_task};
use agent_metrics_tests::{build, samples, until};

#[track_task(task_type = kind, metrics = metrics)]
async fn waits(metrics: &AgentMetrics, kind: &'static str) -> Result<(), String> {
    tokio::task::yield_now().await;
    if kind == "fails" { Err("asked to".to_owned()) } else { Ok(()) }
}

fn oldest(metrics: &AgentMetrics, kind: &str) -> Option<f64> {
    samples(metrics).get(&format!("agent_task_oldest_in_flight_seconds{{task_type=\"{kind}\"}}"))
}

fn last_success(metrics: &AgentMetrics, kind: &str) -> Option<f64> {
    samples(metrics).get(&format!("agent_task_last_success_timestamp_seconds{{task_type=\"{kind}\"}}"))
}

fn poll(task: std::pin::Pin<&mut impl Future<Output = Result<(), String>>>) -> bool {
    task.poll(&mut Context::from_waker(Waker::noop())).is_ready()
}

fn unix_now() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_secs_f64()
}

#[test]
fn the_age_of_the_oldest_task_is_exposed_while_it_runs() {
    let metrics = build();
    let other = build();
    let mut first = pin!(waits(&metrics, "a"));
    assert_eq!(oldest(&metrics, "a"), None, "not polled yet");
    assert!(!poll(first.as_mut()));
    let mut second = pin!(waits(&metrics, "a"));
    let mut third = pin!(waits(&metrics, "b"));
    assert!(!poll(second.as_mut()) && !poll(third.as_mut()));
    let scrape = samples(&metrics);
    let [a, b] =
        ["a", "b"].map(|kind| scrape.sum("agent_task_oldest_in_flight_seconds", &[("task_type", kind)]));
    assert!(b > 0.0 && b < a, "{a} {b}");
    assert_eq!(oldest(&other, "a"), None, "of another instance");
    assert!(poll(first.as_mut()));
    assert!(oldest(&metrics, "a").is_some(), "the second runs");
    assert!(poll(second.as_mut()) && poll(third.as_mut()));
    assert_eq!((oldest(&metrics, "a"), oldest(&metrics, "b")), (None, None));
    // A reused ledger has the start time of its new task.
    let mut again = pin!(waits(&metrics, "c"));
    assert!(!poll(again.as_mut()));
    assert_eq!(oldest(&metrics, "a"), None);
    assert!(oldest(&metrics, "c").is_some());
}

#[test]
fn guards_and_dropped_tasks_count_as_in_flight() {
    let metrics = build();
    let guard = metrics.track_task("by_hand");
    assert!(oldest(&metrics, "by_hand").is_some());
    drop(guard);
    assert_eq!(oldest(&metrics, "by_hand"), None);
    {
        let mut dropped = pin!(waits(&metrics, "dropped"));
        assert!(!poll(dropped.as_mut()));
        assert!(oldest(&metrics, "dropped").is_some());
    }
    assert_eq!(oldest(&metrics, "dropped"), None);
}

#[tokio::test]
async fn only_successful_tasks_set_the_last_success_time() {
    let metrics = build();
    let _ = waits(&metrics, "fails").await;
    assert_eq!(last_success(&metrics, "fails"), None);
    let before = unix_now();
    waits(&metrics, "works").await.expect("it does");
    let first = last_success(&metrics, "works").expect("just now");
    assert!((before - 0.2..=unix_now() + 0.2).contains(&first), "{first} {before}");
    // The latest success on any thread counts.
    until("a later success", || {
        let succeed = || metrics.track_task("works").finish(agent_metrics::Status::Success);
        std::thread::scope(|scope| scope.spawn(succeed).join()).expect("no panic");
        last_success(&metrics, "works").filter(|last| *last > first)
    });
    assert_eq!(last_success(&metrics, "works"), last_success(&metrics, "works"), "it stays");
}

#[tokio::test]
async fn the_wait_for_the_first_poll_is_measured_when_enabled() {
    let metrics = AgentMetrics::builder().task_queue_duration().build().expect("valid");
    let task = waits(&metrics, "queued");
    task.await.expect("it works");
    metrics.track_task("queued").finish(agent_metrics::Status::Success);
    let samples = samples(&metrics);
    assert_eq!(
        samples.value("agent_task_queue_duration_seconds_count{task_type=\"queued\"}"),
        1.0,
        "no guard"
    );
    assert!(samples.value("agent_task_queue_duration_seconds_sum{task_type=\"queued\"}") > 0.0);
    let usual = build();
    waits(&usual, "queued").await.expect("it works");
    assert!(!usual.to_text().contains("agent_task_queue_duration_seconds"));
}
