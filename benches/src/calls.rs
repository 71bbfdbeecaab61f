//! What one tracked call costs.

use std::future::Future;
use std::hint::black_box;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use agent_metrics::{Bounded, CallLabels, LabelValue, track, track_llm, track_task, track_tool};
use autometrics::autometrics;
use prometheus::{Histogram, HistogramOpts, IntCounter};

use crate::measure::{Candidate, nanos};
use crate::report::Report;

#[derive(Clone, Copy, LabelValue)]
enum Index {
    Docs,
    Code,
}

#[derive(Clone, Copy, CallLabels)]
#[calls(name = "bench_lookup")]
struct Lookup {
    index: Index,
}

#[derive(Clone, Copy, CallLabels)]
#[calls(name = "bench_tenant")]
struct Tenant {
    tenant: Bounded<64>,
}

#[inline(never)]
fn plain(n: u64) -> Result<u64, std::fmt::Error> {
    if n == u64::MAX { Err(std::fmt::Error) } else { Ok(black_box(n)) }
}

#[inline(never)]
#[track_tool]
pub(crate) fn tracked(n: u64) -> Result<u64, std::fmt::Error> {
    if n == u64::MAX { Err(std::fmt::Error) } else { Ok(black_box(n)) }
}

#[inline(never)]
#[track_task]
fn tracked_task(n: u64) -> Result<u64, std::fmt::Error> {
    if n == u64::MAX { Err(std::fmt::Error) } else { Ok(black_box(n)) }
}

#[inline(never)]
#[autometrics]
fn auto(n: u64) -> Result<u64, std::fmt::Error> {
    if n == u64::MAX { Err(std::fmt::Error) } else { Ok(black_box(n)) }
}

#[inline(never)]
#[track_tool(tool_name = index)]
fn tracked_enum(index: Index, n: u64) -> Result<u64, std::fmt::Error> {
    if n == u64::MAX { Err(std::fmt::Error) } else { Ok(black_box(n)) }
}

#[inline(never)]
#[track(Lookup, index = index)]
fn tracked_dense(index: Index, n: u64) -> Result<u64, std::fmt::Error> {
    if n == u64::MAX { Err(std::fmt::Error) } else { Ok(black_box(n)) }
}

#[inline(never)]
#[track(Tenant, tenant = tenant)]
fn tracked_bounded(tenant: &str, n: u64) -> Result<u64, std::fmt::Error> {
    if n == u64::MAX { Err(std::fmt::Error) } else { Ok(black_box(n)) }
}

#[inline(never)]
#[track_llm(model = model, usage = |_| None)]
fn tracked_model(model: &str, n: u64) -> Result<u64, std::fmt::Error> {
    if n == u64::MAX { Err(std::fmt::Error) } else { Ok(black_box(n)) }
}

async fn plain_async(n: u64) -> Result<u64, std::fmt::Error> {
    if n == u64::MAX { Err(std::fmt::Error) } else { Ok(black_box(n)) }
}

#[track_tool]
async fn tracked_async(n: u64) -> Result<u64, std::fmt::Error> {
    if n == u64::MAX { Err(std::fmt::Error) } else { Ok(black_box(n)) }
}

#[autometrics]
async fn auto_async(n: u64) -> Result<u64, std::fmt::Error> {
    if n == u64::MAX { Err(std::fmt::Error) } else { Ok(black_box(n)) }
}

#[inline(never)]
fn poll_once<F: Future>(future: F) -> F::Output {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => output,
        Poll::Pending => unreachable!("nothing in it waits"),
    }
}

const N: u64 = 20_000;

pub(crate) fn run(report: &mut Report) {
    let clock = quanta::Clock::new();
    let counter = IntCounter::new("cached_calls_total", "calls").expect("a valid name");
    let histogram =
        Histogram::with_opts(HistogramOpts::new("cached_seconds", "seconds")).expect("a valid name");
    let indices = [Index::Docs, Index::Code, Index::Code, Index::Docs];
    let names = ["gemini-2.0-flash", "claude-sonnet-4-5", "gpt-5.1-mini", "mistral-large"];
    let mut at = 0;
    let mut candidates = [
        Candidate::each("two TSC reads", || {
            black_box(clock.raw());
            black_box(clock.raw());
        }),
        Candidate::each("untracked", || _ = black_box(plain(black_box(1)))),
        Candidate::each("#[track_tool]", || _ = black_box(tracked(black_box(1)))),
        Candidate::each("#[track_task]", || _ = black_box(tracked_task(black_box(1)))),
        Candidate::each("#[autometrics]", || _ = black_box(auto(black_box(1)))),
        Candidate::each("cached prometheus handles", || {
            let begin = std::time::Instant::now();
            let _ = black_box(plain(black_box(1)));
            histogram.observe(begin.elapsed().as_secs_f64());
            counter.inc();
        }),
        Candidate::each("#[track_tool(tool_name = enum)]", || {
            at = (at + 1) & 3;
            _ = black_box(tracked_enum(black_box(indices[at]), 1));
        }),
        Candidate::each("#[track(Labels, index = enum)]", || {
            let index = black_box(indices[black_box(1)]);
            _ = black_box(tracked_dense(index, 1));
        }),
        Candidate::each("#[track(Labels, tenant = &str)]", || {
            _ = black_box(tracked_bounded(black_box(names[0]), 1))
        }),
        Candidate::each("#[track_llm(model = &str)]", || {
            _ = black_box(tracked_model(black_box(names[1]), 1))
        }),
        Candidate::each("untracked async", || _ = black_box(poll_once(plain_async(black_box(1))))),
        Candidate::each("#[track_tool] async", || _ = black_box(poll_once(tracked_async(black_box(1))))),
        Candidate::each("#[autometrics] async", || _ = black_box(poll_once(auto_async(black_box(1))))),
    ];
    let times = nanos(&mut candidates, N);
    for (candidate, time) in candidates.iter().zip(&times) {
        println!("{:40} {time:8.1} ns", candidate.name);
    }
    let _ = report;
}
