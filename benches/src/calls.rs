//! The cost of one tracked call on one thread.

use std::future::Future;
use std::hint::black_box;
use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::time::Instant;

use prometheus::{Histogram, HistogramOpts, IntCounter};

use crate::allocator;
use crate::exposed::Count;
use crate::measure::{self, Candidate, Rounds, each};
use crate::report::{Report, Row, Target, ns, times};
use crate::subjects::{self as call, Index};

/// Creates a future, pins it on the stack and polls it, without a runtime.
macro_rules! poll_once {
    ($call:expr) => {
        || {
            let future = pin!($call);
            match future.poll(&mut Context::from_waker(Waker::noop())) {
                Poll::Ready(output) => _ = black_box(output),
                Poll::Pending => unreachable!("nothing in it waits"),
            }
        }
    };
}

/// An argument that changes from call to call.
fn changing<T: Copy>(values: [T; 4]) -> impl FnMut() -> T {
    let mut at = 0;
    move || {
        at = (at + 1) & 3;
        black_box(values[at])
    }
}

const ROUNDS: usize = 201;
const CALLS: u64 = 10_000;

const READS: &str = "two TSC reads";
const INDICES: [Index; 4] = [Index::Docs, Index::Code, Index::Code, Index::Docs];
const NAMES: [&str; 4] = ["gemini-2.0-flash", "claude-sonnet-4-5", "gpt-5.1-mini", "mistral-large"];

const TASKS: [&str; 2] = ["agent_tasks_total", "agent_task_duration_seconds_count"];
const LLM: [&str; 2] = ["agent_llm_calls_total", "agent_llm_call_duration_seconds_count"];
const CONSTANT: [&str; 2] = ["bench_constant_calls_total", "bench_constant_call_duration_seconds_count"];
const LOOKUP: [&str; 2] = ["bench_lookup_calls_total", "bench_lookup_call_duration_seconds_count"];
const TENANT: [&str; 2] = ["bench_tenant_calls_total", "bench_tenant_call_duration_seconds_count"];
const AUTO: [&str; 2] = ["function_calls_total", "function_calls_duration_seconds_count"];

pub(crate) fn run(report: &mut Report) {
    let mut candidates = candidates();
    let rounds = measure::time(&mut candidates, ROUNDS, CALLS);
    let ours = ["tool", "task", "tool_enum", "own_enum", "own_bounded", "llm_model", "tool_async"];
    let mut allocations = 0;
    for name in ours {
        let candidate = measure::named(&mut candidates, name);
        allocations += allocator::counted(|| candidate.run(CALLS)).1;
    }
    show_constant(&rounds, report);
    show_async(&rounds, allocations, ours.len(), report);
    show_labels(&rounds, report);
    measure::check("calls", &candidates, report);
}

fn candidates() -> Vec<Candidate<'static>> {
    let clock = quanta::Clock::new();
    let counter = IntCounter::new("cached_calls_total", "calls").expect("a valid name");
    let histogram =
        Histogram::with_opts(HistogramOpts::new("cached_seconds", "seconds")).expect("a valid name");
    let [mut index_0, mut index_1, mut index_2, mut index_3] = [(); 4].map(|()| changing(INDICES));
    let [mut name_0, mut name_1, mut name_2, mut name_3] = [(); 4].map(|()| changing(NAMES));
    vec![
        each(READS, move || {
            black_box(clock.raw());
            black_box(clock.raw());
        }),
        each("plain", || _ = black_box(call::plain(black_box(1)))),
        each("tool", || _ = black_box(call::tool(black_box(1)))).counted_by(Count::of_tools(&["tool"])),
        each("task", || _ = black_box(call::task(black_box(1)))).counted_by(Count::of(
            TASKS,
            "task_type",
            &["task"],
        )),
        each("auto", || _ = black_box(call::auto(black_box(1)))).counted_by(Count::of(
            AUTO,
            "function",
            &["auto"],
        )),
        each("cached", move || {
            let begin = Instant::now();
            let _ = black_box(call::plain(black_box(1)));
            histogram.observe(begin.elapsed().as_secs_f64());
            counter.inc();
        }),
        each("tool_constant", move || _ = black_box(call::tool_constant(index_0(), 1)))
            .counted_by(Count::of_tools(&["tool_constant"])),
        each("tool_enum", move || _ = black_box(call::tool_enum(index_1(), 1)))
            .counted_by(Count::of_tools(&["docs", "code"])),
        each("own_constant", move || _ = black_box(call::own_constant(index_2(), 1))).counted_by(Count::of(
            CONSTANT,
            "index",
            &["docs"],
        )),
        each("own_enum", move || _ = black_box(call::own_enum(index_3(), 1))).counted_by(Count::of(
            LOOKUP,
            "index",
            &["docs", "code"],
        )),
        each("own_unread", move || _ = black_box(call::own_unread(name_0(), 1))).counted_by(Count::of(
            CONSTANT,
            "index",
            &["code"],
        )),
        each("own_bounded", move || _ = black_box(call::own_bounded(name_1(), 1)))
            .counted_by(Count::of(TENANT, "tenant", &NAMES)),
        each("llm_constant", move || _ = black_box(call::llm_constant(name_2(), 1))).counted_by(Count::of(
            LLM,
            "model",
            &["constant"],
        )),
        each("llm_model", move || _ = black_box(call::llm_model(name_3(), 1)))
            .counted_by(Count::of(LLM, "model", &NAMES)),
        each("plain_async", poll_once!(call::plain_async(black_box(1)))),
        each("tool_async", poll_once!(call::tool_async(black_box(1))))
            .counted_by(Count::of_tools(&["tool_async"])),
        each("auto_async", poll_once!(call::auto_async(black_box(1)))).counted_by(Count::of(
            AUTO,
            "function",
            &["auto_async"],
        )),
    ]
}

fn show_constant(rounds: &Rounds, report: &mut Report) {
    let mut compare = |attribute: &str, ours: &str, peer: &str, peer_name: &str, limit: Option<f64>| {
        let ratio = rounds.ratio(ours, peer);
        report.row(&Row {
            what: format!("sync call, `#[{attribute}]`, constant label"),
            ours: ns(rounds.of_one(ours)),
            peers: format!("{peer_name} {}", ns(rounds.of_one(peer))),
            ratio: times(ratio),
            target: limit.map_or(Target::None, |limit| Target::at_most(ratio, limit, " x")),
        });
    };
    compare("track_tool", "tool", READS, READS, Some(1.2));
    compare("track_tool", "tool", "auto", "autometrics", Some(0.15));
    compare("track_tool", "tool", "cached", "`Instant` and cached `prometheus` handles", None);
    compare("track_task", "task", READS, READS, None);
    compare("track_tool", "tool", "plain", "untracked", None);
}

fn show_async(rounds: &Rounds, allocations: u64, ours: usize, report: &mut Report) {
    let added = |name| rounds.difference(name, "plain_async");
    let ratio =
        rounds.of_each(["tool_async", "plain_async", READS], |[ours, plain, reads]| (ours - plain) / reads);
    let peers = format!("{READS} {}; autometrics adds {}", ns(rounds.of_one(READS)), ns(added("auto_async")));
    report.row(&Row {
        what: "async call polled once, `#[track_tool]`: added to the untracked one".into(),
        ours: ns(added("tool_async")),
        peers,
        ratio: format!("{} two reads", times(ratio)),
        target: Target::at_most(ratio, 1.3, " x"),
    });
    report.row(&Row {
        what: format!("allocations in {CALLS} calls of each of {ours} tracked functions"),
        ours: allocations.to_string(),
        target: Target::at_most(allocations as f64, 0.0, ""),
        ..Row::default()
    });
}

fn show_labels(rounds: &Rounds, report: &mut Report) {
    let mut compare = |what: &str, ours: &str, constant: &str, limit: f64| {
        let added = rounds.difference(ours, constant);
        report.row(&Row {
            what: format!("{what}: added to a constant label"),
            ours: ns(rounds.of_one(ours)),
            peers: format!("constant {}", ns(rounds.of_one(constant))),
            ratio: format!("{added:+.1} ns"),
            target: Target::at_most(added, limit, " ns"),
        });
    };
    compare("enum label chosen at run time, `#[track(Labels, ..)]`", "own_enum", "own_constant", 3.0);
    compare("enum label chosen at run time, `#[track_tool]`", "tool_enum", "tool_constant", 3.0);
    compare("`Bounded` label from a `&str`, `#[track(Labels, ..)]`", "own_bounded", "own_unread", 25.0);
    compare("`model = &str`, `#[track_llm]`", "llm_model", "llm_constant", 25.0);
}
