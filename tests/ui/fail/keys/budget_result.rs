//! A function with `budget` must return a `Result` whose error can be made from `BudgetSpent`.
use agent_metrics::{Budget, track_llm, track_task, track_tool};

#[track_task(budget = budget)]
async fn no_result(budget: &Budget) -> u8 {
    1
}

#[track_tool(budget)]
fn no_such_error() -> Result<u8, std::fmt::Error> {
    Ok(1)
}

#[track_llm(model = "m", usage = in_body, budget)]
async fn nothing() {}

#[track_task(budget = 5.0)]
async fn no_budget() -> Result<u8, Box<dyn std::error::Error + Send + Sync>> {
    Ok(1)
}

fn main() {}
