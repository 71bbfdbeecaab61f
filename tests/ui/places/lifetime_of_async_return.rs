//! Async: an early `return` of a reference that doesn't live long enough is reported there.
use agent_metrics::track_tool;

#[track_tool]
async fn early<'a>(first: &'a str, second: &str) -> &'a str {
    if first.len() > 3 {
        return second;
    }
    first
}

fn main() {}
