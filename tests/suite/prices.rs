//! Costs of calls, and price tables replaced while calls run.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use agent_metrics::pricing::Tariff;
use agent_metrics::usage::ServiceTier;
use agent_metrics::{AgentMetrics, Call, Price, PriceTable, Status, TokenUsage, Usage, track_llm};
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

/// A clock that a test moves, in seconds since 1970.
fn clock(start: u64) -> (Arc<AtomicU64>, impl Fn() -> SystemTime + Send + Sync + 'static) {
    let seconds = Arc::new(AtomicU64::new(start));
    let now = seconds.clone();
    (seconds, move || UNIX_EPOCH + Duration::from_secs(now.load(Ordering::SeqCst)))
}

/// 1 January 2027, 0:00 UTC.
const NEW_YEAR: u64 = 1_798_761_600;

#[test]
fn a_running_program_changes_to_the_new_price_when_its_day_begins() {
    let (seconds, now) = clock(NEW_YEAR - 1);
    let prices = PriceTable::bundled();
    let metrics = AgentMetrics::builder().prices(prices).price_clock(now).build().expect("valid");
    // 0.75 USD per million input tokens before 2027, and 1.5 USD from then on.
    for _ in 0..3 {
        call(&metrics, "gemini-3.6-flash");
    }
    assert_eq!(spent(&metrics, "gemini-3.6-flash"), Some(3.0 * 0.75));
    seconds.store(NEW_YEAR, Ordering::SeqCst);
    call(&metrics, "gemini-3.6-flash");
    assert_eq!(spent(&metrics, "gemini-3.6-flash"), Some(3.0 * 0.75 + 1.5));
    // A model that is first called after the change has the new price at once.
    call(&metrics, "gemini-3.7-flash");
    assert_eq!(spent(&metrics, "gemini-3.7-flash"), Some(1.5));
}

#[test]
fn each_call_is_billed_by_one_price_while_the_clock_passes_a_change() {
    let (seconds, now) = clock(NEW_YEAR - 1);
    let new_year = UNIX_EPOCH + Duration::from_secs(NEW_YEAR);
    let tariff = Tariff::new(flat(1.0)).starting(new_year, flat(2.0));
    let prices = PriceTable::empty().with("a", tariff).alias("b", "a");
    let metrics = AgentMetrics::builder().prices(prices).price_clock(now).build().expect("valid");
    let is_over = AtomicBool::new(false);
    let calls: u32 = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..4)
            .map(|thread| {
                let model = if thread % 2 == 0 { "a" } else { "b" };
                let (metrics, is_over) = (&metrics, &is_over);
                scope.spawn(move || {
                    let mut calls = 0;
                    while !is_over.load(Ordering::Relaxed) {
                        call(metrics, model);
                        calls += 1;
                    }
                    calls
                })
            })
            .collect();
        let reaches = |usd: f64| while spent(&metrics, "a").unwrap_or(0.0) < usd {};
        reaches(100.0);
        seconds.store(NEW_YEAR, Ordering::SeqCst);
        reaches(spent(&metrics, "a").expect("a cost") + 100.0);
        is_over.store(true, Ordering::Relaxed);
        threads.into_iter().map(|thread| thread.join().expect("no panic")).sum()
    });
    let total = samples(&metrics);
    let [input, output] =
        ["input", "output"].map(|kind| total.sum("agent_cost_usd_total", &[("cost_type", kind)]));
    assert_eq!(input, output, "no call is billed by a mixture of two prices");
    let calls = f64::from(calls);
    assert!(calls < input && input < 2.0 * calls, "{calls} calls cost {input}");
    let before = spent(&metrics, "a").expect("a cost");
    call(&metrics, "a");
    assert_eq!(spent(&metrics, "a"), Some(before + 2.0));
}

#[test]
fn the_price_follows_the_hour_of_the_day() {
    let (seconds, now) = clock(NEW_YEAR);
    let metrics = AgentMetrics::builder().price_clock(now).build().expect("valid");
    let mut expected = 0.0;
    // DeepSeek's peak hours are from 1:00 to 4:00 and from 6:00 to 10:00 UTC.
    for (hour, usd) in [(0, 0.66), (1, 1.32), (4, 0.66), (9, 1.32), (10, 0.66), (25, 1.32)] {
        seconds.store(NEW_YEAR + hour * 3600, Ordering::SeqCst);
        call(&metrics, "deepseek-v4-pro");
        expected += usd;
        let spent = spent(&metrics, "deepseek-v4-pro").expect("a cost");
        assert!((spent - expected).abs() < 1e-9, "{hour}:00: {spent}, not {expected}");
    }
}

/// A response that reports its service tier.
struct Reply(Option<ServiceTier>);

impl TokenUsage for Reply {
    fn token_usage(&self) -> Option<Usage> {
        Some(Usage::new(1_000_000, 1_000_000))
    }

    fn service_tier(&self) -> Option<ServiceTier> {
        self.0
    }
}

#[track_llm(model = model, metrics = metrics)]
fn ask(metrics: &AgentMetrics, model: &str, reported: Option<ServiceTier>) -> Reply {
    Call::current().service_tier(ServiceTier::PRIORITY);
    Reply(reported)
}

#[test]
fn the_tier_that_the_response_reports_replaces_the_requested_one() {
    let metrics = with(PriceTable::bundled());
    let mut expected = 0.0;
    for (reported, usd) in [
        (None, 2.5),
        (Some(ServiceTier::STANDARD), 1.25),
        (Some(ServiceTier::FLEX), 0.625),
        (Some(ServiceTier::BATCH), 0.625),
    ] {
        ask(&metrics, "gpt-5", reported);
        expected += usd;
        assert_eq!(spent(&metrics, "gpt-5"), Some(expected), "{reported:?}");
    }
}

#[track_llm(model = "openai/gpt-oss-120b", provider = "groq", metrics = metrics)]
fn ask_groq(metrics: &AgentMetrics) -> Usage {
    Usage::new(1_000_000, 1_000_000)
}

#[track_llm(model = "openai/gpt-oss-120b", metrics = metrics)]
fn ask_somebody(metrics: &AgentMetrics) -> Usage {
    Usage::new(1_000_000, 1_000_000)
}

#[test]
fn the_provider_decides_the_price_of_a_model_that_several_sell() {
    let model = "openai/gpt-oss-120b";
    let metrics = with(PriceTable::bundled());
    ask_somebody(&metrics);
    assert_eq!((spent(&metrics, model), unpriced(&metrics, model)), (None, Some(1e6)));
    ask_groq(&metrics);
    assert_eq!((spent(&metrics, model), unpriced(&metrics, model)), (Some(0.15), Some(1e6)));
    // Reported while the call runs, as integrations do.
    let mut by_hand = metrics.track_llm(model);
    by_hand.usage(&Usage::new(1_000_000, 0)).provider("cerebras");
    by_hand.finish(Status::Success);
    assert_eq!((spent(&metrics, model), unpriced(&metrics, model)), (Some(0.15), Some(2e6)));
    let mut by_hand = metrics.track_llm("gpt-oss-120b");
    by_hand.usage(&Usage::new(1_000_000, 0)).provider("cerebras");
    by_hand.finish(Status::Success);
    assert_eq!(spent(&metrics, "gpt-oss-120b"), Some(0.35));
}

#[test]
fn replaced_prices_apply_to_every_provider_and_tier() {
    let metrics = with(PriceTable::empty());
    ask_groq(&metrics);
    ask(&metrics, "gpt-5", Some(ServiceTier::FLEX));
    assert_eq!(spent(&metrics, "gpt-5"), None);
    metrics.set_prices(PriceTable::bundled());
    ask_groq(&metrics);
    ask(&metrics, "gpt-5", Some(ServiceTier::FLEX));
    assert_eq!(spent(&metrics, "openai/gpt-oss-120b"), Some(0.15));
    assert_eq!(spent(&metrics, "gpt-5"), Some(0.625));
}

#[test]
fn fees_are_part_of_the_cost() {
    let metrics = with(PriceTable::bundled());
    let usage = Usage::new(0, 0).web_searches(3);
    metrics.record_llm_call("claude-sonnet-5", usage, Duration::from_secs(1), Status::Success);
    let usage = Usage::default().audio_seconds(90);
    metrics.record_llm_call("whisper-1", usage, Duration::from_secs(1), Status::Success);
    for (model, usd) in [("claude-sonnet-5", 0.03), ("whisper-1", 0.009)] {
        let found = spent(&metrics, model).expect("a cost");
        assert!((found - usd).abs() < 1e-9, "{model}: {found}");
    }
    // Without the length of the audio the cost is unknown, and not 0.
    call(&metrics, "whisper-1");
    assert_eq!(unpriced(&metrics, "whisper-1"), Some(1e6));
}
