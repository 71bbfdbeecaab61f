//! HTTP requests that the service answers.

use std::sync::Arc;

use once_cell::race::OnceBox;

use super::{Settings, Table};
use crate::label::{Interner, Labels, RenderedLabels};
use crate::metric::{CallShape, HistogramCells, HistogramShape};
use crate::name::MetricKind;
use crate::sample::{FamilyInfo, Number, Source, Visitor};
use crate::storage::{self, CellRange, Cells};

/// Seconds: the seed's bounds.
const DURATION: [f64; 9] = [0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0];
/// Seconds: how long streams stay open.
const STREAM: [f64; 9] = [1.0, 5.0, 15.0, 60.0, 300.0, 900.0, 3600.0, 14_400.0, 86_400.0];

/// The methods of RFC 9110 and PATCH; any other is one value.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Method(usize);

impl Method {
    const NAMES: [&'static str; 10] =
        ["GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH", "OTHER"];

    pub(crate) fn of(name: &str) -> Self {
        let known = Self::NAMES.iter().position(|method| *method == name);
        Self(known.unwrap_or(Self::NAMES.len() - 1))
    }
}

/// First digits of a status code. One outside of 100 to 999 is no HTTP status; it counts as 500.
/// The last is of requests that turned out to be another endpoint's.
const CLASSES: &[&str] = &["1xx", "2xx", "3xx", "4xx", "5xx", "6xx", "7xx", "8xx", "9xx", "withdrawn"];
const WITHDRAWN: usize = CLASSES.len() - 1;

const REQUESTS: usize = 0;
const DURATIONS: usize = 1;
const IN_PROGRESS: usize = 2;

pub(crate) struct Http {
    endpoints: Table<Endpoint>,
    shape: CallShape,
    streams: HistogramShape,
    infos: Vec<FamilyInfo>,
}

struct Endpoint {
    name: Box<str>,
    methods: [OnceBox<HttpSeries>; Method::NAMES.len()],
}

/// The series of one method at one endpoint.
pub(crate) struct HttpSeries {
    calls: HistogramCells,
    streams: OnceBox<HistogramCells>,
    /// A row of a hundred status codes for each class that occurred.
    codes: [OnceBox<CellRange>; WITHDRAWN],
    labels: RenderedLabels,
}

impl Http {
    pub(crate) fn new(settings: &Settings) -> Self {
        let shape = CallShape::new(CLASSES, &DURATION, false).with(&settings.histogram_options);
        let labels = &["method", "endpoint"];
        let infos = vec![
            FamilyInfo::new(
                MetricKind::Counter,
                "agent_http_requests_total",
                "HTTP requests that were answered.",
                &["method", "endpoint", "status_code"],
            ),
            FamilyInfo::new(
                MetricKind::Histogram,
                "agent_http_request_duration_seconds",
                "Time from a request to the end of its response; of an event stream, to its head.",
                labels,
            )
            .with_buckets(settings.histogram_options.bounds(&DURATION)),
            FamilyInfo::new(
                MetricKind::Gauge,
                "agent_http_requests_in_progress",
                "HTTP requests being answered now.",
                labels,
            ),
            FamilyInfo::new(
                MetricKind::Histogram,
                "agent_http_stream_duration_seconds",
                "Time from an event stream's head to its end.",
                labels,
            )
            .with_buckets(settings.histogram_options.bounds(&STREAM)),
        ];
        Self {
            endpoints: Table::new(settings.endpoints),
            shape,
            streams: HistogramShape::ticks(&STREAM).with(&settings.histogram_options),
            infos,
        }
    }

    pub(crate) fn slot(&self, endpoint: &str) -> usize {
        self.endpoints.values.slot(endpoint)
    }

    pub(crate) fn series(&self, method: Method, endpoint: usize) -> &HttpSeries {
        let endpoint = self.endpoints.bundle(endpoint, |name| Endpoint {
            name: name.into(),
            methods: [const { OnceBox::new() }; Method::NAMES.len()],
        });
        endpoint.methods[method.0].get_or_init(|| {
            Box::new(HttpSeries {
                calls: HistogramCells::new(self.shape.cells_per_series()),
                streams: OnceBox::new(),
                codes: [const { OnceBox::new() }; WITHDRAWN],
                labels: RenderedLabels::new([
                    ("method", Method::NAMES[method.0]),
                    ("endpoint", &endpoint.name),
                ]),
            })
        })
    }

    pub(crate) fn start(series: &HttpSeries) {
        CallShape::start(storage::current_shard(), &series.calls, 0);
    }

    /// Ends a request that goes on in another series.
    pub(crate) fn withdraw(series: &HttpSeries) {
        CallShape::withdraw(storage::current_shard(), &series.calls, 0, WITHDRAWN);
    }

    pub(crate) fn end(&self, series: &HttpSeries, code: u16, ticks: u64) {
        let code = if (100..1000).contains(&code) { usize::from(code) } else { 500 };
        let class = code / 100 - 1;
        let codes = series.codes[class].get_or_init(|| Box::new(CellRange::new(100)));
        codes.cells(0).add(code % 100, 1);
        self.shape.end(storage::current_shard(), &series.calls, 0, class, ticks);
    }

    pub(crate) fn end_stream(&self, series: &HttpSeries, ticks: u64) {
        let row =
            series.streams.get_or_init(|| Box::new(HistogramCells::new(self.streams.cells_per_series())));
        self.streams.observe_ticks(row, ticks);
    }

    fn for_each_in(&self, part: usize, mut see: impl FnMut(&HttpSeries)) {
        for endpoint in self.endpoints.iter_in(part) {
            endpoint.methods.iter().filter_map(OnceBox::get).for_each(&mut see);
        }
    }

    fn show_codes(series: &HttpSeries, visitor: &mut dyn Visitor) {
        for (class, codes) in series.codes.iter().enumerate() {
            let Some(codes) = codes.get() else { continue };
            let mut counts = [0; 100];
            codes.read_into(0, &mut counts);
            for (code, count) in counts.into_iter().enumerate().filter(|(_, count)| *count > 0) {
                let code = (class + 1) * 100 + code;
                let labels = series.labels.with("status_code", &code.to_string());
                visitor.sample(Labels::new(&labels), Number::Integer(count));
            }
        }
    }
}

impl Source for Http {
    fn families(&self) -> &[FamilyInfo] {
        &self.infos
    }

    fn parts(&self, _: usize) -> usize {
        self.endpoints.parts()
    }

    fn visit_part(&self, family: usize, part: usize, visitor: &mut dyn Visitor) {
        self.for_each_in(part, |series| match family {
            REQUESTS => Self::show_codes(series, visitor),
            DURATIONS => self.shape.show_durations(&series.calls, 0, &series.labels, visitor),
            IN_PROGRESS => self.shape.show_in_flight(&series.calls, 0, &series.labels, visitor),
            _ => {
                if let Some(row) = series.streams.get() {
                    self.streams.show_at(row, 0, Labels::new(&series.labels), visitor);
                }
            }
        });
    }

    fn interners(&self) -> Vec<(&str, &str, &Arc<Interner>)> {
        vec![("agent_http_requests_total", "endpoint", &self.endpoints.values)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unknown_methods_are_one() {
        assert_eq!(Method::NAMES[Method::of("PATCH").0], "PATCH");
        assert_eq!(Method::NAMES[Method::of("get").0], "OTHER");
        assert_eq!(Method::NAMES[Method::of("BREW").0], "OTHER");
    }
}
