//! Threads that record into one series at the same time.

use std::hint::black_box;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Instant;

use agent_metrics::{Histogram, Metrics};
use prometheus::{HistogramOpts, HistogramVec};
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::histogram::Histogram as ClientHistogram;
use prometheus_client::registry::Registry;

use crate::exposed::Exposed;
use crate::measure::median;
use crate::report::{Report, Row, Target, ns, times};
use crate::scrape::BOUNDS;
use crate::subjects;

#[derive(Metrics)]
#[metrics(namespace = "bench")]
struct Threads {
    /// Observed by several threads.
    #[metric(buckets = [0.01, 0.05, 0.1, 0.5, 1.0, 5.0, 10.0])]
    threads_seconds: Histogram,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ClientLabels {
    tool_name: &'static str,
}

/// The operation that each thread repeats, and the number of recorded operations.
struct Candidate<'a> {
    name: &'static str,
    run: Box<dyn Fn(u64) + Sync + 'a>,
    counted: Option<Box<dyn Fn() -> u64 + 'a>>,
    ours: bool,
}

const ROUNDS: usize = 25;
const THREADS: [u64; 3] = [1, 2, 8];
const CORES: u64 = 2;

/// The calls per round for each core.
const CALLS: u64 = 500_000;

/// The target of eight threads on two cores against two. The scheduler takes a few per cent of a round.
const NO_SLOWER: f64 = 0.97;

impl<'a> Candidate<'a> {
    /// The control: it shares and counts nothing, so it shows the capacity of the machine for two threads.
    fn control(name: &'static str, operation: impl Fn() + Sync + 'a) -> Self {
        let run = Box::new(move |n| (0..n).for_each(|_| operation()));
        Self { name, run, counted: None, ours: false }
    }

    fn peer(name: &'static str, operation: impl Fn() + Sync + 'a, counted: impl Fn() -> u64 + 'a) -> Self {
        Self { counted: Some(Box::new(counted)), ..Self::control(name, operation) }
    }

    fn ours(
        name: &'static str,
        operation: impl Fn() + Sync + 'a,
        family: &'a str,
        pairs: &'a [String],
    ) -> Self {
        let counted = move || Exposed::now().sum(family, pairs) as u64;
        Self { ours: true, ..Self::peer(name, operation, counted) }
    }
}

pub(crate) fn run(report: &mut Report) {
    let ours = Threads::register(agent_metrics::global()).expect("the name is free");
    let tool = ["tool_name=\"tool\"".to_owned()];
    let clock = quanta::Clock::new();
    let atomic = AtomicU64::new(0);
    let opts = HistogramOpts::new("threads_seconds", "seconds").buckets(BOUNDS.into());
    let vec = HistogramVec::new(opts, &["tool_name"]).expect("a valid name");
    let cached = vec.with_label_values(&["cached"]);
    let in_vec = || vec.with_label_values(&[black_box("tool")]);
    let family =
        Family::<ClientLabels, ClientHistogram>::new_with_constructor(|| ClientHistogram::new(BOUNDS));
    let labels = ClientLabels { tool_name: "tool" };
    let in_family = || family.get_or_create(black_box(&labels));
    let mut exposed = Registry::default();
    exposed.register("threads_seconds", "seconds", family.clone());
    let candidates = [
        Candidate::ours(
            "`#[track_tool]`",
            || _ = black_box(subjects::tool(black_box(1))),
            "agent_tool_calls_total",
            &tool,
        ),
        Candidate::ours(
            "our histogram",
            || ours.threads_seconds.with(()).observe(black_box(0.02)),
            "bench_threads_seconds_count",
            &[],
        ),
        Candidate::control("two TSC reads, nothing shared", || {
            black_box(clock.raw());
            black_box(clock.raw());
        }),
        Candidate::peer(
            "one `AtomicU64`",
            || _ = atomic.fetch_add(black_box(1), Ordering::Relaxed),
            || atomic.load(Ordering::Relaxed),
        ),
        Candidate::peer(
            "`prometheus` histogram, cached",
            || cached.observe(black_box(0.02)),
            || cached.get_sample_count(),
        ),
        Candidate::peer(
            "`prometheus` histogram in a vec",
            || in_vec().observe(black_box(0.02)),
            || in_vec().get_sample_count(),
        ),
        Candidate::peer(
            "`prometheus-client` histogram in a family",
            || in_family().observe(black_box(0.02)),
            || encoded_count(&exposed),
        ),
    ];
    let calls = time(&candidates, report);
    let wrong: Vec<_> = candidates
        .iter()
        .filter_map(|candidate| Some((candidate.name, candidate.counted.as_ref()?())))
        .filter(|(_, counted)| *counted != calls)
        .map(|(name, counted)| format!("{name} has {counted} of {calls}"))
        .collect();
    let counted = candidates.iter().filter(|candidate| candidate.counted.is_some()).count();
    report.truth("threads", calls * counted as u64, counted, &wrong);
}

/// `prometheus-client` shows a count only in an exposition.
fn encoded_count(registry: &Registry) -> u64 {
    let mut text = String::new();
    encode(&mut text, registry).expect("it can be written");
    let sample = text.lines().find(|line| line.starts_with("threads_seconds_count"));
    sample.and_then(|sample| sample.rsplit_once(' ')?.1.parse().ok()).unwrap_or(0)
}

/// Times all candidates, prints their rows, and returns the number of calls of each.
fn time(candidates: &[Candidate<'_>], report: &mut Report) -> u64 {
    // Calls per nanosecond by candidate, number of threads and round.
    let mut rates = vec![[(); THREADS.len()].map(|()| Vec::with_capacity(ROUNDS)); candidates.len()];
    let mut calls = 0;
    for _ in 0..ROUNDS {
        for (candidate, rates) in candidates.iter().zip(&mut rates) {
            for (threads, rates) in THREADS.into_iter().zip(rates) {
                let each = CALLS * CORES.min(threads) / threads;
                rates.push((each * threads) as f64 / nanos(candidate, threads, each));
            }
        }
        calls += THREADS.into_iter().map(|threads| CALLS * CORES.min(threads)).sum::<u64>();
    }
    for (candidate, rates) in candidates.iter().zip(&rates) {
        show(candidate, rates, report);
    }
    calls
}

/// The time from the first thread's start to the last one's end. Threads are pinned to the cores in turn; otherwise the
/// scheduler sometimes runs two of them on one core for a whole round.
fn nanos(candidate: &Candidate<'_>, threads: u64, calls: u64) -> f64 {
    let cores = core_affinity::get_core_ids().unwrap_or_default();
    let (run, waiting) = (&candidate.run, AtomicU64::new(threads));
    let turn = |number: u64| {
        if let Some(core) = cores.get(number as usize % CORES as usize) {
            core_affinity::set_for_current(*core);
        }
        run(1); // What a thread does once isn't part of the rate.
        waiting.fetch_sub(1, Ordering::AcqRel);
        while waiting.load(Ordering::Acquire) > 0 {
            thread::yield_now(); // Who is woken up comes late.
        }
        let begin = Instant::now();
        run(black_box(calls - 1));
        (begin, Instant::now())
    };
    let turn = &turn;
    thread::scope(|scope| {
        let turns: Vec<_> = (0..threads).map(|number| scope.spawn(move || turn(number))).collect();
        let turns: Vec<_> = turns.into_iter().filter_map(|turn| turn.join().ok()).collect();
        let begin = turns.iter().map(|turn| turn.0).min();
        let end = turns.iter().map(|turn| turn.1).max();
        begin.zip(end).map_or(f64::NAN, |(begin, end)| (end - begin).as_nanos() as f64)
    })
}

fn show(candidate: &Candidate<'_>, rates: &[Vec<f64>; 3], report: &mut Report) {
    let [one, two, eight] = rates;
    let ratio = |left: &[f64], right: &[f64]| median(left.iter().zip(right).map(|(l, r)| l / r).collect());
    let cost = |rates: &[f64]| ns(1.0 / median(rates.to_vec()));
    let mut row = |more: &str, fewer: &str, left: &[f64], right: &[f64], limit: f64| {
        let ratio = ratio(left, right);
        let costs = format!("{} -> {} a call", cost(right), cost(left));
        let (ours, peers) = if candidate.ours { (costs, String::new()) } else { (String::new(), costs) };
        let target = if candidate.ours { Target::at_least(ratio, limit, " x") } else { Target::None };
        report.row(&Row {
            what: format!("{more} threads on one series against {fewer}: {}", candidate.name),
            ours,
            peers,
            ratio: times(ratio),
            target,
        });
    };
    row("two", "one", two, one, 1.9);
    row("eight", "two", eight, two, NO_SLOWER);
}
