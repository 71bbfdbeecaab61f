//! `usage` is a key of `#[track_llm]` only; in other attributes it is an unknown key.
use agent_metrics::{CallLabels, track, track_step, track_task, track_tool};

#[track_tool(usage = |_| agent_metrics::Usage::default())]
fn tool() {}

#[track_task(task_type = "a", usage = in_body)]
async fn task() {}

#[track_step(usage = in_body)]
fn step() {}

#[derive(Clone, Copy, CallLabels)]
#[calls(name = "lookup")]
struct Lookup {}

#[track(Lookup, usage = in_body)]
fn family() {}

fn main() {
    tool();
    step();
}
