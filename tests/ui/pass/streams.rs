//! With the key `stream` a call lasts until its stream ends: plain or in a `Result`, sync or async, boxed.

use std::pin::Pin;

use super::calls::{poll_once, ready, task, tool};
use agent_metrics::{track_task, track_tool};
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
