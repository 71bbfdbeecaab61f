//! A misspelt `in_body` is an error where it stands.
use agent_metrics::track_llm;

#[track_llm(model = "m", usage = inbody)]
fn word() -> String {
    String::new()
}

fn main() {}
