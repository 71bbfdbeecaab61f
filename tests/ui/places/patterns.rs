//! A `match` or `let` that doesn't cover all values is reported.
use agent_metrics::track_tool;

enum Kind {
    First,
    Second,
}

#[track_tool]
async fn arms(kind: Kind) -> u8 {
    match kind {
        Kind::First => 1,
    }
}

#[track_tool]
fn arms_sync(kind: Kind) -> u8 {
    match kind {
        Kind::First => 1,
    }
}

#[track_tool]
async fn refutable_let(number: Option<u8>) -> u8 {
    let Some(number) = number;
    number
}

#[track_tool]
fn refutable_let_sync(number: Option<u8>) -> u8 {
    let Some(number) = number;
    number
}

fn main() {}
