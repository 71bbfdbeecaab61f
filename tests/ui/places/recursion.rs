//! An async function that contains its own future is reported, at the body instead of the signature.
use agent_metrics::track_tool;

#[track_tool]
async fn recursive(number: u8) -> u8 {
    if number == 0 { 0 } else { recursive(number - 1).await }
}

fn main() {}
