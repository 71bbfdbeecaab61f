//! A misspelt `in_body` is an error at the word.
use agent_metrics::track_llm;

#[track_llm(model = "m", usage = inbody)]
fn word() -> String {
    String::new()
}

fn main() {}
