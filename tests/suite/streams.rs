//! A call with the key `stream` lasts until its stream ends, fails or is dropped.

use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};

use agent_metrics::{
    AgentMetrics, Call, LabelValue, Status, TokenUsage, Usage, track_llm, track_step, track_task, track_tool,
};
use agent_metrics_tests::{ToolError, build, samples, tools};
use futures_util::stream::{self, BoxStream, Stream, StreamExt as _};

/// A part of a response; the last one has the usage of all.
struct Chunk {
    text: &'static str,
    usage: Option<Usage>,
}

impl TokenUsage for Chunk {
    fn token_usage(&self) -> Option<Usage> {
        self.usage
    }

    fn served_model(&self) -> Option<&str> {
        Some("served")
    }

    fn finish_reason(&self) -> Option<&str> {
        self.usage.map(|_| "stop")
    }
}

/// Three parts with waits in between; the third fails or reports the usage.
fn chunks(fails: bool) -> impl Stream<Item = Result<Chunk, ToolError>> {
    stream::iter(0..3).then(move |number| async move {
        tokio::task::yield_now().await;
        match number {
            2 if fails => Err(ToolError::Slow),
            2 => Ok(Chunk { text: "c", usage: Some(Usage::new(100, 11)) }),
            _ => Ok(Chunk { text: "ab", usage: None }),
        }
    })
}

#[track_llm(model = "streamed", stream, metrics = metrics)]
async fn asked(
    metrics: &AgentMetrics,
    refused: bool,
    fails: bool,
) -> Result<impl Stream<Item = Result<Chunk, ToolError>>, ToolError> {
    tokio::task::yield_now().await;
    if refused {
        return Err(ToolError::Io(std::io::ErrorKind::ConnectionRefused.into()));
    }
    Ok(chunks(fails))
}

fn calls(metrics: &AgentMetrics, status: &str) -> f64 {
    samples(metrics).sum("agent_llm_calls_total", &[("model", "streamed"), ("status", status)])
}

#[tokio::test]
async fn a_streamed_call_is_measured_to_its_end() {
    let metrics = build();
    assert!(asked(&metrics, true, false).await.is_err());
    assert_eq!(calls(&metrics, "unavailable"), 1.0);

    let answer = asked(&metrics, false, false).await.expect("not refused");
    assert_eq!(samples(&metrics).sum("agent_llm_calls_in_progress", &[]), 1.0, "it goes on in its stream");
    let texts: Vec<_> = pin!(answer).map(|chunk| chunk.expect("no failure").text).collect().await;
    assert_eq!(texts, ["ab", "ab", "c"]);
    let ended = samples(&metrics);
    assert_eq!((calls(&metrics, "success"), ended.sum("agent_llm_calls_in_progress", &[])), (1.0, 0.0));
    let of = |name: &str| ended.sum(name, &[("model", "streamed")]);
    assert_eq!(of("agent_llm_tokens_total"), 111.0);
    assert_eq!((of("agent_llm_time_to_first_token_seconds_count"), of("agent_llm_finish_total")), (1.0, 1.0));
    assert_eq!(of("agent_llm_time_per_output_token_seconds_count"), 1.0);
    assert_eq!((of("agent_llm_served_model_total"), of("agent_llm_usage_missing_total")), (1.0, 0.0));

    let mut failing = pin!(asked(&metrics, false, true).await.expect("not refused"));
    while let Some(Ok(_)) = failing.next().await {}
    assert_eq!(calls(&metrics, "timeout"), 0.0, "it may go on yet");
    assert!(failing.next().await.is_none() && failing.next().await.is_none());
    assert_eq!(calls(&metrics, "timeout"), 1.0);
}

#[tokio::test]
async fn a_stream_may_be_dropped_after_any_item() {
    let metrics = build();
    for taken in 0..=3 {
        let mut answer = Box::pin(asked(&metrics, false, false).await.expect("not refused"));
        for _ in 0..taken {
            answer.next().await.expect("an item").expect("no failure");
        }
        drop(answer);
        let dropped = samples(&metrics);
        assert_eq!(calls(&metrics, "cancelled"), f64::from(taken + 1), "after {taken}");
        assert_eq!(dropped.sum("agent_llm_calls_in_progress", &[]), 0.0);
        // The usage is known only with the last item.
        let missing = f64::from((taken + 1).min(3));
        assert_eq!(dropped.sum("agent_llm_usage_missing_total", &[("model", "streamed")]), missing);
        let used = if taken == 3 { 111.0 } else { 0.0 };
        assert_eq!(dropped.sum("agent_llm_tokens_total", &[]), used, "after {taken}");
    }
    // A consumer that stops at an error doesn't cancel the call.
    let mut failing = Box::pin(asked(&metrics, false, true).await.expect("not refused"));
    while let Some(Ok(_)) = failing.next().await {}
    drop(failing);
    assert_eq!((calls(&metrics, "timeout"), calls(&metrics, "cancelled")), (1.0, 4.0));
}

#[derive(Clone, Copy, LabelValue)]
enum Kind {
    Chat,
}

#[track_step]
async fn step() {}

#[track_tool(metrics = metrics, stream)]
fn numbers(metrics: &AgentMetrics, count: u8) -> impl Stream<Item = u8> + use<> {
    stream::iter(0..count)
}

#[track_tool(metrics = metrics, stream, status = |number: &u8| match number {
    3 => Status::Error,
    _ => Status::Success,
})]
fn judged(metrics: &AgentMetrics, count: u8) -> Result<BoxStream<'static, u8>, ToolError> {
    if count == 0 { Err(ToolError::Slow) } else { Ok(stream::iter(0..count).boxed()) }
}

#[track_task(task_type = Kind::Chat, stream, metrics = metrics)]
async fn chat(metrics: &AgentMetrics, count: u8) -> Pin<Box<dyn Stream<Item = u8> + Send>> {
    step().await;
    Box::pin(numbers(metrics, count).then(|number| async move {
        step().await;
        tokio::task::yield_now().await;
        number
    }))
}

#[tokio::test]
async fn the_ledger_of_a_streaming_task_stays_open_until_the_stream_ends() {
    let metrics = build();
    let stream = chat(&metrics, 3).await;
    assert_eq!(samples(&metrics).value("agent_active_tasks"), 1.0);
    step().await; // outside of the task, while its stream waits
    assert_eq!(stream.collect::<Vec<_>>().await, [0, 1, 2]);
    let ended = samples(&metrics);
    assert_eq!(ended.value("agent_active_tasks"), 0.0);
    assert_eq!(ended.value("agent_steps_per_task_sum{task_type=\"chat\"}"), 4.0);
    assert_eq!(tools(&metrics, "numbers", "success"), 1.0);
}

#[tokio::test]
async fn every_kind_of_stream_is_tracked() {
    let metrics = build();
    drop(numbers(&metrics, 1)); // never polled: never a call
    assert_eq!(samples(&metrics).sum("agent_tool_calls_total", &[]), 0.0);
    assert!(judged(&metrics, 0).is_err());
    assert_eq!(tools(&metrics, "judged", "timeout"), 1.0);
    for count in [2, 5] {
        let items = judged(&metrics, count).unwrap_or_else(|_| unreachable!("some")).count().await;
        assert_eq!(items, usize::from(count));
    }
    assert_eq!((tools(&metrics, "judged", "success"), tools(&metrics, "judged", "error")), (1.0, 1.0));
    assert_eq!(numbers(&metrics, 7).size_hint(), (7, Some(7)));
}

#[track_llm(model = "in_body", stream, usage = in_body, metrics = metrics)]
fn reporting(metrics: &AgentMetrics, panics: bool) -> impl Stream<Item = &'static str> + use<> {
    stream::iter(["a", "b"]).inspect(move |text| {
        Call::current().usage(&Usage::new(10, 2)).finish_reason(text);
        assert!(!panics || *text == "a", "as it should");
    })
}

#[test]
fn calls_made_by_a_stream_belong_to_its_call() {
    let metrics = build();
    let mut cx = Context::from_waker(Waker::noop());
    let (mut first, mut second) = (pin!(reporting(&metrics, false)), pin!(reporting(&metrics, false)));
    for _ in 0..3 {
        assert!(
            first.as_mut().poll_next(&mut cx).is_ready() && second.as_mut().poll_next(&mut cx).is_ready()
        );
    }
    let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        let mut third = pin!(reporting(&metrics, true));
        while let Poll::Ready(Some(_)) = third.as_mut().poll_next(&mut Context::from_waker(Waker::noop())) {}
    }));
    assert!(panicked.is_err());
    let ended = samples(&metrics);
    let of = |name: &str, label| ended.sum(name, &[("model", "in_body"), label]);
    assert_eq!(of("agent_llm_tokens_total", ("direction", "input")), 30.0);
    assert_eq!(of("agent_llm_finish_total", ("reason", "b")), 3.0);
    assert_eq!(of("agent_llm_calls_total", ("status", "success")), 2.0);
    assert_eq!(of("agent_llm_calls_total", ("status", "panicked")), 1.0);
}

#[tokio::test]
async fn a_stream_tracked_by_hand_is_recorded() {
    use agent_metrics::StreamExt as _;
    let metrics = build();
    let texts = stream::iter(["a", "b", "refused"]).tracked_llm(&metrics, "by hand", |text, facts| {
        facts.set_response(&Usage::new(7, 3));
        if *text == "refused" {
            facts.set_status(Status::ContentFiltered);
            panic!("in a callback");
        }
    });
    let task = texts.tracked_task(&metrics, "by hand", |_| Status::Success);
    assert_eq!(task.collect::<Vec<_>>().await, ["a", "b", "refused"]);
    let ended = samples(&metrics);
    let calls = "agent_llm_calls_total{model=\"by hand\",status=\"content_filtered\"}";
    assert_eq!((ended.value(calls), ended.value("agent_metrics_callback_panics_total")), (1.0, 1.0));
    assert_eq!(ended.value("agent_task_tokens_sum{direction=\"input\",task_type=\"by hand\"}"), 7.0);
    assert_eq!(ended.sum("agent_llm_orphan_calls_total", &[]), 0.0, "the task is around it");
}
