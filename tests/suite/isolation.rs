//! `testing`: each test records in a separate instance, independent of concurrent tests.

use agent_metrics::{
    AgentMetrics, Bounded, CallLabels, Counter, Metrics, PriceTable, Usage, assert_metrics, testing, track,
    track_llm, track_task, track_tool,
};

#[track_tool]
async fn isolated_tool(fail: bool) -> Result<(), String> {
    tokio::task::yield_now().await;
    if fail { Err("asked to".to_owned()) } else { Ok(()) }
}

#[track_task]
async fn isolated_task(tools: usize) {
    for _ in 0..tools {
        let _ = tokio::spawn(isolated_tool(false)).await;
    }
}

#[derive(Clone, Copy, CallLabels)]
#[calls(name = "isolated", in_flight)]
struct Isolated {
    tenant: Bounded<4>,
}

#[track(Isolated, tenant = tenant)]
fn isolated_call(tenant: &str) {
    IsolatedMetrics::global().seen_total.with(()).inc();
}

#[derive(Metrics)]
#[metrics(namespace = "isolated")]
struct IsolatedMetrics {
    /// The number of events.
    seen_total: Counter,
}

#[track_llm(model = "gemini-2.0-flash")]
fn isolated_llm() -> Usage {
    Usage::new(1_000_000, 0)
}

/// A program under test; each test below sees only its own calls.
async fn program(calls: usize) -> testing::Isolated {
    let metrics = testing::isolated();
    isolated_task(calls).await;
    for _ in 0..calls {
        isolated_call("acme");
    }
    metrics
}

fn check(metrics: &testing::Isolated, calls: usize) {
    assert_metrics!(metrics, {
        agent_tasks_total { task_type = "isolated_task", status = "success" } == 1,
        agent_tool_calls_total { tool_name = "isolated_tool", status = "success" } == calls,
        isolated_calls_total { tenant = "acme" } == calls,
        isolated_calls_in_progress == 0,
        isolated_seen_total == calls,
        agent_active_tasks == 0,
    });
}

macro_rules! beside_each_other {
    ($($name:ident $flavor:literal $calls:literal)*) => {$(
        #[tokio::test(flavor = $flavor)]
        async fn $name() {
            check(&program($calls).await, $calls);
        }
    )*};
}

beside_each_other! {
    one_thread_a "current_thread" 30
    one_thread_b "current_thread" 41
    many_threads_a "multi_thread" 32
    many_threads_b "multi_thread" 43
    many_threads_c "multi_thread" 54
}

#[tokio::test(flavor = "multi_thread")]
async fn threads_of_a_test_record_in_its_instance() {
    let metrics = testing::isolated();
    tokio::task::spawn_blocking(|| isolated_call("blocking")).await.expect("no panic");
    let handle = metrics.handle();
    std::thread::spawn(move || handle.run(|| isolated_call("thread"))).join().expect("no panic");
    assert_metrics!(metrics, {
        isolated_calls_total { tenant = "blocking" } == 1,
        isolated_calls_total { tenant = "thread" } == 1,
    });
}

#[test]
fn calls_after_an_isolated_section_are_not_recorded_in_it() {
    let outer = testing::isolated();
    {
        let prices = AgentMetrics::builder().prices(PriceTable::empty());
        let inner = testing::isolated_by(prices).expect("valid");
        isolated_llm();
        assert_metrics!(inner, {
            agent_llm_unpriced_tokens_total { direction = "input" } == 1_000_000,
        });
        assert_eq!(inner.snapshot().sum("agent_cost_usd_total", &[("cost_type", "input")]), None);
    }
    isolated_llm();
    assert_metrics!(outer, {
        agent_llm_calls_total { model = "gemini-2.0-flash" } == 1,
        agent_cost_usd_total { cost_type = "input" } >= 0.07,
    });
}

#[test]
fn reachable_series_start_at_zero() {
    let metrics = testing::isolated();
    assert_metrics!(metrics, {
        agent_tool_calls_total { tool_name = "isolated_tool", status = "timeout" } == 0,
    });
}

#[test]
fn a_difference_lists_only_changed_samples() {
    let metrics = testing::isolated();
    isolated_call("acme");
    let before = metrics.snapshot();
    isolated_call("acme");
    isolated_call("zeta");
    let difference = metrics.snapshot().since(&before);
    assert_eq!(difference.growth("isolated_calls_total", &[]), 2.0);
    let text = difference.to_string();
    for line in [
        "isolated_calls_total{status=\"success\", tenant=\"acme\"} 1 -> 2",
        "isolated_calls_total{status=\"success\", tenant=\"zeta\"} new: 1",
        "isolated_seen_total 1 -> 3",
    ] {
        assert!(text.lines().any(|shown| shown == line), "{line} is not in\n{text}");
    }
    assert!(!text.contains("agent_tool_calls_total"), "{text}");
    assert!(metrics.snapshot().since(&metrics.snapshot()).is_empty());
}

#[test]
fn a_failed_assertion_lists_every_mismatch_and_the_actual_values() {
    let metrics = testing::isolated();
    isolated_call("acme");
    let panic = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        assert_metrics!(metrics, {
            isolated_calls_total { tenant = "acme", status = "success" } == 2,
            isolated_calls_total { tenant = "missing" } >= 1,
            isolated_call_total == 1,
            isolated_seen_total == 1,
        });
    }));
    let message = panic.expect_err("three are wrong").downcast::<String>().expect("a message");
    for part in [
        "isolated_calls_total{tenant=\"acme\", status=\"success\"}\n    expected == 2, found 1\n",
        "isolated_calls_total{tenant=\"missing\"}\n    expected >= 1, found no such sample\n",
        "    isolated_calls_total{status=\"success\", tenant=\"acme\"} 1\n",
        "isolated_call_total\n    expected == 1, found no such sample\n    similar names: isolated_",
    ] {
        assert!(message.contains(part), "{part} is not in\n{message}");
    }
    assert!(!message.contains("  isolated_seen_total\n    expected"), "{message}");
}

#[test]
fn isolated_sections_may_end_in_any_order() {
    let (first, second) = (testing::isolated(), testing::isolated());
    drop(first);
    isolated_llm();
    assert_metrics!(second, { agent_llm_calls_total { model = "gemini-2.0-flash" } == 1 });
    drop(second);
    let third = testing::isolated();
    isolated_llm();
    assert_metrics!(third, { agent_llm_calls_total { model = "gemini-2.0-flash" } == 1 });
}

#[test]
fn a_runtime_created_later_can_join_the_isolated_instance() {
    let metrics = testing::isolated();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).build().expect("a runtime");
    let on_runtime = metrics.on_runtime(runtime.handle());
    let _ = runtime.block_on(async { tokio::spawn(isolated_tool(false)).await });
    drop(on_runtime);
    assert_metrics!(metrics, { agent_tool_calls_total { tool_name = "isolated_tool" } == 1 });
}
