//! A `break` outside of a loop or to an unknown label is reported at the `break`.
use agent_metrics::track_tool;

#[track_tool]
async fn outside_a_loop() {
    break;
}

#[track_tool]
async fn label() {
    loop {
        break 'nowhere;
    }
}

fn main() {}
