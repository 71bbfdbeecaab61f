//! A tracked future is `UnwindSafe` and `RefUnwindSafe` where the untracked one is, and so is `AgentMetrics`.

use std::panic::{RefUnwindSafe, UnwindSafe};

use super::calls::tool;
use agent_metrics::{AgentMetrics, track_tool};

#[track_tool]
async fn unwind_safe(text: String) -> String {
    std::future::ready(()).await;
    text
}

#[track_tool(budget)]
async fn unwind_safe_with_budget(text: String) -> anyhow::Result<String> {
    std::future::ready(()).await;
    Ok(text)
}

fn checked<F: UnwindSafe + RefUnwindSafe>(value: F) -> F {
    value
}

#[test]
fn tracked_futures_may_cross_an_unwind_boundary() {
    let _: &AgentMetrics = checked(agent_metrics::global());
    tool("unwind_safe").awaited("success", checked(unwind_safe(String::new())));
    let future = checked(unwind_safe_with_budget(String::new()));
    assert!(tool("unwind_safe_with_budget").awaited("success", future).is_ok());
}
