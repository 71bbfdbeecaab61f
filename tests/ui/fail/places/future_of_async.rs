//! An `async fn` that returns a future which it does not await is refused: the call would end before the future does.
use agent_metrics::track_tool;
use std::future::{Ready, ready};

#[track_tool]
async fn start() -> Ready<u8> {
    ready(1)
}

fn main() {}
