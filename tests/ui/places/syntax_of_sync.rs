//! Not async: a syntax error in the body is the only error; callers still find the function.
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
