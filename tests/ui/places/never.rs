//! A function with the return type `!` that returns is reported.
use agent_metrics::track_tool;

#[track_tool]
fn returns_sync() -> ! {
    let _ = 1;
}

fn main() {}
