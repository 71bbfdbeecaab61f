//! One build reports every wrong key of an attribute, each at its token.
use agent_metrics::{track_llm, track_task, track_tool};

#[track_tool(tool_nam = "x", status, crate = "x", tool_name = 5)]
fn several() {}

#[track_task(task_type = "a", task_type = "b")]
fn repeated() {}

#[track_llm]
fn missing() -> agent_metrics::Usage {
    agent_metrics::Usage::default()
}

#[track_tool(tool_name = "")]
fn empty() {}

fn main() {
    // The functions are kept, so that calls to them add no errors.
    several();
    repeated();
    empty();
    let _ = missing();
}
