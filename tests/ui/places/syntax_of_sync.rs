//! A body that doesn't parse, not async.
use agent_metrics::track_tool;

#[track_tool]
fn keyword() -> u8 {
    let let = 1;
    2
}

fn caller() -> u8 {
    keyword()
}

fn main() {}
