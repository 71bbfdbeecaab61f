//! The same series with the same values in every library.

use std::sync::Barrier;
use std::thread;

use agent_metrics::{Bounded, Counter, Histogram, LabelSet, LabelValue, Metrics};
use metrics::Recorder as _;
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle, PrometheusRecorder};
use prometheus::{HistogramOpts, HistogramVec, IntCounterVec, Opts};
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter as ClientCounter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::histogram::Histogram as ClientHistogram;

use super::BOUNDS;

#[derive(Clone, Copy, LabelValue)]
enum Route {
    Search,
    Analysis,
    Coding,
    Conversation,
    Planning,
    Review,
    Summary,
    Translation,
    Extraction,
    Ranking,
}

#[derive(Clone, Copy, LabelSet)]
struct HistogramLabels {
    route: Route,
    tenant: Bounded<100>,
}

#[derive(Clone, Copy, LabelSet)]
struct CounterLabels {
    route: Route,
    tenant: Bounded<500>,
}

#[derive(Metrics)]
#[metrics(namespace = "bench")]
pub(super) struct Ours {
    /// The durations of requests.
    #[metric(buckets = [0.01, 0.05, 0.1, 0.5, 1.0, 5.0, 10.0])]
    request_duration_seconds: Histogram<HistogramLabels>,
    /// The number of requests.
    requests_total: Counter<CounterLabels>,
    /// A family of one series, for recording during scrapes.
    #[metric(buckets = [0.01, 0.05, 0.1, 0.5, 1.0, 5.0, 10.0])]
    meanwhile_seconds: Histogram,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ClientLabels {
    route: &'static str,
    tenant: String,
}

const ROUTES: [Route; 10] = [
    Route::Search,
    Route::Analysis,
    Route::Coding,
    Route::Conversation,
    Route::Planning,
    Route::Review,
    Route::Summary,
    Route::Translation,
    Route::Extraction,
    Route::Ranking,
];
pub(super) const HISTOGRAM: &str = "bench_request_duration_seconds";
pub(super) const COUNTER: &str = "bench_requests_total";

/// A series with its labels in the form of each library.
struct Series {
    route: Route,
    tenant: String,
}

fn series(tenants: usize) -> impl Iterator<Item = Series> {
    ROUTES.into_iter().flat_map(move |route| {
        (0..tenants).map(move |tenant| Series { route, tenant: format!("tenant-{tenant:04}") })
    })
}

fn histograms() -> impl Iterator<Item = Series> {
    series(100)
}

fn counters() -> impl Iterator<Item = Series> {
    series(500)
}

/// The number of observations of each histogram and the value of each counter.
pub(super) const OBSERVED: [f64; 6] = [0.003, 0.02, 0.07, 0.3, 2.5, 20.0];
pub(super) const COUNTED: u64 = 12_345;

impl Ours {
    /// Records into the single-series family.
    pub(super) fn observe_one(&self) {
        self.meanwhile_seconds.with(()).observe(0.3);
    }

    /// Records into every series.
    fn record(&self) {
        for Series { route, tenant } in histograms() {
            let histogram =
                self.request_duration_seconds.with(HistogramLabels { route, tenant: Bounded::from(&tenant) });
            for value in OBSERVED {
                histogram.observe(value);
            }
        }
        for Series { route, tenant } in counters() {
            self.requests_total.with(CounterLabels { route, tenant: Bounded::from(&tenant) }).add(COUNTED);
        }
    }
}

/// Runs `then` while `threads` threads that have recorded into every series are alive.
pub(super) fn with_recorders<T>(ours: &Ours, threads: usize, then: impl FnOnce() -> T) -> T {
    let (recorded, measured) = (Barrier::new(threads + 1), Barrier::new(threads + 1));
    thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                ours.record();
                recorded.wait();
                measured.wait();
            });
        }
        recorded.wait();
        let value = then();
        measured.wait();
        value
    })
}

pub(super) fn prometheus_registry() -> prometheus::Registry {
    let registry = prometheus::Registry::new();
    let opts = HistogramOpts::new(HISTOGRAM, "How long requests took.").buckets(BOUNDS.into());
    let durations = HistogramVec::new(opts, &["route", "tenant"]).expect("a valid name");
    let requests = IntCounterVec::new(Opts::new(COUNTER, "Requests that came."), &["route", "tenant"]);
    let requests = requests.expect("a valid name");
    for Series { route, tenant } in histograms() {
        let histogram = durations.with_label_values(&[route.as_str(), &tenant]);
        for value in OBSERVED {
            histogram.observe(value);
        }
    }
    for Series { route, tenant } in counters() {
        requests.with_label_values(&[route.as_str(), &tenant]).inc_by(COUNTED);
    }
    registry.register(Box::new(durations)).expect("a free name");
    registry.register(Box::new(requests)).expect("a free name");
    registry
}

pub(super) fn client_registry() -> prometheus_client::registry::Registry {
    let durations =
        Family::<ClientLabels, ClientHistogram>::new_with_constructor(|| ClientHistogram::new(BOUNDS));
    let requests = Family::<ClientLabels, ClientCounter>::default();
    let labels = |Series { route, tenant }| ClientLabels { route: route.as_str(), tenant };
    for series in histograms() {
        let histogram = durations.get_or_create_owned(&labels(series));
        for value in OBSERVED {
            histogram.observe(value);
        }
    }
    for series in counters() {
        requests.get_or_create_owned(&labels(series)).inc_by(COUNTED);
    }
    let mut registry = prometheus_client::registry::Registry::default();
    registry.register(HISTOGRAM, "How long requests took", durations);
    registry.register(COUNTER.trim_end_matches("_total"), "Requests that came", requests);
    registry
}

pub(super) fn exporter() -> (PrometheusRecorder, PrometheusHandle) {
    let matcher = Matcher::Full(HISTOGRAM.to_owned());
    let builder = PrometheusBuilder::new().set_buckets_for_metric(matcher, &BOUNDS).expect("bounds");
    let recorder = builder.build_recorder();
    let metadata = metrics::Metadata::new("bench", metrics::Level::INFO, None);
    let key = |name, Series { route, tenant }: Series| {
        let labels =
            vec![metrics::Label::new("route", route.as_str()), metrics::Label::new("tenant", tenant)];
        metrics::Key::from_parts(name, labels)
    };
    for series in histograms() {
        let histogram = recorder.register_histogram(&key(HISTOGRAM, series), &metadata);
        for value in OBSERVED {
            histogram.record(value);
        }
    }
    for series in counters() {
        recorder.register_counter(&key(COUNTER, series), &metadata).increment(COUNTED);
    }
    let handle = recorder.handle();
    (recorder, handle)
}
