//! Tokens of LLM calls, and what they cost.

use agent_metrics::{AgentMetrics, TokenUsage, Usage, track_llm};
use agent_metrics_tests::{ToolError, build, samples};

struct Reply(u64, u64);

impl TokenUsage for Reply {
    fn token_usage(&self) -> Option<Usage> {
        Some(Usage::new(self.0, self.1).cache_read(self.0 / 2))
    }
}

#[track_llm(model = model, metrics = metrics)]
async fn generate(metrics: &AgentMetrics, model: String, fail: bool) -> Result<Reply, ToolError> {
    if fail { Err(ToolError::Slow) } else { Ok(Reply(1_000_000, 1_000_000)) }
}

#[tokio::test]
async fn tokens_become_money_or_unpriced() {
    let metrics = build();
    for fail in [false, true] {
        let _ = generate(&metrics, "gemini-2.0-flash".to_owned(), fail).await;
        let _ = generate(&metrics, "nobody-knows".to_owned(), fail).await;
    }
    let samples = samples(&metrics);
    let near = |series: &str, expected: f64| {
        let found = samples.value(series);
        assert!((found - expected).abs() < 1e-9, "{series} {found}");
    };
    near("agent_cost_usd_total{cost_type=\"input\",model=\"gemini-2.0-flash\"}", 0.075);
    near("agent_cost_usd_total{cost_type=\"output\",model=\"gemini-2.0-flash\"}", 0.30);
    near("agent_cost_total_cents{cost_type=\"output\",model=\"gemini-2.0-flash\"}", 30.0);
    near("agent_llm_unpriced_tokens_total{direction=\"input\",model=\"nobody-knows\"}", 1e6);
    assert_eq!(
        samples.get("agent_cost_usd_total{cost_type=\"input\",model=\"nobody-knows\"}"),
        None,
        "never $0"
    );
    assert_eq!(samples.sum("agent_llm_input_tokens_count", &[]), 2.0, "a failed call observes no tokens");
    assert_eq!(samples.sum("agent_llm_token_details_total", &[("kind", "cache_read")]), 1e6);
}
