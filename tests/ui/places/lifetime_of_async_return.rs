//! A result of an early `return` that doesn't live long enough, async.
use agent_metrics::track_tool;

#[track_tool]
async fn early<'a>(first: &'a str, second: &str) -> &'a str {
    if first.len() > 3 {
        return second;
    }
    first
}

fn main() {}
