//! Costs of calls, and price tables replaced while calls run.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use agent_metrics::{AgentMetrics, Price, PriceTable, Status, Usage};
use agent_metrics_tests::samples;

fn with(prices: PriceTable) -> AgentMetrics {
    AgentMetrics::builder().prices(prices).build().expect("the defaults are valid")
}

/// A call of a million tokens each way.
fn call(metrics: &AgentMetrics, model: &str) {
    let usage = Usage::new(1_000_000, 1_000_000);
    metrics.record_llm_call(model, usage, Duration::from_secs(1), Status::Success);
}

fn flat(usd: f64) -> Price {
    Price::per_million(usd, usd)
}

fn spent(metrics: &AgentMetrics, model: &str) -> Option<f64> {
    samples(metrics).get(&format!("agent_cost_usd_total{{cost_type=\"input\",model=\"{model}\"}}"))
}

fn unpriced(metrics: &AgentMetrics, model: &str) -> Option<f64> {
    samples(metrics).get(&format!("agent_llm_unpriced_tokens_total{{direction=\"input\",model=\"{model}\"}}"))
}

#[test]
fn prices_can_be_replaced_at_run_time() {
    let metrics = with(PriceTable::empty().with("a", flat(1.0)));
    call(&metrics, "a");
    call(&metrics, "b");
    assert_eq!((spent(&metrics, "a"), unpriced(&metrics, "a")), (Some(1.0), None));
    assert_eq!((spent(&metrics, "b"), unpriced(&metrics, "b")), (None, Some(1e6)));

    metrics.set_prices(PriceTable::empty().with("a", flat(2.0)).with("b", flat(3.0)).with("c", flat(4.0)));
    for model in ["a", "b", "c"] {
        call(&metrics, model);
    }
    // Costs counted before the replacement stay.
    assert_eq!((spent(&metrics, "a"), unpriced(&metrics, "a")), (Some(3.0), None));
    assert_eq!((spent(&metrics, "b"), unpriced(&metrics, "b")), (Some(3.0), Some(1e6)));
    assert_eq!((spent(&metrics, "c"), unpriced(&metrics, "c")), (Some(4.0), None));

    metrics.set_prices(PriceTable::empty());
    call(&metrics, "a");
    assert_eq!((spent(&metrics, "a"), unpriced(&metrics, "a")), (Some(3.0), Some(1e6)));
}

#[test]
fn each_call_is_billed_by_one_table_during_a_replacement() {
    let metrics = with(PriceTable::empty().with("a", flat(1.0)));
    std::thread::scope(|scope| {
        let calls: Vec<_> =
            (0..2).map(|_| scope.spawn(|| (0..5_000).for_each(|_| call(&metrics, "a")))).collect();
        let mut swaps = 0;
        while calls.iter().any(|thread| !thread.is_finished()) {
            swaps += 1;
            metrics.set_prices(PriceTable::empty().with("a", flat(f64::from(1 + swaps % 2))));
        }
    });
    let samples = samples(&metrics);
    let [input, output] =
        ["input", "output"].map(|kind| samples.sum("agent_cost_usd_total", &[("cost_type", kind)]));
    assert_eq!(input.to_bits(), output.to_bits());
    assert!((10_000.0..=20_000.0).contains(&input), "{input}");
    assert_eq!(unpriced(&metrics, "a"), None);
}

#[test]
fn a_model_first_seen_during_a_replacement_gets_the_new_price() {
    let metrics = with(PriceTable::empty());
    std::thread::scope(|scope| {
        scope.spawn(|| (0..100).for_each(|model| call(&metrics, &model.to_string())));
        metrics.set_prices(PriceTable::from_fn(|_| Some(flat(1.0))));
    });
    let before = samples(&metrics);
    (0..100).for_each(|model| call(&metrics, &model.to_string()));
    let after = samples(&metrics);
    for model in 0..100 {
        let series = format!("agent_cost_usd_total{{cost_type=\"input\",model=\"{model}\"}}");
        assert_eq!(after.value(&series) - before.get(&series).unwrap_or(0.0), 1.0, "{model}");
    }
}

#[test]
fn a_price_function_runs_once_for_each_model() {
    let asked = Arc::new(AtomicU64::new(0));
    let counting = asked.clone();
    let prices = PriceTable::from_fn(move |model| {
        counting.fetch_add(1, Ordering::Relaxed);
        assert_ne!(model, "bad", "this function panics");
        Some(flat(1.0))
    });
    let metrics = with(prices);
    for _ in 0..3 {
        call(&metrics, "a");
        call(&metrics, "bad");
    }
    assert_eq!(asked.load(Ordering::Relaxed), 2);
    assert_eq!((spent(&metrics, "bad"), unpriced(&metrics, "bad")), (None, Some(3e6)));
    assert!(samples(&metrics).value("agent_metrics_callback_panics_total") > 0.0);
    metrics.set_prices(metrics.prices());
    assert_eq!(asked.load(Ordering::Relaxed), 4);
}
