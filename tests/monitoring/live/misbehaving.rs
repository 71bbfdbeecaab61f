//! The main example, brought to misbehave: by its model, and by its own options.

use std::time::Duration;

use agent_metrics_monitoring_tests::{Asked, Reply, model};
use agent_metrics_tests::{Program, example};
use serde_json::json;

/// Longer than a request may take, shorter than the example waits.
const SLOW: Duration = Duration::from_secs(11);
/// So many answers come at once, for the example to get through its opening.
const FAST: usize = 60;
/// Such prompts cost 1 USD each by `gemini-2.5-pro`.
const TOKENS: [f64; 2] = [400_000.0, 1_000.0];

/// Three of them, each with a model that refuses, limits, dawdles, calls tools wrongly and forgets to tell what it used.
pub fn examples() -> Vec<(Program, String)> {
    let started = |args: &[&str]| example(&[args, &["--base-url", &model(answer)]].concat());
    vec![
        started(&["--load", "12", "--model", "gemini-2.5-pro", "--budget", "1000000"]),
        // Spent before the opening is over: it then refuses every task.
        started(&["--load", "2", "--model", "gemini-2.5-pro", "--budget", "2"]),
        started(&["--load", "4", "--model", "made-up-1"]),
    ]
}

fn answer(asked: &Asked) -> Reply {
    let number = asked.number;
    // No coding task ever succeeds.
    if asked.body.contains("Find examples for this") {
        return Reply::rejected();
    }
    if number % 7 == 1 {
        return Reply::rate_limited();
    }
    let tokens = (number % 5 != 2).then_some(TOKENS);
    let reply = if asked.wants_tool() {
        let args = if number.is_multiple_of(2) { json!({}) } else { json!({ "query": "rust" }) };
        asked.tool("search_docs", &args, tokens)
    } else {
        asked.words("So it is.", tokens)
    };
    if number > FAST && number % 9 == 4 { reply.after(SLOW) } else { reply }
}
