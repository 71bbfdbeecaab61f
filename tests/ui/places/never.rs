//! A function that must not return, and does.
use agent_metrics::track_tool;

#[track_tool]
fn returns_sync() -> ! {
    let _ = 1;
}

fn main() {}
