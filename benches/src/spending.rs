//! The additional cost of tokens, money, ledgers, streams and dimensions for a call.

use std::hint::black_box;
use std::pin::{Pin, pin};
use std::sync::LazyLock;
use std::task::{Context, Poll, Waker};
use std::time::Instant;

use agent_metrics::{
    AgentMetrics, LabelValue, Price, PriceTable, StreamExt as _, Usage, track_llm, track_task, track_tool,
};
use futures_core::Stream;
use genai_prices::{Calculator, PriceRequest, UsageKey};
use prometheus::{Histogram, HistogramOpts, IntCounter, IntGauge, Opts};

use crate::allocator;
use crate::exposed::Count;
use crate::measure::{self, Candidate, Rounds, each, many};
use crate::report::{Report, Row, Target, ns, times};
use crate::subjects as call;

const ROUNDS: usize = 201;
const CALLS: u64 = 5_000;
/// The number of items of a stream.
const ITEMS: u64 = 100;

const MODEL: &str = "gemini-2.0-flash";
const UNPRICED: &str = "no-such-model";

fn usage() -> Usage {
    Usage::new(black_box(1200), black_box(80)).cache_read(black_box(1000))
}

#[inline(never)]
#[track_llm(model = MODEL, usage = |_| usage())]
fn llm_used() -> Result<u64, std::fmt::Error> {
    Ok(black_box(1))
}

#[inline(never)]
#[track_llm(model = UNPRICED, usage = |_| usage())]
fn llm_unpriced() -> Result<u64, std::fmt::Error> {
    Ok(black_box(1))
}

/// LLM calls inside a task.
#[inline(never)]
#[track_task(task_type = "spends")]
fn task_of_calls(calls: u64) -> Result<u64, std::fmt::Error> {
    (0..calls).try_fold(0, |sum, _| Ok(sum + llm_used()?))
}

#[derive(Clone, Copy, LabelValue)]
enum Tier {
    Free,
    Paid,
}

static PLAIN: LazyLock<AgentMetrics> =
    LazyLock::new(|| AgentMetrics::builder().build().expect("the defaults are valid"));
static DIMENSIONED: LazyLock<AgentMetrics> =
    LazyLock::new(|| AgentMetrics::builder().dimension::<Tier>("tier").build().expect("a dimension"));

#[inline(never)]
#[track_tool(metrics = metrics)]
fn tool_of(metrics: &AgentMetrics) -> Result<u64, std::fmt::Error> {
    Ok(black_box(1))
}

/// Many calls in one task, so that the task itself hardly matters.
#[track_task(metrics = metrics, dimensions(tier))]
fn tools_of(metrics: &AgentMetrics, tier: Tier, calls: u64) {
    for _ in 0..calls {
        let _ = black_box(tool_of(metrics));
    }
}

/// A stream of `left` numbers that is always ready.
struct Numbers {
    left: u64,
}

impl Stream for Numbers {
    type Item = u64;

    #[inline(never)]
    fn poll_next(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<u64>> {
        if self.left == 0 {
            return Poll::Ready(None);
        }
        self.left -= 1;
        Poll::Ready(Some(black_box(self.left)))
    }
}

fn drain(stream: impl Stream<Item = u64>) {
    let mut stream = pin!(stream);
    let mut context = Context::from_waker(Waker::noop());
    while let Poll::Ready(Some(item)) = stream.as_mut().poll_next(&mut context) {
        black_box(item);
    }
}

/// Careful hand-written code with `prometheus`: cached handles and a known price.
struct ByHand {
    in_progress: IntGauge,
    calls: IntCounter,
    duration: Histogram,
    input: Histogram,
    output: Histogram,
    tokens: [IntCounter; 2],
    cached: IntCounter,
    cost: [prometheus::Counter; 2],
}

impl ByHand {
    fn new() -> Self {
        let counter = |name: &str| IntCounter::new(name, "help").expect("a valid name");
        let money =
            |name: &str| prometheus::Counter::with_opts(Opts::new(name, "help")).expect("a valid name");
        let histogram = |name: &str, buckets: &[f64]| {
            let opts = HistogramOpts::new(name, "help").buckets(buckets.to_vec());
            Histogram::with_opts(opts).expect("a valid name")
        };
        let seconds = [0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 30.0, 60.0, 120.0, 300.0, 600.0];
        let tokens = [100.0, 500.0, 1e3, 2e3, 5e3, 1e4, 2e4, 5e4, 1e5, 2e5, 5e5, 1e6];
        Self {
            in_progress: IntGauge::new("by_hand_in_progress", "help").expect("a valid name"),
            calls: counter("by_hand_calls_total"),
            duration: histogram("by_hand_seconds", &seconds),
            input: histogram("by_hand_input", &tokens),
            output: histogram("by_hand_output", &tokens),
            tokens: [counter("by_hand_input_total"), counter("by_hand_output_total")],
            cached: counter("by_hand_cached_total"),
            cost: [money("by_hand_input_usd_total"), money("by_hand_output_usd_total")],
        }
    }

    #[inline(never)]
    fn call(&self) {
        self.in_progress.inc();
        let begin = Instant::now();
        let _ = black_box(call::plain(black_box(1)));
        let usage = usage();
        let (input, output) = (usage.input.unwrap_or(0), usage.output.unwrap_or(0));
        self.duration.observe(begin.elapsed().as_secs_f64());
        self.calls.inc();
        self.in_progress.dec();
        self.input.observe(input as f64);
        self.output.observe(output as f64);
        self.tokens[0].inc_by(input);
        self.tokens[1].inc_by(output);
        self.cached.inc_by(usage.cache_read.unwrap_or(0));
        self.cost[0].inc_by(input as f64 * 0.10e-6);
        self.cost[1].inc_by(output as f64 * 0.40e-6);
    }
}

pub(crate) fn run(report: &mut Report) {
    let mut candidates = candidates();
    let rounds = measure::time(&mut candidates, ROUNDS, CALLS);
    let allocations = ["llm_used", "task_of_one_call", "dimensioned"]
        .map(|name| {
            let candidate = measure::named(&mut candidates, name);
            allocator::counted(|| candidate.run(CALLS)).1
        })
        .iter()
        .sum::<u64>();
    show(&rounds, allocations, report);
    measure::check("spending", &candidates, report);
}

fn candidates() -> Vec<Candidate<'static>> {
    let by_hand = ByHand::new();
    let llm =
        |model: &str| Count::of(["agent_llm_calls_total", "agent_llm_input_tokens_count"], "model", &[model]);
    let table = PriceTable::bundled();
    let calculator = Calculator::bundled();
    let asked: genai_prices::Usage = [("input_tokens", 1200.0), ("output_tokens", 80.0)]
        .into_iter()
        .map(|(key, tokens)| (UsageKey::from_static(key), tokens))
        .collect();
    let price: Price = table.get(MODEL).expect("a bundled price");
    vec![
        each("plain", || _ = black_box(call::plain(black_box(1)))),
        each("task", || _ = black_box(call::task(black_box(1)))),
        each("llm_used", || _ = black_box(llm_used())),
        each("llm_unpriced", || _ = black_box(llm_unpriced())).counted_by(llm(UNPRICED)),
        each("task_of_one_call", || _ = black_box(task_of_calls(1))),
        many("llm_in_task", |n| _ = black_box(task_of_calls(n))),
        each("by_hand", move || by_hand.call()),
        many("undimensioned", |n| tools_of(&PLAIN, Tier::Free, n)),
        many("dimensioned", |n| tools_of(&DIMENSIONED, Tier::Paid, n)),
        many("stream", |n| (0..n / ITEMS).for_each(|_| drain(Numbers { left: ITEMS }))),
        many("tracked_stream", |n| {
            let metrics = agent_metrics::global();
            for _ in 0..n / ITEMS {
                drain(Numbers { left: ITEMS }.tracked_llm(metrics, MODEL, |_, _| {}));
            }
        }),
        each("cost", move || _ = black_box(black_box(&price).cost(&usage()))),
        each("look_up", move || {
            _ = black_box(table.get(black_box(MODEL)).map(|price| price.cost(&usage())));
        }),
        each("genai", move || {
            _ = black_box(calculator.calculate(&PriceRequest::new(black_box(MODEL), &asked)));
        }),
    ]
}

fn show(rounds: &Rounds, allocations: u64, report: &mut Report) {
    let of = |name| rounds.of_one(name);
    let by_hand = rounds.ratio("llm_used", "by_hand");
    report.row(&Row {
        what: "LLM call with usage, cached tokens and cost, `#[track_llm]`".into(),
        ours: ns(of("llm_used")),
        peers: format!(
            "the same facts by `Instant` and 10 cached `prometheus` handles {}",
            ns(of("by_hand"))
        ),
        ratio: times(by_hand),
        target: Target::at_most(of("llm_used"), 120.0, " ns"),
    });
    let added = rounds.difference("task", "plain");
    report.row(&Row {
        what: "task with its ledger, `#[track_task]`: added to an untracked function".into(),
        ours: ns(of("task")),
        peers: format!("untracked {}", ns(of("plain"))),
        ratio: format!("{added:+.1} ns"),
        target: Target::at_most(added, 150.0, " ns"),
    });
    report.row(&Row {
        what: "LLM call in a task, added to its ledger".into(),
        ours: ns(of("llm_in_task")),
        ratio: times(rounds.ratio("llm_in_task", "by_hand")),
        target: Target::at_most(of("llm_in_task"), 120.0, " ns"),
        ..Row::default()
    });
    report.row(&Row {
        what: "task in which a model is called, with usage and cost in its ledger".into(),
        ours: ns(of("task_of_one_call")),
        ..Row::default()
    });
    let item = rounds.difference("tracked_stream", "stream");
    report.row(&Row {
        what: format!(
            "item of a stream of {ITEMS}, `tracked_llm`, its call included: added to an untracked one"
        ),
        ours: ns(of("tracked_stream")),
        peers: format!("untracked {}", ns(of("stream"))),
        ratio: format!("{item:+.1} ns"),
        target: Target::at_most(item, 15.0, " ns"),
    });
    let price = rounds.difference("llm_used", "llm_unpriced");
    report.row(&Row {
        what: "price of a known model, looked up and applied in a call: added to one without a price".into(),
        ours: ns(of("llm_used")),
        peers: format!(
            "without a price {}; `genai-prices` calculates in {}",
            ns(of("llm_unpriced")),
            ns(of("genai"))
        ),
        ratio: format!("{price:+.1} ns"),
        target: Target::at_most(price, 25.0, " ns"),
    });
    report.row(&Row {
        what: "price of a known model outside of a call: `PriceTable::get` by name, then `Price::cost`"
            .into(),
        ours: format!("{}, of which cost {}", ns(of("look_up")), ns(of("cost"))),
        peers: format!("`genai-prices` {}", ns(of("genai"))),
        ratio: times(rounds.ratio("look_up", "genai")),
        target: Target::None,
    });
    let dimensions = rounds.difference("dimensioned", "undimensioned");
    report.row(&Row {
        what: "tool in a task whose dimension it inherits: added to an instance without dimensions".into(),
        ours: ns(of("dimensioned")),
        peers: format!("without {}", ns(of("undimensioned"))),
        ratio: format!("{dimensions:+.1} ns"),
        target: Target::None,
    });
    report.row(&Row {
        what: format!(
            "allocations in {CALLS} LLM calls, {CALLS} tasks with one and {CALLS} tools with a dimension"
        ),
        ours: allocations.to_string(),
        target: Target::at_most(allocations as f64, 0.0, ""),
        ..Row::default()
    });
}
