//! What is no closed set is no dimension: the error is on the value.
use agent_metrics::{track_task, track_tool};

#[track_task(dimensions(tier))]
fn text(tier: &str) {}

#[track_tool(dimensions("gold"))]
fn literal() {}

fn main() {}
