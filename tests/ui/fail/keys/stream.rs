//! `stream` on a function that doesn't return a stream, or together with `timeout`, is an error.
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

#[track_step(stream)]
fn step() {}

fn main() {}
