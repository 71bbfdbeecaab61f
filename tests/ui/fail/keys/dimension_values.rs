//! A dimension that isn't a closed label is an error at its value.
use agent_metrics::{track_task, track_tool};

#[track_task(dimensions(tier))]
fn text(tier: &str) {}

#[track_tool(dimensions("gold"))]
fn literal() {}

fn main() {}
