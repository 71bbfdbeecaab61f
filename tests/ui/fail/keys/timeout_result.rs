//! A function with a timeout must return a `Result`, since the timeout is returned as an error.
use agent_metrics::track_tool;

#[track_tool(timeout = "5s")]
async fn without_a_result() -> u8 {
    1
}

fn main() {}
