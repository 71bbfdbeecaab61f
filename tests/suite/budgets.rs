//! Budgets: spending is counted, and no call starts when its budget is spent.

use std::sync::{Arc, LazyLock, Mutex};
use std::time::Duration;

use agent_metrics::classify::error_status;
use agent_metrics::{
    AgentMetrics, Budget, BudgetSpent, Fault, Price, PriceTable, Status, Usage, check_budgets, track_llm,
    track_task, track_tool,
};
use agent_metrics_tests::samples;

const HOUR: Duration = Duration::from_secs(3600);

fn metrics() -> AgentMetrics {
    let prices = PriceTable::empty().with("m", Price::per_million(1.0, 10.0));
    AgentMetrics::builder().prices(prices).build().expect("valid")
}

#[track_llm(model = "m", metrics = metrics, budget)]
async fn ask(metrics: &AgentMetrics, usd: u64) -> anyhow::Result<Usage> {
    tokio::task::yield_now().await;
    Ok(Usage::new(usd * 1_000_000, 0))
}

#[track_tool(metrics = metrics, budget, cost = |()| 0.5)]
fn buy(metrics: &AgentMetrics) -> Result<(), BudgetSpent> {
    Ok(())
}

#[track_task(metrics = metrics, budget = budget)]
async fn spend(metrics: &AgentMetrics, budget: &Budget, calls: u64) -> anyhow::Result<u64> {
    for done in 0..calls {
        if let Err(error) = ask(metrics, 1).await {
            let spent = error.downcast::<BudgetSpent>()?;
            assert_eq!(error_status(&spent), Status::Rejected);
            return Ok(done);
        }
    }
    Ok(calls)
}

#[track_task(metrics = metrics, budget = budget)]
async fn outer(metrics: &AgentMetrics, budget: &Budget) -> anyhow::Result<u64> {
    buy(metrics)?;
    spend(metrics, budget, 10).await
}

#[tokio::test]
async fn no_call_starts_when_its_budget_is_spent() {
    let metrics = metrics();
    let budget = Budget::rolling("support", HOUR, 3.0).expect("valid");
    assert_eq!(spend(&metrics, &budget, 10).await.expect("some"), 3, "three calls of a dollar");
    let error = spend(&metrics, &budget, 1).await.expect_err("it is spent").downcast::<BudgetSpent>();
    let error = error.expect("that error");
    assert_eq!((error.spent_usd, error.limit_usd, error.window), (3.0, 3.0, Some(HOUR)));
    assert_eq!(error.to_string(), "budget `support` is spent: 3.0000 of 3 USD in the last 3600s");
    let samples = samples(&metrics);
    assert_eq!(samples.sum("agent_llm_calls_total", &[]), 3.0, "what didn't begin is no call");
    assert_eq!(samples.sum("agent_tasks_total", &[]), 1.0);
    for (family, value) in [
        ("agent_budget_limit_usd", 3.0),
        ("agent_budget_spent_usd_total", 3.0),
        ("agent_budget_used_ratio", 1.0),
        ("agent_budget_refused_total", 2.0),
    ] {
        assert_eq!(samples.value(&format!("{family}{{budget=\"support\"}}")), value, "{family}");
    }
}

#[tokio::test]
async fn a_nested_task_is_charged_once() {
    let metrics = metrics();
    let budget = Budget::rolling("both", HOUR, 100.0).expect("valid");
    assert_eq!(outer(&metrics, &budget).await.expect("enough"), 10);
    assert_eq!(budget.spent_usd(), 10.5);
}

#[tokio::test]
async fn a_per_task_budget_applies_to_each_task_separately() {
    let metrics = metrics();
    let each = Budget::per_task("each", 2.0).expect("valid");
    for _ in 0..3 {
        assert_eq!(spend(&metrics, &each, 10).await.expect("some"), 2);
    }
    assert_eq!(each.spent_usd(), 6.0);
    assert_eq!(outer(&metrics, &each).await.expect("some"), 2, "the outer has spent 2.5, the inner 2");
    let samples = samples(&metrics);
    assert_eq!(samples.value("agent_budget_spent_usd_total{budget=\"each\"}"), 8.5);
    assert_eq!(samples.get("agent_budget_used_ratio{budget=\"each\"}"), None, "each task has its own");
}

#[tokio::test]
async fn calls_outside_of_tasks_are_not_refused() {
    let metrics = metrics();
    assert!(check_budgets().is_ok());
    assert!(ask(&metrics, 5).await.is_ok());
    assert!(buy(&metrics).is_ok());
}

#[tokio::test]
async fn the_hook_is_warned_each_time_spending_passes_the_threshold() {
    let reported = Arc::new(Mutex::new(Vec::new()));
    let hook = reported.clone();
    let prices = PriceTable::empty().with("m", Price::per_million(1.0, 10.0));
    let metrics = AgentMetrics::builder().prices(prices).on_fault(move |fault: &Fault| {
        // The hook can query the ledger of the running task.
        let seen = agent_metrics::current_task().is_some();
        hook.lock().expect("a lock").push((fault.to_string(), seen));
    });
    let metrics = metrics.build().expect("valid");
    let budget = Budget::rolling("warned", HOUR, 10.0).expect("valid").warn_at(0.5);
    spend(&metrics, &budget, 9).await.expect("enough");
    let each = Budget::per_task("each", 10.0).expect("valid").warn_at(0.15);
    for _ in 0..2 {
        spend(&metrics, &each, 3).await.expect("enough");
    }
    let each = ("budget `each` is nearly spent: 2.0000 of 10 USD".to_owned(), true);
    metrics.record_budget_spent_usd(&budget, 100.0);
    let rolling = ("budget `warned` is nearly spent: 6.0000 of 10 USD".to_owned(), true);
    assert_eq!(*reported.lock().expect("a lock"), [rolling, each.clone(), each]);
}

static SHARED: LazyLock<Budget> = LazyLock::new(|| Budget::per_task("static", 1.0).expect("valid"));

/// A function that returns a stream is charged until the stream ends.
#[track_task(metrics = metrics, budget = SHARED, stream)]
async fn streams(
    metrics: &AgentMetrics,
) -> Result<impl futures_util::Stream<Item = Result<Usage, anyhow::Error>>, BudgetSpent> {
    let metrics = metrics.clone();
    Ok(futures_util::stream::unfold((), move |()| {
        let metrics = metrics.clone();
        async move { Some((ask(&metrics, 1).await, ())) }
    }))
}

#[tokio::test]
async fn a_stream_is_charged_until_its_end() {
    use futures_util::StreamExt as _;

    let metrics = metrics();
    let stream = streams(&metrics).await.expect("something is left");
    let items: Vec<_> = stream.take(3).map(|item| item.is_ok()).collect().await;
    assert_eq!(items, [true, false, false]);
}

#[track_task(metrics = metrics, budget = budget, stream)]
async fn streams_from(
    metrics: &AgentMetrics,
    budget: &Budget,
) -> Result<impl futures_util::Stream<Item = u8> + use<>, BudgetSpent> {
    Ok(futures_util::stream::iter([1]))
}

#[tokio::test]
async fn no_stream_starts_when_its_budget_is_spent() {
    let metrics = metrics();
    let spent = Budget::rolling("spent", HOUR, 1.0).expect("valid");
    assert!(streams_from(&metrics, &spent).await.is_ok());
    metrics.record_budget_spent_usd(&spent, 1.0);
    assert!(streams_from(&metrics, &spent).await.is_err());
    assert_eq!(samples(&metrics).sum("agent_tasks_total", &[]), 1.0);
}

#[tokio::test]
async fn checking_a_budget_does_not_count_a_refusal() {
    let metrics = metrics();
    let budget = Budget::rolling("asked", HOUR, 1.0).expect("valid");
    metrics.record_budget_spent_usd(&budget, 5.0);
    assert!(budget.check().is_err() && budget.check().is_err());
    let refused = || samples(&metrics).value("agent_budget_refused_total{budget=\"asked\"}");
    assert_eq!(refused(), 0.0);
    assert!(spend(&metrics, &budget, 1).await.is_err());
    assert_eq!(refused(), 1.0);
}

#[test]
fn a_refused_call_does_not_start_when_polled_again() {
    use std::future::Future as _;
    use std::task::{Context, Poll, Waker};

    let metrics = metrics();
    let budget = Budget::rolling("spent", HOUR, 1.0).expect("valid");
    metrics.record_budget_spent_usd(&budget, 1.0);
    let mut task = std::pin::pin!(spend(&metrics, &budget, 1));
    let mut context = Context::from_waker(Waker::noop());
    assert!(matches!(task.as_mut().poll(&mut context), Poll::Ready(Err(_))));
    let again = std::panic::AssertUnwindSafe(|| task.as_mut().poll(&mut context));
    assert!(std::panic::catch_unwind(again).is_err(), "as any future that has finished");
    assert_eq!(samples(&metrics).sum("agent_tasks_total", &[]), 0.0);
}

#[tokio::test]
async fn a_second_budget_with_the_same_name_is_reported() {
    let reported = Arc::new(Mutex::new(Vec::new()));
    let hook = reported.clone();
    let metrics = AgentMetrics::builder()
        .on_fault(move |fault: &Fault| hook.lock().expect("a lock").push(fault.to_string()))
        .build()
        .expect("valid");
    for _ in 0..3 {
        let made_anew = Budget::per_task("chat", 1.0).expect("valid");
        spend(&metrics, &made_anew, 1).await.expect("enough");
    }
    for tenant in 0..200 {
        metrics.expose_budget(&Budget::per_task(&format!("tenant-{tenant}"), 1.0).expect("valid"));
    }
    let reported = reported.lock().expect("a lock").clone();
    assert_eq!(
        reported
            .iter()
            .filter(|text| text.contains("`chat` is not exposed: another budget has its name"))
            .count(),
        1
    );
    assert!(reported.len() > 1 && reported.len() <= 129, "{}", reported.len());
    assert_eq!(samples(&metrics).label_names("agent_budget_limit_usd"), ["budget"]);
    let shown = metrics.to_text().lines().filter(|line| line.starts_with("agent_budget_limit_usd{")).count();
    assert_eq!(shown, 128, "the label is bounded");
}
