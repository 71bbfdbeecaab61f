//! A type error in the body of a tracked function is located at the user's expression.
use agent_metrics::track_tool;

#[track_tool]
async fn wrong_value() -> Result<u8, String> {
    Ok("text")
}

#[track_tool]
fn wrong_return() -> u8 {
    "text"
}

fn main() {}
