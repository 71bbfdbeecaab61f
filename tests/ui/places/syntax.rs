//! Async: a syntax error in the body is the only error; callers still find the function.
use agent_metrics::track_tool;

#[track_tool]
async fn operator() -> u8 {
    let number = 1 +;
    number
}

fn caller() -> u8 {
    drop(operator());
    1
}

fn main() {}
