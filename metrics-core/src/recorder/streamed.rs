//! Tracked streams: a call lasts until its stream ends or is dropped.

use std::marker::PhantomData;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures_core::Stream;
use pin_project_lite::pin_project;

use super::call::{CallRecorder, DropGuard};
use super::facts::LiveFacts;
use super::reader::{OutputTag, ReadBy, Reader, StatusByClosure};
use super::{LlmCall, TaskCall, TaskHandle};
use crate::faults::FaultReporter;
use crate::instance::AgentMetrics;
use crate::status::Status;
use crate::storage;

pin_project! {
    /// The stream of a tracked call. Each poll runs inside the call, so that work of the stream belongs to the call, and inside
    /// the task that opened the stream, wherever the stream is read. Nothing is buffered, and no item waits for another.
    ///
    /// An item that is an error determines the status of the call. A stream that is dropped before its end, and without an
    /// error, is recorded as `cancelled`.
    pub struct Streamed<C: CallRecorder, R, S, T> {
        observation: DropGuard<C>,
        reader: R,
        // The status according to the items so far.
        status: Status,
        began: bool,
        task: TaskHandle,
        item: PhantomData<fn() -> T>,
        // Emptied at the end, before the end is recorded.
        #[pin]
        stream: Option<S>,
    }

    impl<C: CallRecorder, R, S, T> PinnedDrop for Streamed<C, R, S, T> {
        fn drop(this: Pin<&mut Self>) {
            let mut this = this.project();
            let _in_task = this.task.enter();
            // Values that the stream drops still belong to this call.
            this.observation.clear(|| this.stream.set(None));
            // Most consumers drop the stream after an error: the call then ends with the status of the error.
            if *this.status != Status::Success {
                this.observation.end_waiting(*this.status);
            }
            // The guard is dropped only after this function, and so outside of the task.
            this.observation.end_dropped();
        }
    }
}

impl<C: CallRecorder, R, S, T> Streamed<C, R, S, T> {
    fn new(observation: DropGuard<C>, reader: R, stream: S) -> Self {
        let (status, began, item) = (Status::Success, false, PhantomData);
        Self { observation, reader, status, began, task: TaskHandle::current(), item, stream: Some(stream) }
    }
}

impl<C: ReadBy<R, T>, R, S: Stream<Item = T>, T> Stream for Streamed<C, R, S, T> {
    type Item = T;

    #[inline]
    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<T>> {
        let mut this = self.project();
        let Some(stream) = this.stream.as_mut().as_pin_mut() else { return Poll::Ready(None) };
        let _in_task = this.task.enter();
        let writer = storage::current_shard();
        match this.observation.run(writer, || stream.poll_next(cx)) {
            Poll::Pending => {
                this.observation.wait();
                Poll::Pending
            }
            Poll::Ready(Some(item)) => {
                this.observation.wait();
                if !std::mem::replace(this.began, true) {
                    let elapsed = this.observation.elapsed();
                    this.observation.call.begin_stream(elapsed);
                } else if this.observation.call.times_items() {
                    let elapsed = this.observation.elapsed();
                    this.observation.call.note_item(elapsed);
                }
                let status = this.observation.call.read(this.reader, &item);
                if status != Status::Success {
                    *this.status = status;
                }
                Poll::Ready(Some(item))
            }
            Poll::Ready(None) => {
                let elapsed = this.observation.elapsed();
                this.observation.clear(|| this.stream.set(None));
                this.observation.end(writer, *this.status, elapsed);
                Poll::Ready(None)
            }
        }
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.stream.as_ref().map_or((0, Some(0)), Stream::size_hint)
    }
}

/// Tracks a stream; the call starts when it is first polled.
#[inline]
pub fn track_stream<C, R, S, T, O>(
    call: C,
    stream: S,
    pin: impl FnOnce(OutputTag<T>) -> R,
    give: impl FnOnce(Streamed<C, R, S, T>) -> O,
) -> O
where
    C: ReadBy<R, T>,
    S: Stream<Item = T>,
{
    give(Streamed::new(DropGuard::new(call), pin(OutputTag::NEW), stream))
}

/// Tracks a function that returns a `Result` of a stream; the call starts now.
///
/// # Errors
/// The error of the function.
#[inline]
pub fn try_track_stream<C, R0, R, S, E, T, O>(
    call: C,
    body: impl FnOnce() -> Result<S, E>,
    pin_result: impl FnOnce(OutputTag<Result<S, E>>) -> R0,
    pin: impl FnOnce(OutputTag<T>) -> R,
    give: impl FnOnce(Streamed<C, R, S, T>) -> O,
) -> Result<O, E>
where
    C: ReadBy<R, T> + ReadBy<R0, Result<S, E>>,
    S: Stream<Item = T>,
{
    let mut observation = DropGuard::new(call);
    let result = observation.run(storage::current_shard(), body);
    opened(observation, result, pin_result, pin, give)
}

/// Tracks a future whose output is a stream.
#[inline]
pub fn track_opening<C, R, F, S, T, O>(
    call: C,
    body: F,
    pin: impl FnOnce(OutputTag<T>) -> R,
    give: impl FnOnce(Streamed<C, R, S, T>) -> O,
) -> impl Future<Output = O>
where
    C: ReadBy<R, T>,
    F: Future<Output = S>,
    S: Stream<Item = T>,
{
    let then = move |observation, stream| give(Streamed::new(observation, pin(OutputTag::NEW), stream));
    Opening { observation: Some(DropGuard::new(call)), body: Some(body), then: Some(then) }
}

/// Tracks a future whose output is a `Result` of a stream.
#[inline]
pub fn try_track_opening<C, R0, R, F, S, E, T, O>(
    call: C,
    body: F,
    pin_result: impl FnOnce(OutputTag<Result<S, E>>) -> R0,
    pin: impl FnOnce(OutputTag<T>) -> R,
    give: impl FnOnce(Streamed<C, R, S, T>) -> O,
) -> impl Future<Output = Result<O, E>>
where
    C: ReadBy<R, T> + ReadBy<R0, Result<S, E>>,
    F: Future<Output = Result<S, E>>,
    S: Stream<Item = T>,
{
    let then = move |observation, result| opened(observation, result, pin_result, pin, give);
    Opening { observation: Some(DropGuard::new(call)), body: Some(body), then: Some(then) }
}

/// Continues the call in its stream, or ends it with the error.
fn opened<C, R0, R, S, E, T, O>(
    mut observation: DropGuard<C>,
    result: Result<S, E>,
    pin_result: impl FnOnce(OutputTag<Result<S, E>>) -> R0,
    pin: impl FnOnce(OutputTag<T>) -> R,
    give: impl FnOnce(Streamed<C, R, S, T>) -> O,
) -> Result<O, E>
where
    C: ReadBy<R, T> + ReadBy<R0, Result<S, E>>,
{
    observation.wait();
    match result {
        Ok(stream) => Ok(give(Streamed::new(observation, pin(OutputTag::NEW), stream))),
        Err(error) => {
            let failed: Result<S, E> = Err(error);
            let status = observation.call.read(&pin_result(OutputTag::NEW), &failed);
            observation.end_now(status);
            failed.map(|_| unreachable!("it is an error"))
        }
    }
}

pin_project! {
    /// A future whose call continues in its output.
    struct Opening<C: CallRecorder, F, G> {
        observation: Option<DropGuard<C>>,
        then: Option<G>,
        #[pin]
        body: Option<F>,
    }

    impl<C: CallRecorder, F, G> PinnedDrop for Opening<C, F, G> {
        fn drop(this: Pin<&mut Self>) {
            let mut this = this.project();
            if let Some(observation) = this.observation {
                observation.clear(|| this.body.set(None));
            }
        }
    }
}

impl<C: CallRecorder, F: Future, G: FnOnce(DropGuard<C>, F::Output) -> O, O> Future for Opening<C, F, G> {
    type Output = O;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<O> {
        let mut this = self.project();
        let (Some(observation), Some(body)) = (this.observation.as_mut(), this.body.as_mut().as_pin_mut())
        else {
            panic!("a tracked function's future was polled after it had finished");
        };
        let polled = observation.run(storage::current_shard(), || body.poll(cx));
        observation.wait();
        let output = ready!(polled);
        observation.clear(|| this.body.set(None));
        match (this.observation.take(), this.then.take()) {
            (Some(observation), Some(then)) => Poll::Ready(then(observation, output)),
            _ => unreachable!("both are taken only here"),
        }
    }
}

/// Moves a stream to a box.
pub fn box_stream<S>(stream: S) -> Pin<Box<S>> {
    Box::pin(stream)
}

/// Reads each item with the user's closure.
pub struct ByFacts<F>(F);

impl<T, F: Fn(&T, &mut LiveFacts)> Reader<T> for ByFacts<F> {
    /// Returns success: the closure reports a status as a fact.
    fn status(&self, _: &T, _: &FaultReporter) -> Status {
        Status::Success
    }

    fn facts(&self, item: &T, facts: &mut LiveFacts, faults: &FaultReporter) {
        let _ = faults.caught(|| (self.0)(item, facts));
    }
}

/// A stream that is tracked as an LLM call; see [`StreamExt::tracked_llm`].
pub type LlmStream<S, F> = Streamed<LlmCall, ByFacts<F>, S, <S as Stream>::Item>;

/// A stream that is tracked as a task; see [`StreamExt::tracked_task`].
pub type TaskStream<S, F> = Streamed<TaskCall, StatusByClosure<F>, S, <S as Stream>::Item>;

/// Tracking for streams that no tracked function returns, such as the body of a response.
///
/// ```
/// use agent_metrics::{StreamExt as _, Usage};
/// # fn answer() -> impl futures_util::Stream<Item = &'static str> { futures_util::stream::iter(["hi", "[done]"]) }
///
/// let metrics = agent_metrics::global();
/// let answer = answer().tracked_llm(metrics, "gemini-2.0-flash", |part, facts| {
///     if *part == "[done]" {
///         facts.set_response(&Usage::new(1200, 80));
///     }
/// });
/// ```
pub trait StreamExt: Stream + Sized {
    /// Tracks the stream as an LLM call. `read` is called with each item and reports the facts that the item contains.
    fn tracked_llm<F: Fn(&Self::Item, &mut LiveFacts)>(
        self,
        metrics: &AgentMetrics,
        model: &str,
        read: F,
    ) -> LlmStream<Self, F> {
        let observation = DropGuard::new(LlmCall::by_hand(metrics, model));
        Streamed::new(observation, ByFacts(read), self)
    }

    /// Tracks the stream as a task. `status` is called with each item; a status other than success becomes the status of
    /// the task.
    fn tracked_task<F: Fn(&Self::Item) -> Status>(
        self,
        metrics: &AgentMetrics,
        task_type: &str,
        status: F,
    ) -> TaskStream<Self, F> {
        let observation = DropGuard::new(TaskCall::by_hand(metrics, task_type));
        Streamed::new(observation, StatusByClosure(status), self)
    }
}

impl<S: Stream> StreamExt for S {}

debug_by_name! {
    Streamed [C: CallRecorder, R, S, T] [C, R, S, T];
    ByFacts [F] [F];
}
