//! Mistakes in calls of a tracked function are reported at the caller.
use agent_metrics::track_tool;

use std::rc::Rc;

#[track_tool]
async fn holds_an_rc(number: Rc<u8>) -> u8 {
    std::future::ready(()).await;
    *number
}

#[track_tool]
async fn borrows(text: &str) -> usize {
    text.len()
}

#[track_tool]
fn two_sync(first: u8, second: &str) -> u8 {
    first
}

fn sends(_: impl Send) {}

fn lasts(_: impl Send + 'static) {}

fn caller() -> u8 {
    sends(holds_an_rc(Rc::new(1)));
    two_sync("text", 1);
    two_sync(1);
    two_sync(1, "")
}

fn other_caller() -> u8 {
    let number: String = two_sync(1, "");
    1
}

fn borrowing_caller() {
    let text = String::new();
    lasts(borrows(&text));
}

fn main() {}
