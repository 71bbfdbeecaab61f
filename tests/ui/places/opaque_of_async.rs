//! Async: a value that doesn't fulfil the returned `impl Trait` is reported.
use agent_metrics::track_tool;

#[track_tool]
async fn items() -> impl Iterator<Item = u8> {
    vec!["text"].into_iter()
}

fn main() {}
