//! The cost of a scrape of many series.

mod formats;
mod series;

use std::hint::black_box;

use agent_metrics::AgentMetrics;
use prometheus::TextEncoder;

use self::series::{
    COUNTED, COUNTER, HISTOGRAM, OBSERVED, Ours, client_registry, exporter, prometheus_registry,
    with_recorders,
};
use crate::measure::{self, Rounds, each};
use crate::report::{Report, Row, Target, times};

/// 8 buckets with the one up to infinity.
pub(crate) const BOUNDS: [f64; 7] = [0.01, 0.05, 0.1, 0.5, 1.0, 5.0, 10.0];

const ROUNDS: usize = 61;
const OURS: &str = "ours";
const FLOOR: &str = "prerendered";
const OPEN: &str = "OpenMetrics";
const OPEN_METRICS: &str = "application/openmetrics-text;version=1.0.0";
const TEXT_1: &str = "text 1.0.0";
const TEXT_1_ASKED: &str = "text/plain;version=1.0.0";
/// The target in relation to the best peer.
const MOST: f64 = 0.12;
const PEERS: [&str; 3] = ["prometheus", "prometheus-client", "metrics-exporter-prometheus"];

pub(crate) fn run(report: &mut Report) {
    let metrics = AgentMetrics::builder().build().expect("a registry of its own");
    let ours = Ours::register(&metrics).expect("free names");
    with_recorders(&ours, 2, || {
        compare(&metrics, report);
        formats::compare(&metrics, report);
        formats::record_meanwhile(&metrics, &ours, report);
    });
    with_recorders(&ours, 16, || {
        let mut alone = [each(OURS, || _ = black_box(metrics.to_text()))];
        let rounds = measure::time(&mut alone, ROUNDS, 1);
        report.row(&Row {
            what: "scrape after 16 threads recorded into every series".into(),
            ours: millis(rounds.of_one(OURS)),
            ..Row::default()
        });
    });
    check(&metrics.to_text(), 2 + 16, report);
}

fn compare(metrics: &AgentMetrics, report: &mut Report) {
    let registry = prometheus_registry();
    let client = client_registry();
    let (_recorder, exporter) = exporter();
    let prometheus = || TextEncoder::new().encode_to_string(&registry.gather()).expect("it can be written");
    let client = || {
        let mut text = String::new();
        prometheus_client::encoding::text::encode(&mut text, &client).expect("it can be written");
        text
    };
    let text = metrics.to_text();
    let lines: Vec<_> = text.split_inclusive('\n').collect();
    let mut candidates = [
        each(OURS, || _ = black_box(metrics.to_text())),
        // Each scrape of this crate follows one of a peer, so that no candidate finds warm caches.
        each(PEERS[0], || _ = black_box(prometheus())),
        each(OPEN, || _ = black_box(metrics.encode(Some(OPEN_METRICS), None))),
        each(PEERS[1], || _ = black_box(client())),
        each(TEXT_1, || _ = black_box(metrics.encode(Some(TEXT_1_ASKED), None))),
        each(PEERS[2], || _ = black_box(exporter.render())),
        each(FLOOR, || {
            let mut body = String::new();
            for line in &lines {
                body.push_str(line);
            }
            black_box(body);
        }),
    ];
    let rounds = measure::time(&mut candidates, ROUNDS, 1);
    drop(candidates);
    show(&rounds, [&text, &prometheus(), &client(), &exporter.render()], report);
}

fn show(rounds: &Rounds, [ours, peers @ ..]: [&str; 4], report: &mut Report) {
    let what = "scrape of 1,000 histograms of 8 buckets and 5,000 counters";
    let best = PEERS.into_iter().min_by(|left, right| rounds.of_one(left).total_cmp(&rounds.of_one(right)));
    let best = best.expect("there are peers");
    let mut row = |what: String, of: &str, more: &str, peer: &str, size: &str, target: Target| {
        report.row(&Row {
            what,
            ours: format!("{}{more}", millis(rounds.of_one(of))),
            peers: format!("{peer} {}{size}", millis(rounds.of_one(peer))),
            ratio: times(rounds.ratio(of, peer)),
            target,
        });
    };
    let at_most = |of| Target::at_most(rounds.ratio(of, best), MOST, " x");
    let own_size = format!(", {}", size(ours));
    for (peer, text) in PEERS.into_iter().zip(peers) {
        let target = if peer == best { at_most(OURS) } else { Target::None };
        row(what.into(), OURS, &own_size, peer, &format!(", {}", size(text)), target);
    }
    for format in [OPEN, TEXT_1] {
        row(format!("scrape as {format}"), format, "", best, "", at_most(format));
    }
    row("scrape against copying prerendered lines".into(), OURS, "", FLOOR, "", Target::None);
}

/// Checks that every series has the values of the recording threads.
fn check(text: &str, recordings: u64, report: &mut Report) {
    let sample = |prefix: &str, value: u64| {
        let found = |line: &&str| line.starts_with(prefix) && line.ends_with(&format!(" {value}"));
        text.lines().filter(found).count()
    };
    let observed = OBSERVED.len() as u64 * recordings;
    let counts = [
        ("histograms", 1000, sample(&format!("{HISTOGRAM}_count{{"), observed)),
        ("counters", 5000, sample(&format!("{COUNTER}{{"), COUNTED * recordings)),
    ];
    let wrong: Vec<_> = counts
        .iter()
        .filter(|(_, expected, found)| expected != found)
        .map(|(what, expected, found)| format!("{found} of {expected} {what} are right"))
        .collect();
    report.truth("scrape", recordings * (1000 * OBSERVED.len() as u64 + 5000), 6000, &wrong);
}

pub(super) fn millis(nanos: f64) -> String {
    format!("{:.2} ms", nanos / 1e6)
}

fn size(text: &str) -> String {
    let samples = text.lines().filter(|line| !line.is_empty() && !line.starts_with('#')).count();
    format!("{samples} samples, {} KB", text.len() / 1000)
}
