//! A function with a timeout needs an error that can be made from `TimedOut`, not any error.
use agent_metrics::track_tool;

#[track_tool(timeout = "5s")]
async fn other_error() -> Result<u8, std::num::ParseIntError> {
    "1".parse()
}

fn main() {}
