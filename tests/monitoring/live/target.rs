//! Agents whose behaviour the example does not have within minutes. Each has its own metrics instance, in which a thread records
//! ten times a second.

use std::time::{Duration, Instant};

use agent_metrics::{AgentMetrics, Budget, PriceTable, Status, Usage};
use agent_metrics_tests::serve;

const TICK: Duration = Duration::from_millis(100);

/// Serves an instance in which a function records at each tick. Returns the address.
fn recording(metrics: AgentMetrics, tick: impl Fn(&AgentMetrics, u32) + Send + 'static) -> String {
    let address = serve(&metrics, None);
    std::thread::spawn(move || {
        for number in 0.. {
            tick(&metrics, number);
            std::thread::sleep(TICK);
        }
    });
    address
}

/// Returns the address of an agent with old prices, a task that hangs, a budget that is nearly spent, and more tools than a
/// label has values.
pub fn odd() -> String {
    let prices = PriceTable::bundled().versioned("1", "2020-01-01");
    let metrics = AgentMetrics::builder().prices(prices).build().expect("sound settings");
    let budget = Budget::rolling("nearly", Duration::from_secs(3600), 100.0).expect("a limit and a window");
    metrics.record_budget_spent_usd(&budget, 95.0);
    let hangs = metrics.track_task("coding");
    recording(metrics, move |metrics, number| {
        let _ = &hangs;
        for of_tick in 0..5 {
            let name = format!("made-up-{number}-{of_tick}");
            metrics.record_tool_call(&name, Duration::from_millis(5), Status::Success);
        }
    })
}

/// Returns the address of an agent that completes tasks for twenty seconds and then none.
pub fn quiet() -> String {
    let metrics = AgentMetrics::builder().build().expect("the defaults are valid");
    recording(metrics, |metrics, number| {
        if number < 200 {
            metrics.track_task("search").finish(Status::Success);
            metrics.track_task("search").finish(Status::Success);
        }
    })
}

/// Returns the address of an agent with as much traffic as the others and without problems.
pub fn good() -> String {
    let metrics = AgentMetrics::builder().build().expect("the defaults are valid");
    let budget = Budget::rolling("well", Duration::from_secs(3600), 100.0).expect("a limit and a window");
    metrics.record_budget_spent_usd(&budget, 20.0);
    recording(metrics, |metrics, _| {
        for _ in 0..5 {
            metrics.track_request("POST", "/tasks").finish(200);
            metrics.track_task("search").finish(Status::Success);
            let usage = Usage::new(10, 2);
            metrics.record_llm_call("gemini-2.0-flash", usage, Duration::from_secs(2), Status::Success);
            metrics.record_tool_call("search_docs", Duration::from_millis(5), Status::Success);
        }
    })
}

/// Returns the address of an agent whose requests and tasks depend on one model, which fails after some time.
pub fn depends_on_a_provider(healthy: Duration) -> String {
    let metrics = AgentMetrics::builder().build().expect("the defaults are valid");
    let begin = Instant::now();
    recording(metrics, move |metrics, _| {
        let works = begin.elapsed() < healthy;
        let (call, task, code) = if works {
            (Status::Success, Status::Success, 200)
        } else {
            (Status::Unavailable, Status::Error, 500)
        };
        for _ in 0..5 {
            let usage = if works { Usage::new(10, 2) } else { Usage::new(0, 0) };
            metrics.record_llm_call("gemini-2.5-pro", usage, Duration::from_millis(500), call);
            metrics.track_task("search").finish(task);
            metrics.track_request("POST", "/tasks").finish(code);
        }
    })
}
