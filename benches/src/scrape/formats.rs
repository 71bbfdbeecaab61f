//! The other formats, and the effect of a scrape on recording threads.

use std::hint::black_box;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::Instant;

use agent_metrics::AgentMetrics;

use super::series::Ours;
use super::{OPEN, OPEN_METRICS, OURS, ROUNDS, millis};
use crate::measure::{self, each, median};
use crate::report::{Report, Row, Target, ns, times};

const PROTOBUF: &str = "protocol buffers";
const CHUNKS: &str = "text in chunks";

const MESSAGES: &str =
    "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited";

/// Scrapes the same series in every format.
pub(super) fn compare(metrics: &AgentMetrics, report: &mut Report) {
    let body = |accept| metrics.encode(Some(accept), None).body;
    let mut candidates = [
        each(OURS, || _ = black_box(metrics.encode(None, None))),
        each(OPEN, || _ = black_box(body(OPEN_METRICS))),
        each(PROTOBUF, || _ = black_box(body(MESSAGES))),
        each(CHUNKS, || metrics.encode_chunks(None, None).for_each(|chunk| _ = black_box(chunk))),
    ];
    let rounds = measure::time(&mut candidates, ROUNDS, 1);
    drop(candidates);
    let text = metrics.to_text().len();
    for (format, target) in [
        (OPEN, Target::None),
        (PROTOBUF, Target::at_most(rounds.ratio(PROTOBUF, OURS), 1.0, " x")),
        (CHUNKS, Target::None),
    ] {
        report.row(&Row {
            what: format!("scrape as {format} against text"),
            ours: millis(rounds.of_one(format)),
            peers: format!("text {}", millis(rounds.of_one(OURS))),
            ratio: times(rounds.ratio(format, OURS)),
            target,
        });
    }
    let messages = body(MESSAGES).len();
    let share = messages as f64 / text as f64;
    report.row(&Row {
        what: "bytes as protocol buffers against text".into(),
        ours: format!("{} KB", messages / 1000),
        peers: format!("text {} KB", text / 1000),
        ratio: times(share),
        target: Target::at_most(share, 0.5, " x"),
    });
}

const OBSERVATIONS: u64 = 20_000;

/// Records alone and while another thread scrapes continuously, alternating.
pub(super) fn record_meanwhile(metrics: &AgentMetrics, ours: &Ours, report: &mut Report) {
    let (wanted, done) = (AtomicBool::new(false), AtomicBool::new(false));
    let scrapes = AtomicU64::new(0);
    let mut rounds = Vec::new();
    thread::scope(|scope| {
        scope.spawn(|| {
            while !done.load(Ordering::Acquire) {
                if wanted.load(Ordering::Acquire) {
                    scrapes.fetch_add(1, Ordering::Release);
                    black_box(metrics.to_text());
                } else {
                    thread::yield_now();
                }
            }
        });
        for _ in 0..ROUNDS {
            let alone = time(ours);
            let before = scrapes.load(Ordering::Acquire);
            wanted.store(true, Ordering::Release);
            while scrapes.load(Ordering::Acquire) == before {
                thread::yield_now();
            }
            rounds.push((alone, time(ours)));
            wanted.store(false, Ordering::Release);
        }
        done.store(true, Ordering::Release);
    });
    let median_of = |of: fn(&(f64, f64)) -> f64| median(rounds.iter().map(of).collect());
    let ratio = median_of(|(alone, meanwhile)| meanwhile / alone);
    report.row(&Row {
        what: "an observation while another thread scrapes all the time against one without".into(),
        ours: format!(
            "{} -> {}",
            ns(median_of(|(alone, _)| *alone)),
            ns(median_of(|(_, meanwhile)| *meanwhile))
        ),
        ratio: times(ratio),
        target: Target::at_most(ratio, 1.3, " x"),
        ..Row::default()
    });
}

/// Returns the nanoseconds per observation.
fn time(ours: &Ours) -> f64 {
    let begin = Instant::now();
    (0..OBSERVATIONS).for_each(|_| ours.observe_one());
    begin.elapsed().as_nanos() as f64 / OBSERVATIONS as f64
}
