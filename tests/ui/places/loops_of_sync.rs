//! Not async: a `continue` outside of a loop is reported at the `continue`, with another error code.
use agent_metrics::track_tool;

#[track_tool]
fn outside_a_loop_sync() {
    continue;
}

fn main() {}
