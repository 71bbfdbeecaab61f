//! With `#[must_use]` on an async function an unused future is reported; for an unused output that is lost.
#![allow(unused_imports)] // Without the attribute, its name is unused.
use agent_metrics::track_tool;

#[must_use]
#[track_tool]
async fn needed() -> u8 {
    1
}

async fn caller() {
    needed().await;
    needed();
}

fn main() {
    drop(caller());
}
