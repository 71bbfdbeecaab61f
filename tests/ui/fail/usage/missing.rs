//! An LLM call whose output doesn't tell its tokens is told the three ways out.
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
