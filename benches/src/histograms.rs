//! The additional cost of native buckets and exemplars for an observation.

use std::cell::Cell;

use agent_metrics::metric::TraceContext;
use agent_metrics::{AgentMetrics, Histogram, Metrics};

use crate::measure::{self, Rounds, each};
use crate::report::{Report, Row, Target, ns};

const ROUNDS: usize = 201;
const OBSERVATIONS: u64 = 10_000;

const CLASSIC: &str = "classic";
const NATIVE: &str = "native beside classic";
const TRACED: &str = "classic with exemplars";

#[derive(Metrics)]
#[metrics(namespace = "bench")]
struct Waits {
    /// A histogram with classic buckets.
    #[metric(buckets = [0.01, 0.05, 0.1, 0.5, 1.0, 5.0, 10.0])]
    classic_seconds: Histogram,
    /// A histogram with classic and native buckets.
    #[metric(native, buckets = [0.01, 0.05, 0.1, 0.5, 1.0, 5.0, 10.0])]
    native_seconds: Histogram,
}

/// The number of values over seven doublings, large enough to defeat branch prediction.
const VALUES: usize = 1024;

fn values() -> Vec<f64> {
    let mut state = 7_u64;
    let mut random = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (state >> 11) as f64 / (1_u64 << 53) as f64
    };
    (0..VALUES).map(|_| (random() * 7.0 - 5.0).exp2()).collect()
}

/// Yields the values in a cycle.
fn in_turn(values: &[f64]) -> impl Fn() -> f64 {
    let next = Cell::new(0);
    move || {
        next.set((next.get() + 1) % VALUES);
        values[next.get()]
    }
}

pub(crate) fn run(report: &mut Report) {
    let plain = AgentMetrics::builder().build().expect("a registry of its own");
    let traced = AgentMetrics::builder().exemplars(|| Some(TraceContext::new(1, 2)));
    let traced = traced.build().expect("a registry of its own");
    let waits = Waits::register(&plain).expect("free names");
    let traced_waits = Waits::register(&traced).expect("free names");
    let values = values();
    let next = in_turn(&values);
    let mut candidates = [
        each(CLASSIC, || waits.classic_seconds.with(()).observe(next())),
        each(NATIVE, || waits.native_seconds.with(()).observe(next())),
        each(TRACED, || traced_waits.classic_seconds.with(()).observe(next())),
    ];
    let rounds = measure::time(&mut candidates, ROUNDS, OBSERVATIONS);
    drop(candidates);
    show(&rounds, report);
    check(&plain.to_text(), &traced.to_text(), report);
}

fn show(rounds: &Rounds, report: &mut Report) {
    for (what, candidate, limit) in
        [("native buckets", NATIVE, 12.0), ("exemplars, with a trace that is active,", TRACED, 5.0)]
    {
        let added = rounds.difference(candidate, CLASSIC);
        report.row(&Row {
            what: format!("an observation: {what} added to a classic one"),
            ours: ns(rounds.of_one(candidate)),
            peers: format!("classic {}", ns(rounds.of_one(CLASSIC))),
            ratio: format!("{added:+.1} ns"),
            target: Target::at_most(added, limit, " ns"),
        });
    }
}

/// Checks that every observation was counted.
fn check(plain: &str, traced: &str, report: &mut Report) {
    let observations = OBSERVATIONS * (ROUNDS as u64 + 1);
    let wrong: Vec<_> = [(plain, "classic"), (plain, "native"), (traced, "classic")]
        .iter()
        .filter(|(text, name)| !text.contains(&format!("bench_{name}_seconds_count {observations}\n")))
        .map(|(_, name)| format!("`bench_{name}_seconds` doesn't have {observations}"))
        .collect();
    report.truth("histograms", 3 * observations, 3, &wrong);
}
