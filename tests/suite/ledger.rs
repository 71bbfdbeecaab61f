//! The ledger of a task: the totals of its calls, tools, steps and nested tasks, on any thread.

use std::sync::{Arc, Mutex};

use agent_metrics::task::TaskHandle;
use agent_metrics::{
    AgentMetrics, FutureExt as _, Price, PriceTable, Usage, current_task, track_llm, track_step, track_task,
    track_tool,
};
use agent_metrics_tests::{Samples, samples};
use tokio::sync::oneshot;

fn priced() -> AgentMetrics {
    let prices = PriceTable::empty().with("m", Price::per_million(1.0, 10.0));
    AgentMetrics::builder().prices(prices).build().expect("valid")
}

#[track_llm(model = "m", metrics = metrics)]
async fn ask(metrics: &AgentMetrics, tokens: u64) -> Usage {
    tokio::task::yield_now().await;
    Usage::new(tokens, tokens).cache_read(tokens / 10)
}

#[track_tool(tool_name = name, metrics = metrics, cost = |()| 0.25)]
async fn tool(metrics: &AgentMetrics, name: &str) {
    tokio::task::yield_now().await;
}

#[track_step]
async fn step() {
    tokio::task::yield_now().await;
}

#[track_task(metrics = metrics)]
async fn inner(metrics: &AgentMetrics, fails: bool) -> Result<(), String> {
    step().await;
    ask(metrics, 1_000_000).await;
    tool(metrics, "a").await;
    if fails { Err("asked to".to_owned()) } else { Ok(()) }
}

#[track_task(metrics = metrics)]
async fn outer(metrics: &AgentMetrics) -> Result<(), String> {
    step().await;
    tokio::join!(ask(metrics, 10), tool(metrics, "a"), tool(metrics, "b"), tool(metrics, "b"));
    let before = current_task().expect("a task");
    assert_eq!((before.input_tokens, before.tool_calls, before.distinct_tools, before.steps), (10, 3, 2, 1));
    let _ = inner(metrics, true).await;
    let after = current_task().expect("a task");
    assert_eq!((after.input_tokens, after.output_tokens, after.tool_calls), (1_000_010, 1_000_010, 4));
    assert_eq!((before.cache_read_tokens, after.cache_read_tokens), (1, 100_001));
    assert_eq!((after.distinct_tools, after.steps), (2, 1), "steps are a task's own");
    assert!((after.cost_usd - (11.0 + 0.000_11 + 4.0 * 0.25)).abs() < 1e-9, "{after:?}");
    Ok(())
}

fn of(samples: &Samples, name: &str, task: &str) -> f64 {
    samples.sum(name, &[("task_type", task)])
}

#[tokio::test]
async fn totals_of_a_task_include_nested_tasks() {
    let metrics = priced();
    assert_eq!(current_task(), None);
    ask(&metrics, 5).await; // outside of any task
    outer(&metrics).await.expect("no failure");
    let samples = samples(&metrics);
    assert_eq!(samples.value("agent_llm_orphan_calls_total{model=\"m\"}"), 1.0);
    assert_eq!(of(&samples, "agent_task_tokens_sum", "outer"), 2_000_020.0);
    assert_eq!(of(&samples, "agent_task_tokens_sum", "inner"), 2_000_000.0);
    assert_eq!(of(&samples, "agent_task_tool_calls_sum", "outer"), 4.0);
    assert_eq!(of(&samples, "agent_task_distinct_tools_sum", "outer"), 2.0);
    assert_eq!(of(&samples, "agent_steps_per_task_sum", "outer"), 1.0);
    let near = |found: f64, expected: f64| assert!((found - expected).abs() < 1e-9, "{found} {expected}");
    near(of(&samples, "agent_task_cost_usd_sum", "inner"), 11.25);
    near(of(&samples, "agent_task_cost_usd_sum", "outer"), 12.000_11);
    // Each task's spending without nested tasks, so that the sum over all tasks is the wasted cost.
    near(samples.value("agent_task_wasted_cost_usd_total{status=\"failure\",task_type=\"inner\"}"), 11.25);
    near(of(&samples, "agent_task_wasted_cost_usd_total", "outer"), 0.0);
    near(of(&samples, "agent_task_late_cost_usd_total", "outer"), 0.0);
    assert_eq!(current_task(), None);
}

#[track_task(metrics = metrics)]
async fn spawning(
    metrics: AgentMetrics,
    task_ended: oneshot::Receiver<()>,
    detached: Arc<Mutex<Option<tokio::task::JoinHandle<()>>>>,
) {
    let child = |tokens| {
        let metrics = metrics.clone();
        async move {
            let _ = ask(&metrics, tokens).await;
        }
    };
    let joined = tokio::spawn(child(1_000).in_current_task());
    let forgotten = tokio::spawn(child(7));
    let task = TaskHandle::current();
    let blocking = tokio::task::spawn_blocking(move || task.run(|| current_task().is_some()));
    joined.await.expect("no panic");
    forgotten.await.expect("no panic");
    assert!(blocking.await.expect("no panic"));
    let late = child(1_000_000);
    let late = async move {
        task_ended.await.expect("the test signals the end");
        late.await;
    };
    *detached.lock().unwrap() = Some(tokio::spawn(late.in_current_task()));
}

#[tokio::test(flavor = "multi_thread")]
async fn spawned_work_counts_for_the_task_with_in_current_task() {
    let metrics = priced();
    let (signal_end, task_ended) = oneshot::channel();
    let detached = Arc::default();
    spawning(metrics.clone(), task_ended, Arc::clone(&detached)).await;
    let ended = samples(&metrics);
    assert_eq!(of(&ended, "agent_task_tokens_sum", "spawning"), 2_000.0);
    assert_eq!(
        ended.sum("agent_llm_orphan_calls_total", &[]),
        1.0,
        "the one spawned without `in_current_task`"
    );
    signal_end.send(()).expect("the child waits");
    let late = detached.lock().unwrap().take().expect("the child was spawned");
    late.await.expect("no panic");
    let later = samples(&metrics);
    let cost = of(&later, "agent_task_late_cost_usd_total", "spawning");
    assert!((cost - 11.0).abs() < 1e-9, "{cost}");
    assert_eq!(of(&later, "agent_task_tokens_sum", "spawning"), 2_000.0, "a task is observed once");
    // Ledgers, late costs and orphans add up to the total cost.
    let all = later.sum("agent_cost_usd_total", &[("model", "m")]);
    let in_tasks = of(&later, "agent_task_cost_usd_sum", "spawning") + cost;
    assert!((all - in_tasks - 7.0 * 11e-6).abs() < 1e-9, "{all} {in_tasks}");
}

/// A task that spawns the next one and ends.
#[track_task(metrics = metrics)]
fn hop(
    metrics: AgentMetrics,
    left: u32,
    done: oneshot::Sender<()>,
) -> std::pin::Pin<Box<dyn Future<Output = ()> + Send>> {
    Box::pin(async move {
        ask(&metrics, 1).await;
        if left == 0 {
            let _ = done.send(());
        } else {
            tokio::spawn(hop(metrics, left - 1, done).in_current_task());
        }
    })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_long_chain_of_spawned_tasks_is_dropped_without_recursion() {
    let metrics = priced();
    let (done, all) = oneshot::channel();
    hop(metrics.clone(), 50_000, done).await;
    all.await.expect("the last one");
    assert!(of(&samples(&metrics), "agent_tasks_total", "hop") >= 50_000.0);
}

#[track_task(metrics = metrics)]
async fn fails_beside_its_child(metrics: &AgentMetrics) -> Result<(), String> {
    let child = metrics.clone();
    // Work that runs after the end is charged separately.
    let spends = tokio::spawn(async move { spending_child(&child).await }.in_current_task());
    tool(metrics, "x").await;
    drop(spends);
    Err("asked to".to_owned())
}

#[track_task(metrics = metrics)]
async fn spending_child(metrics: &AgentMetrics) {
    tool(metrics, "y").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn wasted_cost_excludes_nested_tasks() {
    const TASKS: u32 = 5_000;
    let metrics = priced();
    for _ in 0..TASKS {
        let _ = fails_beside_its_child(&metrics).await;
    }
    let wasted = of(&samples(&metrics), "agent_task_wasted_cost_usd_total", "fails_beside_its_child");
    assert_eq!(wasted, f64::from(TASKS) * 0.25);
}

#[test]
fn what_threads_spend_while_their_task_ends_appears_exactly_once() {
    const THREADS: u64 = 4;
    const CALLS: u64 = 50;
    const TASKS: u64 = 200;

    let metrics = priced();
    for _ in 0..TASKS {
        let threads = hand_over(&metrics, CALLS, THREADS);
        for thread in threads {
            thread.join().expect("no panic");
        }
    }
    let samples = samples(&metrics);
    let own = of(&samples, "agent_task_own_cost_usd_total", "hand_over");
    let late = of(&samples, "agent_task_late_cost_usd_total", "hand_over");
    let spent = (TASKS * THREADS * CALLS) as f64 * 0.25;
    assert_eq!(
        (own + late, samples.sum("agent_cost_usd_total", &[])),
        (spent, spent),
        "{own} and {late} late"
    );
}

/// Starts threads that spend for the task, and ends without waiting for them.
#[track_task(metrics = metrics)]
fn hand_over(metrics: &AgentMetrics, calls: u64, threads: u64) -> Vec<std::thread::JoinHandle<()>> {
    let start = |_| {
        let (task, metrics) = (TaskHandle::current(), metrics.clone());
        std::thread::spawn(move || task.run(|| (0..calls).for_each(|_| metrics.record_tool_cost_usd(0.25))))
    };
    (0..threads).map(start).collect()
}

#[test]
fn a_call_by_hand_belongs_to_the_task_in_which_it_starts() {
    #[track_task(metrics = metrics)]
    fn start_call(metrics: &AgentMetrics) -> agent_metrics::recording::LlmGuard {
        metrics.track_llm("m")
    }

    #[track_task(metrics = metrics)]
    fn finish_call(metrics: &AgentMetrics, mut call: agent_metrics::recording::LlmGuard) {
        call.usage(&Usage::new(1_000_000, 0));
        call.finish(agent_metrics::Status::Success);
    }

    let metrics = priced();
    let call = start_call(&metrics);
    finish_call(&metrics, call);
    let samples = samples(&metrics);
    assert_eq!(of(&samples, "agent_task_late_cost_usd_total", "start_call"), 1.0);
    assert_eq!(of(&samples, "agent_task_own_cost_usd_total", "finish_call"), 0.0);
    assert_eq!(samples.sum("agent_cost_outside_tasks_usd_total", &[]), 0.0);
}

#[test]
fn a_model_past_the_cap_of_the_label_has_its_own_price() {
    #[track_llm(model = model, metrics = metrics)]
    fn ask_model(metrics: &AgentMetrics, model: &str) -> Usage {
        Usage::new(1_000_000, 0)
    }

    #[track_llm(model = "m0", metrics = metrics, usage = in_body)]
    fn ask_served(metrics: &AgentMetrics, served: &str) {
        agent_metrics::Call::current().usage(&Usage::new(1_000_000, 0)).model(served);
    }

    let model = |number: u32| format!("m{number}");
    let table = || {
        (0..20).fold(PriceTable::empty(), |table, number| {
            table.with(model(number), Price::per_million(f64::from(1 + number), 0.0))
        })
    };
    let spent = |spend: &dyn Fn(&AgentMetrics)| {
        let metrics = AgentMetrics::builder().max_models(4).build().expect("valid");
        // Priced after the models have their slots, as a table that is loaded later.
        (0..4).for_each(|number| {
            metrics.record_llm_call(
                &model(number),
                None,
                std::time::Duration::ZERO,
                agent_metrics::Status::Success,
            );
        });
        metrics.set_prices(table());
        spend(&metrics);
        let samples = samples(&metrics);
        (samples.sum("agent_cost_usd_total", &[]), samples.sum("agent_llm_unpriced_tokens_total", &[]))
    };
    assert_eq!(
        spent(&|metrics| {
            ask_model(metrics, &model(17));
        }),
        (18.0, 0.0)
    );
    assert_eq!(
        spent(&|metrics| {
            let usage = Usage::new(1_000_000, 0);
            metrics.record_llm_call(
                &model(18),
                usage,
                std::time::Duration::ZERO,
                agent_metrics::Status::Success,
            );
        }),
        (19.0, 0.0)
    );
    assert_eq!(spent(&|metrics| (0..10).for_each(|number| ask_served(metrics, &model(number)))), (55.0, 0.0));
    assert_eq!(
        spent(&|metrics| {
            ask_model(metrics, "m20");
        }),
        (0.0, 1_000_000.0),
        "it has no price"
    );
}

#[test]
fn the_usages_of_several_requests_of_a_call_add_up() {
    use agent_metrics::llm::Attempt;
    use agent_metrics::{Call, Status};

    #[track_task(metrics = metrics)]
    fn inside(metrics: &AgentMetrics, attempts: &[Attempt]) -> f64 {
        ask_repeatedly(metrics, attempts);
        current_task().expect("a task").cost_usd
    }

    #[track_llm(model = "m", metrics = metrics, usage = in_body)]
    fn ask_repeatedly(metrics: &AgentMetrics, attempts: &[Attempt]) {
        for attempt in attempts {
            Call::current().attempt(*attempt);
        }
        // What the response says belongs to the last attempt.
        Call::current().usage(&Usage::new(3_000_000, 0));
    }

    let metrics = priced();
    let attempt = |tokens| Attempt::new(Status::Success).usage(Usage::new(tokens, 0));
    let failed = Attempt::new(Status::Error).usage(Usage::new(500_000, 0));
    let attempts = [attempt(1_000_000), failed, attempt(2_000_000).cost_usd(9.0), attempt(3_000_000)];
    assert_eq!(inside(&metrics, &attempts), 1.0 + 0.5 + 9.0 + 3.0);
    let mut by_hand = metrics.track_llm("m");
    by_hand.attempt(attempt(1_000_000)).attempt(attempt(1_000_000)).usage(&Usage::new(1_000_000, 0));
    by_hand.finish(Status::Success);
    let samples = samples(&metrics);
    assert_eq!(samples.sum("agent_llm_tokens_total", &[("direction", "input")]), 8_500_000.0);
    assert_eq!(samples.sum("agent_cost_usd_total", &[]), 15.5);
    assert_eq!(samples.sum("agent_llm_calls_total", &[("status", "success")]), 2.0);
}
