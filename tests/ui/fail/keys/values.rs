//! A value of the wrong type is one error, at the value.
use agent_metrics::{CallLabels, LabelValue, Status, track, track_llm, track_task, track_tool};

#[derive(Debug)]
enum AppError {
    Down,
}

#[derive(Clone, Copy, LabelValue)]
enum Index {
    Docs,
}

#[derive(Clone, Copy, CallLabels)]
#[calls(name = "lookup")]
struct Lookup {
    index: Index,
}

#[track_tool(timeout = "5s")]
async fn no_timeout() -> Result<u8, AppError> {
    Ok(1)
}

#[track_tool(budget)]
async fn no_budget() -> Result<u8, AppError> {
    Ok(1)
}

#[track_tool(budget)]
fn no_budget_sync() -> Result<u8, AppError> {
    Ok(1)
}

#[track_tool(cost = |_| 5)]
async fn cost() -> Result<u8, String> {
    Ok(1)
}

#[track_llm(model = "m", usage = |_| 5)]
async fn usage() -> Result<u8, String> {
    Ok(1)
}

#[track_task(status = Status::Success)]
async fn status() -> Result<u8, String> {
    Ok(1)
}

#[track_task(status = |n| *n > 1)]
fn status_value() -> u8 {
    1
}

#[track_task(status = |ok| if *ok { Status::Success } else { Status::Failure })]
fn failure() -> bool {
    true
}

#[track(Lookup, index = "docs")]
fn literal() {}

fn main() {}
