//! A last expression of the wrong type is reported at the expression.
use agent_metrics::track_tool;

#[track_tool]
async fn literal() -> u8 {
    "text"
}

#[track_tool]
fn literal_sync() -> u8 {
    let _ = 1;
    "text"
}

#[track_tool]
async fn in_ok() -> Result<u8, String> {
    Ok("text")
}

#[track_tool]
fn in_ok_sync() -> Result<u8, String> {
    Ok("text")
}

#[track_tool]
async fn borrowed(text: &str) -> String {
    text
}

#[track_tool]
fn borrowed_sync(text: &str) -> String {
    text
}

#[track_tool]
async fn in_branch(number: u8) -> u8 {
    if number > 1 { number } else { "text" }
}

#[track_tool]
fn in_arm_sync(number: u8) -> u8 {
    match number {
        0 => 1,
        _ => "text",
    }
}

fn main() {}
