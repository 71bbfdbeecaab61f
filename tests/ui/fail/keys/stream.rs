//! `stream` on a function that doesn't return a stream, or together with `timeout`, is an error; so is a stream without it.
use agent_metrics::{track_step, track_tool};

#[track_tool(stream)]
async fn value() -> u8 {
    1
}

#[track_tool(stream)]
fn nothing() {}

#[track_tool(stream, timeout = "5s")]
async fn limited() -> Result<impl futures_util::Stream<Item = u8>, String> {
    Ok(futures_util::stream::iter([1]))
}

#[track_tool(stream = true)]
fn given() -> impl futures_util::Stream<Item = u8> {
    futures_util::stream::iter([1])
}

#[track_tool(stream = unboxed)]
fn misspelled() -> impl futures_util::Stream<Item = u8> {
    futures_util::stream::iter([1])
}

// The call would end before the stream.
#[track_tool]
fn unmeasured() -> impl futures_util::Stream<Item = u8> {
    futures_util::stream::iter([1])
}

struct Provider;

#[async_trait::async_trait]
trait Chat {
    async fn chat(&self) -> Result<futures_util::stream::BoxStream<'static, u8>, String>;
}

#[async_trait::async_trait]
impl Chat for Provider {
    #[agent_metrics::track_llm(model = "m", usage = in_body)]
    async fn chat(&self) -> Result<futures_util::stream::BoxStream<'static, u8>, String> {
        Err(String::new())
    }
}

#[track_step(stream)]
fn step() {}

fn main() {}
