//! A `continue` outside of a loop, not async.
use agent_metrics::track_tool;

#[track_tool]
fn outside_a_loop_sync() {
    continue;
}

fn main() {}
