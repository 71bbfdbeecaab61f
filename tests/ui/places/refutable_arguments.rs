//! An argument's pattern that doesn't cover all values is reported at the pattern.
use agent_metrics::track_tool;

#[track_tool]
async fn option(Some(number): Option<u8>) -> u8 {
    number
}

#[track_tool]
fn option_sync(Some(number): Option<u8>) -> u8 {
    number
}

fn main() {}
