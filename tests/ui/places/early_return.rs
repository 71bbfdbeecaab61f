//! A `return` of the wrong type is reported at the returned expression.
use agent_metrics::track_tool;

#[track_tool]
async fn early(number: u8) -> u8 {
    if number > 3 {
        return "text";
    }
    number
}

#[track_tool]
fn early_sync(number: u8) -> u8 {
    if number > 3 {
        return "text";
    }
    number
}

#[track_tool]
async fn nothing(number: u8) -> u8 {
    if number > 3 {
        return;
    }
    number
}

#[track_tool]
fn something_sync() {
    return 5;
}

fn main() {}
