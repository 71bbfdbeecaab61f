//! `budget = ..` is for tasks; on tools and LLM calls `budget` takes no value, and steps don't have the key.
use agent_metrics::{Budget, track_llm, track_step, track_task, track_tool};

#[track_task(budget)]
fn word() {}

#[track_tool(budget = budget)]
fn of_a_tool(budget: &Budget) {}

#[track_llm(model = "m", usage = in_body, budget())]
fn nested() {}

#[track_step(budget)]
fn step() {}

fn main() {}
