//! A value that doesn't fulfil the returned `impl Trait` is reported.
use agent_metrics::track_tool;

#[track_tool]
fn items_sync() -> impl Iterator<Item = u8> {
    vec!["text"].into_iter()
}

#[track_tool]
fn number_sync() -> impl std::fmt::Display {
    vec![1]
}

fn main() {}
