//! An unsafe call outside of an `unsafe` block is reported at the call.
use agent_metrics::track_tool;

unsafe fn danger() -> u8 {
    1
}

#[track_tool]
async fn call() -> u8 {
    danger()
}

#[track_tool]
fn call_sync() -> u8 {
    danger()
}

fn main() {}
