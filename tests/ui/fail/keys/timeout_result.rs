//! A function with a timeout needs a `Result`, to say that it passed.
use agent_metrics::track_tool;

#[track_tool(timeout = "5s")]
async fn without_a_result() -> u8 {
    1
}

fn main() {}
