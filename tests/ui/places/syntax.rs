//! A body that doesn't parse; the function is still there for its callers.
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
