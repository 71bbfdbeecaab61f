//! A last expression that doesn't live long enough is reported at the expression.
use agent_metrics::track_tool;

#[track_tool]
async fn other_argument<'a>(first: &'a str, second: &str) -> &'a str {
    let _ = first;
    second
}

#[track_tool]
fn other_argument_sync<'a>(first: &'a str, second: &str) -> &'a str {
    let _ = first;
    second
}

#[track_tool]
async fn local() -> &'static str {
    let text = String::new();
    &text
}

#[track_tool]
fn local_sync() -> &'static str {
    let text = String::new();
    text.as_str()
}

#[track_tool]
async fn kept<'a>(all: &mut Vec<&'a str>, text: &str) {
    all.push(text);
}

#[track_tool]
async fn not_static(text: &str) -> &'static str {
    for _ in 0..3 {}
    text
}

#[track_tool]
async fn over_lines<'a>(first: &'a [u8], second: &[u8]) -> std::slice::Iter<'a, u8> {
    let _ = first;
    second
        .iter()
}

fn main() {}
