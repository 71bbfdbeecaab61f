//! `impl Trait` of an async function that isn't what it says.
use agent_metrics::track_tool;

#[track_tool]
async fn items() -> impl Iterator<Item = u8> {
    vec!["text"].into_iter()
}

fn main() {}
