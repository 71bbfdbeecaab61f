//! A missing semicolon is reported where it is missing.
use agent_metrics::track_tool;

#[track_tool]
async fn semicolon() -> u8 {
    let number = 1
    number
}

fn main() {}
