//! With the key `stream` a call lasts until its stream ends: plain or in a `Result`, sync or async, boxed.

use std::future::Future;
use std::pin::Pin;

use super::calls::{poll_once, ready, task, tool};
use agent_metrics::{track_task, track_tool};
use futures_util::future::FutureExt as _;
use futures_util::stream::{self, Stream, StreamExt as _};

#[track_tool(stream)]
fn plain_stream<T: Copy>(first: T, count: usize) -> impl Stream<Item = T> {
    stream::repeat(first).take(count)
}

#[track_tool(stream)]
fn stream_or_error(count: usize) -> Result<impl Stream<Item = usize> + Unpin, String> {
    if count > 2 {
        return Err("too many".to_owned());
    }
    Ok(stream::iter(0..count))
}

struct Agent {
    count: u8,
}

impl Agent {
    #[track_task(task_type = "stream_of_self", stream)]
    async fn answer<'a>(
        &'a self,
        words: &'a [&'a str],
    ) -> Result<impl Stream<Item = Result<String, String>> + 'a, String> {
        let count = self.count;
        Ok(stream::iter(words).map(move |word| match count {
            0 => Err("none".to_owned()),
            count => Ok(format!("{word}{count}")),
        }))
    }

    #[track_task(task_type = "boxed_stream", stream)]
    fn boxed(&self) -> Pin<Box<dyn Stream<Item = u8> + Send + '_>> {
        Box::pin(stream::once(async move { self.count }))
    }
}

#[async_trait::async_trait]
trait Provider {
    async fn chat_stream(&self, count: u8) -> Result<stream::BoxStream<'static, u8>, String>;

    #[track_task(task_type = "stream_of_a_default", stream)]
    async fn words<'a>(&'a self, text: &'a str) -> stream::BoxStream<'a, &'a str>
    where
        Self: Sync,
    {
        stream::iter(text.split(' ')).boxed()
    }
}

struct Model;

#[async_trait::async_trait]
impl Provider for Model {
    #[track_task(stream, task_type = "stream_of_async_trait")]
    async fn chat_stream(&self, count: u8) -> Result<stream::BoxStream<'static, u8>, String> {
        std::future::ready(()).await;
        if count == 0 {
            return Err("none".to_owned());
        }
        Ok(stream::iter(0..count).boxed())
    }
}

#[track_tool(stream)]
fn stream_in_a_future(
    count: u8,
) -> impl Future<Output = Result<Pin<Box<dyn Stream<Item = u8> + Send>>, String>> {
    async move { Ok(stream::iter(0..count).boxed()) }
}

#[track_tool(stream)]
fn stream_in_a_box(count: u8) -> futures_util::future::BoxFuture<'static, impl Stream<Item = u8>> {
    Box::pin(async move { stream::iter(0..count) })
}

#[track_tool(stream)]
fn stream_boxed_by_a_method(
    count: u8,
) -> futures_util::future::LocalBoxFuture<'static, impl Stream<Item = u8>> {
    async move { stream::iter(0..count) }.boxed_local()
}

type Answer<'a> = Pin<Box<dyn Stream<Item = Result<&'a str, String>> + Send + 'a>>;

#[track_tool(stream = boxed)]
async fn stream_of_an_alias(text: &str) -> Result<Answer<'_>, String> {
    Ok(Box::pin(stream::iter(text.split(' ')).map(Ok)))
}

#[track_tool(stream = boxed, status = |part: &Result<&str, String>| part.clone().map_or(agent_metrics::Status::Error, |_| agent_metrics::Status::Success))]
fn stream_of_an_alias_sync(text: &str) -> Answer<'_> {
    Box::pin(stream::iter(text.split(' ')).map(|_| Err(String::new())))
}

#[track_tool(status = |_| agent_metrics::Status::Success)]
fn opening_only(count: u8) -> impl Stream<Item = u8> {
    stream::iter(0..count)
}

#[test]
fn streams_of_futures_are_counted_when_they_end() {
    let count = |stream: stream::BoxStream<'static, u8>| stream.count();
    let stream = ready(Model.chat_stream(3)).expect("a stream");
    assert_eq!(task("stream_of_async_trait").awaited("success", count(stream)), 3);
    assert!(ready(Model.chat_stream(0)).is_err());
    assert!(task("stream_of_async_trait").so_far().contains(&("failure".to_owned(), 1)));
    let words = ready(Model.words("a b"));
    assert_eq!(task("stream_of_a_default").awaited("success", words.count()), 2);
    let stream = ready(stream_in_a_future(2)).expect("a stream");
    assert_eq!(tool("stream_in_a_future").awaited("success", count(stream)), 2);
    let stream = ready(stream_in_a_box(2));
    assert_eq!(tool("stream_in_a_box").awaited("success", stream.count()), 2);
    let stream = ready(stream_boxed_by_a_method(2));
    assert_eq!(tool("stream_boxed_by_a_method").awaited("success", stream.count()), 2);
    let answer = ready(stream_of_an_alias("a b c")).expect("a stream");
    assert_eq!(tool("stream_of_an_alias").awaited("success", answer.count()), 3);
    let answer = stream_of_an_alias_sync("a b c");
    assert_eq!(tool("stream_of_an_alias_sync").awaited("error", answer.count()), 3);
    let stream = tool("opening_only").called("success", || opening_only(2));
    assert_eq!(ready(stream.count()), 2);
}

#[test]
fn streams_are_counted_when_they_end() {
    let stream = plain_stream('a', 3);
    let items: Vec<_> = tool("plain_stream").awaited("success", stream.collect::<Vec<_>>());
    assert_eq!(items, ['a', 'a', 'a']);
    let count = tool("stream_or_error").called("error", || stream_or_error(3).map(drop).is_err());
    assert!(count);
    assert!(poll_once(stream_or_error(1).expect("few enough").next()).is_ready());
    let cancelled = ("cancelled".to_owned(), 1);
    assert!(tool("stream_or_error").so_far().contains(&cancelled), "dropped before its end");
    let agent = Agent { count: 0 };
    let answer = ready(agent.answer(&["a", "b"])).expect("a stream");
    let answers = task("stream_of_self").awaited("failure", answer.collect::<Vec<_>>());
    assert_eq!(answers.len(), 2);
    assert_eq!(task("boxed_stream").awaited("success", agent.boxed().collect::<Vec<_>>()), [0]);
}
