//! With the feature `disabled` a tracked function compiles to the function as it is written.
#![deny(warnings)]

use std::mem::size_of_val;
use std::time::Duration;

use agent_metrics::{
    AgentMetrics, Budget, BudgetSpent, CallLabels, LabelValue, TimedOut, Usage, check_budgets, global, sites,
    track, track_llm, track_step, track_task, track_tool,
};

#[derive(Clone, Copy, LabelValue)]
enum Index {
    Docs,
}

#[derive(Clone, Copy, CallLabels)]
#[calls(name = "lookup")]
struct Lookup {
    index: Index,
}

struct Model {
    name: String,
}

impl Model {
    #[track_llm(model = self.name, usage = |reply: &[u8; 64]| Usage::new(reply[0].into(), 1))]
    async fn ask(&self, prompt: [u8; 64]) -> Result<[u8; 64], String> {
        tokio::task::yield_now().await;
        Ok(prompt)
    }

    async fn ask_plain(&self, prompt: [u8; 64]) -> Result<[u8; 64], String> {
        tokio::task::yield_now().await;
        Ok(prompt)
    }
}

#[track_task(task_type = "disabled")]
#[track_tool]
#[track_step]
async fn everything(bytes: [u8; 64]) -> u8 {
    tokio::task::yield_now().await;
    bytes[0]
}

async fn everything_plain(bytes: [u8; 64]) -> u8 {
    tokio::task::yield_now().await;
    bytes[0]
}

#[track(Lookup, index = Index::Docs)]
fn look_up(text: &str) -> usize {
    text.len()
}

#[track_tool(metrics = metrics, timeout = "5ms")]
async fn limited(metrics: &AgentMetrics) -> Result<(), TimedOut> {
    std::future::pending().await
}

#[track_task(budget = budget, dimensions(true), metrics = metrics)]
async fn spends(metrics: &AgentMetrics, budget: &Budget) -> Result<u8, BudgetSpent> {
    tokio::task::yield_now().await;
    buys("one")
}

#[track_tool(budget)]
fn buys(what: &str) -> Result<u8, BudgetSpent> {
    what.is_empty().then(check_budgets).unwrap_or(Ok(()))?;
    Ok(1)
}

#[track_task(budget = budget, timeout = "5s")]
async fn spends_in_time(budget: &Budget) -> anyhow::Result<u8> {
    tokio::task::yield_now().await;
    Ok(2)
}

/// With tracking disabled the attributes don't check budgets, so a spent budget refuses no call.
#[tokio::test]
async fn attributes_do_not_check_budgets() {
    let spent = Budget::rolling("spent", Duration::from_secs(60), 1.0).expect("valid");
    global().record_budget_spent_usd(&spent, 2.0);
    assert!(spent.check().is_err());
    assert_eq!(spends(global(), &spent).await, Ok(1));
    assert_eq!(spends_in_time(&spent).await.expect("in time"), 2);
}

#[tokio::test]
async fn calls_are_not_recorded_and_behave_as_untracked_ones() {
    let model = Model { name: "m".to_owned() };
    assert_eq!(size_of_val(&model.ask([0; 64])), size_of_val(&model.ask_plain([0; 64])));
    assert_eq!(size_of_val(&everything([0; 64])), size_of_val(&everything_plain([0; 64])));
    assert!(model.ask([1; 64]).await.is_ok() && model.ask_plain([1; 64]).await.is_ok());
    assert_eq!((everything([1; 64]).await, everything_plain([1; 64]).await, look_up("abc")), (1, 1, 3));
    assert!(limited(global()).await.is_err(), "timeouts still apply");
    assert_eq!(sites().count(), 0);
    let text = global().to_text();
    for part in ["task_type=", "tool_name=", "model=\"m\"", "lookup_"] {
        assert!(!text.contains(part), "{part} is in {text}");
    }
}

#[test]
fn wrong_keys_and_labels_are_still_compile_errors() {
    trybuild::TestCases::new().compile_fail("ui/*.rs");
}
