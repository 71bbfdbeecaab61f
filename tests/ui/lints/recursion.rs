//! The warning about a function that calls itself unconditionally is lost.
#![allow(unused_imports)] // Without the attribute, its name is unused.
use agent_metrics::track_tool;

#[track_tool]
fn endless_sync() -> u8 {
    endless_sync()
}

fn main() {
    endless_sync();
}
