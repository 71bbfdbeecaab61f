//! A literal out of range is reported at the literal.
use agent_metrics::track_tool;

#[track_tool]
async fn literal() -> u8 {
    256
}

#[track_tool]
fn literal_sync() -> u8 {
    256
}

fn main() {}
