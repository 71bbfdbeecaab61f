//! Budgets: spending is counted, and no call starts when its budget is spent.

use std::sync::{Arc, LazyLock, Mutex};
use std::time::Duration;

use agent_metrics::budget::{ReserveError, Unpriced};
use agent_metrics::classify::error_status;
use agent_metrics::{
    AgentMetrics, Budget, BudgetSpent, Fault, Price, PriceTable, Status, Usage, check_budgets,
    reserve_budgets, track_llm, track_task, track_tool,
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

#[track_llm(model = "unknown", metrics = metrics, budget)]
async fn ask_unpriced(metrics: &AgentMetrics) -> anyhow::Result<Usage> {
    tokio::task::yield_now().await;
    Ok(Usage::new(1_000_000, 0))
}

#[track_task(metrics = metrics, budget = budget)]
async fn ask_unpriced_models(metrics: &AgentMetrics, budget: &Budget, calls: u64) -> anyhow::Result<u64> {
    for done in 0..calls {
        if let Err(error) = ask_unpriced(metrics).await {
            let error = error.downcast::<BudgetSpent>()?;
            assert_eq!(error.unpriced_model.as_deref(), Some("unknown"));
            let expected =
                format!("budget `{}` refuses further calls: model `unknown` has no price", budget.name());
            assert!(error.to_string().starts_with(&expected), "{error}");
            return Ok(done);
        }
    }
    Ok(calls)
}

#[tokio::test]
async fn a_budget_counts_as_spent_after_a_call_of_a_model_without_a_price() {
    let reported = Arc::new(Mutex::new(Vec::new()));
    let hook = reported.clone();
    let metrics = AgentMetrics::builder()
        .prices(PriceTable::empty())
        .on_fault(move |fault: &Fault| hook.lock().expect("a lock").push(fault.to_string()))
        .build()
        .expect("valid");
    let rolling = Budget::rolling("rolling", HOUR, 1.0).expect("valid");
    let each = Budget::per_task("each", 1.0).expect("valid");
    let free = Budget::rolling("free", HOUR, 1.0).expect("valid").on_unpriced(Unpriced::Allow);
    assert_eq!(ask_unpriced_models(&metrics, &rolling, 3).await.expect("some"), 1);
    assert!(ask_unpriced_models(&metrics, &rolling, 1).await.is_err(), "the call is still in the window");
    for _ in 0..2 {
        assert_eq!(ask_unpriced_models(&metrics, &each, 3).await.expect("some"), 1, "each task starts anew");
    }
    assert_eq!(ask_unpriced_models(&metrics, &free, 3).await.expect("some"), 3);
    let samples = samples(&metrics);
    for (budget, calls) in [("rolling", 1.0), ("each", 2.0), ("free", 3.0)] {
        let family = "agent_budget_unpriced_calls_total";
        assert_eq!(samples.value(&format!("{family}{{budget=\"{budget}\"}}")), calls, "{budget}");
    }
    let reported = reported.lock().expect("a lock");
    let of_budget = |name: &str| reported.iter().filter(|fault| fault.contains(name)).count();
    assert_eq!(["`rolling`", "`each`", "`free`"].map(of_budget), [1, 1, 1], "{reported:?}");
}

/// Calls a model for 0.1 USD after reserving as much.
#[track_task(metrics = metrics, budget = budget)]
async fn ask_reserved(metrics: &AgentMetrics, budget: &Budget) -> anyhow::Result<()> {
    let reserved = reserve_budgets(0.1)?;
    assert_eq!(reserved.usd(), 0.1);
    tokio::task::yield_now().await;
    ask_tenth(metrics).await?;
    Ok(())
}

#[track_llm(model = "m", metrics = metrics, budget)]
async fn ask_tenth(metrics: &AgentMetrics) -> anyhow::Result<Usage> {
    tokio::task::yield_now().await;
    Ok(Usage::new(100_000, 0))
}

#[tokio::test]
async fn concurrent_calls_that_reserve_do_not_exceed_the_limit() {
    let metrics = metrics();
    let budget = Budget::rolling("shared", HOUR, 1.0).expect("valid");
    let calls = (0..64).map(|_| ask_reserved(&metrics, &budget));
    let results = futures_util::future::join_all(calls).await;
    assert_eq!(results.iter().filter(|result| result.is_ok()).count(), 10);
    assert_eq!((budget.spent_usd(), budget.reserved_usd()), (1.0, 0.0));
    let refused = results.into_iter().filter_map(Result::err);
    for error in refused.map(|error| error.downcast::<ReserveError>().expect("that error")) {
        let ReserveError::Spent(spent) = error else { panic!("{error}") };
        assert_eq!(spent.reserved_usd, 1.0, "{spent}");
    }
    assert_eq!(samples(&metrics).value("agent_budget_refused_total{budget=\"shared\"}"), 54.0);
}

#[track_task(metrics = metrics, budget = budget)]
async fn reserve(metrics: &AgentMetrics, budget: &Budget, usd: f64) -> Result<(), ReserveError> {
    reserve_inner(metrics, budget, usd).await?;
    // A reservation of a budget per task is one of the enclosing tasks as well, and has been released.
    reserve_budgets(1.0).map(drop)
}

#[track_task(metrics = metrics, budget = budget)]
async fn reserve_inner(metrics: &AgentMetrics, budget: &Budget, usd: f64) -> Result<(), ReserveError> {
    let _first = reserve_budgets(usd)?;
    let second = reserve_budgets(0.75);
    assert!(matches!(second, Err(ReserveError::Spent(_))), "{second:?}");
    Ok(())
}

#[tokio::test]
async fn a_reservation_is_released_and_an_invalid_one_reserves_nothing() {
    let metrics = metrics();
    for budget in
        [Budget::per_task("each", 1.0).expect("valid"), Budget::rolling("all", HOUR, 1.0).expect("valid")]
    {
        reserve(&metrics, &budget, 0.5).await.expect("it suffices");
        for usd in [-0.5, f64::NAN, f64::INFINITY, 2e6] {
            let error = reserve(&metrics, &budget, usd).await.expect_err("invalid");
            assert!(error.to_string().ends_with("give an amount from 0 to 1,000,000"), "{error}");
        }
        let error = reserve(&metrics, &budget, 1.5).await.expect_err("above the limit").to_string();
        let expected = format!("an estimate of 1.5 USD exceeds the limit of budget `{}`", budget.name());
        assert!(error.starts_with(&expected), "{error}");
        assert_eq!(budget.reserved_usd(), 0.0);
    }
    assert!(reserve_budgets(5.0).is_ok(), "outside of any task there is no budget");
}

#[test]
fn amounts_that_no_call_can_cost_are_refused_everywhere() {
    #[track_task(metrics = metrics, budget = budget)]
    fn spend_invalid(metrics: &AgentMetrics, budget: &Budget) -> Result<f64, BudgetSpent> {
        for usd in [f64::NAN, f64::INFINITY, -1.0, 2e300, 1_000_001.0] {
            metrics.record_tool_cost_usd(usd);
            metrics.record_budget_spent_usd(budget, usd);
            pay(metrics, usd);
            let mut call = metrics.track_llm("m");
            call.cost_usd(usd);
            call.finish(Status::Success);
        }
        // By its price, this usage would cost nine billion USD.
        metrics.record_llm_call("m", Usage::new(1 << 53, 0), Duration::ZERO, Status::Success);
        metrics.record_tool_cost_usd(20_000.0);
        Ok(agent_metrics::current_task().expect("a task").cost_usd)
    }

    #[track_tool(metrics = metrics, cost = |()| usd)]
    fn pay(metrics: &AgentMetrics, usd: f64) {}

    let metrics = metrics();
    let budget = Budget::rolling("valid", HOUR, 100_000.0).expect("valid");
    assert_eq!(spend_invalid(&metrics, &budget).expect("enough"), 20_000.0);
    assert_eq!(budget.spent_usd(), 20_000.0);
    let samples = samples(&metrics);
    assert_eq!(samples.sum("agent_cost_usd_total", &[]), 20_000.0);
    assert_eq!(samples.sum("agent_task_own_cost_usd_total", &[]), 20_000.0);
    let refused = |family| samples.sum("agent_metrics_refused_observations_total", &[("family", family)]);
    assert_eq!(refused("agent_cost_usd_total"), 16.0);
    assert_eq!(refused("agent_budget_spent_usd_total"), 5.0);
}

#[test]
fn a_budget_whose_total_is_at_the_largest_number_stays_spent() {
    let metrics = metrics();
    let budget = Budget::rolling("huge", Duration::from_secs(1), 1.0).expect("valid");
    for _ in 0..18_447 {
        metrics.record_budget_spent_usd(&budget, 1e6);
    }
    assert!(budget.spent_usd() > 1.8e10, "{}", budget.spent_usd());
    assert!(budget.check().is_err());
}

#[test]
fn a_window_that_has_passed_refuses_nothing() {
    let metrics = metrics();
    let budgets: Vec<_> = (0..500)
        .map(|number| Budget::rolling(&format!("b{number}"), Duration::from_secs(1), 1.0).expect("valid"))
        .collect();
    for budget in &budgets {
        metrics.record_budget_spent_usd(budget, 2.0);
        assert!(budget.check().is_err());
    }
    std::thread::sleep(Duration::from_millis(1_100));
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| budgets.iter().for_each(|budget| assert!(budget.check().is_ok(), "{budget:?}")));
        }
    });
}
