//! `usage` takes a closure that returns a `Usage`, or `in_body`; other values are errors.
use agent_metrics::track_llm;

#[track_llm(model = "m", usage = "tokens")]
fn text() -> String {
    String::new()
}

#[track_llm(model = "m", usage = |reply: &String| reply.len())]
fn number() -> String {
    String::new()
}

#[track_llm(model = "m", usage = |first, second| agent_metrics::Usage::default())]
fn arguments() -> String {
    String::new()
}

fn main() {}
