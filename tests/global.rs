//! The first use freezes the global instance. This is a separate process, since any other test would be that use.

use agent_metrics::{AgentMetrics, BuildError, global, track_tool};

#[track_tool]
fn used_first() {}

#[test]
fn installing_after_the_first_use_names_its_site() {
    used_first();
    let registry = prometheus::Registry::new();
    let error = AgentMetrics::builder().registry(registry.clone()).install().expect_err("too late");
    let BuildError::AlreadyInUse { first_use } = &error else { panic!("{error}") };
    assert!(first_use.contains("global::used_first") && first_use.contains("global.rs:"), "{first_use}");
    assert!(error.to_string().contains("call `install()` before that"), "{error}");
    assert!(registry.gather().is_empty(), "half registered");
    assert!(
        global().to_text().contains("agent_tool_calls_total{tool_name=\"used_first\",status=\"success\"} 1")
    );
}
