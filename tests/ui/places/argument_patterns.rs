//! An argument's pattern that doesn't fit its type is reported at the pattern.
use agent_metrics::track_tool;

#[track_tool]
async fn tuple((a, b, c): (u8, u8)) -> u8 {
    a
}

#[track_tool]
fn tuple_sync((a, b, c): (u8, u8)) -> u8 {
    a
}

fn main() {}
