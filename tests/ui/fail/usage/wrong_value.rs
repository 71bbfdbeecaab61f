//! `usage` is a closure that gives a `Usage`, or `in_body`.
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
