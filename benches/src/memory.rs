//! The memory of a histogram series, by the number of recording threads.
//!
//! Each measurement is a separate process, since freed memory is not returned to the system and threads leave shards
//! behind. All threads are alive during the measurement, and each has recorded into every series.

use std::fs;
use std::process::{ExitCode, Stdio};
use std::sync::{Barrier, OnceLock};
use std::thread;

use agent_metrics::{AgentMetrics, Bounded, Histogram, LabelSet, Metrics};
use prometheus::{HistogramOpts, HistogramVec};
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::histogram::Histogram as ClientHistogram;

use crate::report::{Report, Row, Target, times};
use crate::scrape::BOUNDS;
use crate::{MEMORY, again, allocator};

#[derive(Clone, Copy, LabelSet)]
#[labels(budget = 20_001)]
struct Labels<const N: usize> {
    series: Bounded<N>,
}

impl<const N: usize> From<&str> for Labels<N> {
    fn from(series: &str) -> Self {
        Self { series: Bounded::from(series) }
    }
}

#[derive(Metrics)]
#[metrics(namespace = "bench")]
struct Many {
    /// One of many series.
    #[metric(buckets = [0.01, 0.05, 0.1, 0.5, 1.0, 5.0, 10.0])]
    memory_seconds: Histogram<Labels<20_000>>,
}

#[derive(Metrics)]
#[metrics(namespace = "bench")]
struct Few {
    /// One of many series.
    #[metric(buckets = [0.01, 0.05, 0.1, 0.5, 1.0, 5.0, 10.0])]
    memory_seconds: Histogram<Labels<2_000>>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ClientLabels {
    series: String,
}

/// A function that records into the series of a name.
type Recorder = Box<dyn Fn(&str) + Send + Sync>;

/// The cap fits the larger of two measurements.
fn ours(metrics: &AgentMetrics, series: usize) -> Recorder {
    if series <= 2_000 {
        let Few { memory_seconds } = Few::register(metrics).expect("a free name");
        Box::new(move |series| memory_seconds.with(series.into()).observe(0.02))
    } else {
        let Many { memory_seconds } = Many::register(metrics).expect("a free name");
        Box::new(move |series| memory_seconds.with(series.into()).observe(0.02))
    }
}

fn prometheus() -> Recorder {
    let opts = HistogramOpts::new("bench_memory_seconds", "One of many.").buckets(BOUNDS.into());
    let vec = HistogramVec::new(opts, &["series"]).expect("a valid name");
    Box::new(move |series| vec.with_label_values(&[series]).observe(0.02))
}

fn client() -> Recorder {
    let family =
        Family::<ClientLabels, ClientHistogram>::new_with_constructor(|| ClientHistogram::new(BOUNDS));
    Box::new(move |series| {
        family.get_or_create_owned(&ClientLabels { series: series.to_owned() }).observe(0.02);
    })
}

/// The memory of some series, in bytes.
#[derive(Clone, Copy)]
struct Taken {
    allocated: f64,
    resident: f64,
}

/// Measures `[candidate, series, threads]` and prints the result.
pub(crate) fn measure_here(args: &[String]) -> ExitCode {
    let [candidate, series, threads] = args else { return ExitCode::from(2) };
    let (Ok(series), Ok(threads)) = (series.parse(), threads.parse()) else { return ExitCode::from(2) };
    let metrics = AgentMetrics::builder().build().expect("a registry of its own");
    let make: &dyn Fn() -> Recorder = match candidate.as_str() {
        "ours" => &|| ours(&metrics, series),
        "prometheus" => &prometheus,
        "prometheus-client" => &client,
        _ => return ExitCode::from(2),
    };
    let names: Vec<_> = (0..series).map(|number| format!("series-{number:05}")).collect();
    let taken = measure(make, &names, threads, || {
        if candidate == "ours" {
            // The first scrape renders the labels. Memory left by a scrape of the peers is not counted.
            drop(metrics.to_text());
        }
    });
    println!("{} {}", taken.allocated, taken.resident);
    ExitCode::SUCCESS
}

fn measure(make: &dyn Fn() -> Recorder, names: &[String], threads: usize, scrape: impl Fn()) -> Taken {
    let turns = [(); 3].map(|()| Barrier::new(threads + 1));
    let recorder = OnceLock::<Recorder>::new();
    thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                turns[0].wait();
                turns[1].wait();
                if let Some(recorder) = recorder.get() {
                    for name in names {
                        recorder(name);
                    }
                }
                turns[2].wait();
                turns[0].wait();
            });
        }
        turns[0].wait();
        let resident = resident();
        let ((), _, allocated) = allocator::counted(|| {
            recorder.get_or_init(make);
            turns[1].wait();
            turns[2].wait();
            scrape();
        });
        let taken = Taken { allocated: allocated as f64, resident: self::resident() - resident };
        turns[0].wait();
        taken
    })
}

/// Returns the resident memory of the process.
fn resident() -> f64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kib = line.and_then(|line| line.trim().trim_end_matches(" kB").parse::<f64>().ok());
    kib.map_or(f64::NAN, |kib| kib * 1024.0)
}

/// Measures in a new process.
fn taken(candidate: &str, series: usize, threads: usize) -> Taken {
    let mut command = again(&[MEMORY, candidate, &series.to_string(), &threads.to_string()]);
    let output = command.stderr(Stdio::inherit()).output().expect("this program runs again");
    let text = String::from_utf8_lossy(&output.stdout);
    let mut numbers = text.split_whitespace().filter_map(|number| number.parse().ok());
    let mut next = || numbers.next().unwrap_or(f64::NAN);
    Taken { allocated: next(), resident: next() }
}

/// The memory per series: of all series, and of the second half of twice as many.
struct PerSeries {
    all: Taken,
    further: Taken,
}

impl PerSeries {
    fn of(candidate: &str, series: usize, threads: usize) -> Self {
        let [once, twice] = [series, 2 * series].map(|series| taken(candidate, series, threads));
        let each = |bytes: f64| bytes / series as f64;
        let all = Taken { allocated: each(once.allocated), resident: each(once.resident) };
        let further = Taken {
            allocated: each(twice.allocated - once.allocated),
            resident: each(twice.resident - once.resident),
        };
        Self { all, further }
    }

    fn text(&self) -> String {
        let Self { all, further } = self;
        format!(
            "{:.0} B resident ({:.0} B each further), {:.0} B allocated ({:.0} B)",
            all.resident, further.resident, all.allocated, further.allocated
        )
    }
}

const PEERS: [&str; 2] = ["prometheus", "prometheus-client"];

pub(crate) fn run(report: &mut Report) {
    for (series, threads) in [(10_000, 2), (1_000, 2), (1_000, 16), (1_000, 64)] {
        let ours = PerSeries::of("ours", series, threads);
        for peer in PEERS {
            let theirs = PerSeries::of(peer, series, threads);
            let ratio = ours.all.resident / theirs.all.resident;
            let further = ours.further.resident / theirs.further.resident;
            let has_target = threads == 2 && series == 10_000 && peer == PEERS[0];
            report.row(&Row {
                what: format!(
                    "memory of a histogram of 8 buckets, one of {series}, {threads} recording threads"
                ),
                ours: ours.text(),
                peers: format!("{peer} {}", theirs.text()),
                ratio: format!("{} resident, {} each further", times(ratio), times(further)),
                target: if has_target { Target::at_most(ratio, 0.5, " x") } else { Target::None },
            });
        }
    }
}
