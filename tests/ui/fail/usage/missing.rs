//! The error for an LLM call whose result doesn't report tokens names the three ways to report them.
use agent_metrics::track_llm;

#[track_llm(model = "m")]
async fn text() -> Result<String, std::io::Error> {
    Ok(String::new())
}

#[track_llm(model = "m")]
fn plain() -> u8 {
    1
}

fn main() {}
