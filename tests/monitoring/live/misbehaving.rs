//! The main example with faults: those of its model, and those that its options cause.

use std::time::Duration;

use agent_metrics_monitoring_tests::{Asked, Reply, model};
use agent_metrics_tests::{Program, example};
use serde_json::json;

/// Longer than a request may take, shorter than the example waits.
const SLOW: Duration = Duration::from_secs(11);
/// The number of immediate answers at the start, with which the example completes its first tasks.
const FAST: usize = 60;
/// The tokens of a call. A call of `gemini-2.5-pro` costs 1 USD.
const TOKENS: [f64; 2] = [400_000.0, 1_000.0];

/// Starts three examples, whose models refuse calls, limit the rate, are slow, call tools wrongly and omit the usage.
pub fn examples() -> Vec<(Program, String)> {
    let started = |args: &[&str]| example(&[args, &["--base-url", &model(answer)]].concat());
    vec![
        started(&["--load", "12", "--model", "gemini-2.5-pro", "--budget", "1000000"]),
        // The first tasks spend this budget, and every further task is refused.
        started(&["--load", "2", "--model", "gemini-2.5-pro", "--budget", "2"]),
        started(&["--load", "4", "--model", "made-up-1"]),
    ]
}

fn answer(asked: &Asked) -> Reply {
    let number = asked.number;
    // Every coding task fails.
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
