//! Uses of deprecated items are reported in tracked functions, and for deprecated functions that are tracked.
#![allow(unused_imports)] // Without the attribute, its name is unused.
use agent_metrics::track_tool;

#[deprecated(note = "it is old")]
#[track_tool]
async fn old() {}

#[track_tool]
#[deprecated]
fn old_sync() {}

#[track_tool]
async fn calls() {
    old().await;
    old_sync();
}

#[track_tool]
fn calls_sync() {
    old_sync();
}

#[deprecated]
struct Old;

#[track_tool]
async fn takes(_: Old) {}

fn main() {
    drop(calls());
    calls_sync();
    drop(takes);
}
