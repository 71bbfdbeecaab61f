//! A last expression in a function that returns nothing, and a missing one, are reported.
use agent_metrics::track_tool;

#[track_tool]
async fn unexpected() {
    5
}

#[track_tool]
fn unexpected_sync() {
    5
}

#[track_tool]
async fn missing(number: u8) -> u8 {
    number;
}

#[track_tool]
fn missing_sync(number: u8) -> u8 {
    number;
}

#[track_tool]
async fn empty() -> Result<u8, String> {}

#[track_tool]
fn empty_sync() -> Result<u8, String> {}

#[track_tool]
async fn if_without_else(number: u8) -> u8 {
    if number > 1 {
        number
    }
}

fn main() {}
