//! A function with a timeout must return an error type that implements `From<TimedOut>`.
use agent_metrics::track_tool;

#[track_tool(timeout = "5s")]
async fn other_error() -> Result<u8, std::num::ParseIntError> {
    "1".parse()
}

fn main() {}
