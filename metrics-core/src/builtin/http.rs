//! HTTP requests to the service.

use std::sync::Arc;

use once_cell::race::OnceBox;

use super::declaration::{Buckets, BuiltinFamily, BuiltinLabel, builtin_families};
use super::{EnabledFamilies, FamilyId as _, Settings, Table};
use crate::label::{Interner, Labels, RenderedLabels};
use crate::metric::{CallShape, HistogramCells, HistogramShape};
use crate::sample::{FamilyInfo, Number, Source, Visitor};
use crate::storage::{self, CellRange, Cells};

const METHOD: BuiltinLabel = BuiltinLabel::closed("method", &Method::NAMES);
const ENDPOINT: BuiltinLabel = BuiltinLabel::open("endpoint");
/// The codes 100 to 999.
const STATUS_CODE: BuiltinLabel = BuiltinLabel::capped("status_code", 900);

/// In seconds.
const DURATION: Buckets = Buckets::new(&[0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0]);
/// In seconds, for the time that an event stream is open.
const STREAM: Buckets = Buckets::new(&[1.0, 5.0, 15.0, 60.0, 300.0, 900.0, 3600.0, 14_400.0, 86_400.0]);

builtin_families! {
    /// The families of HTTP requests.
    pub(crate) enum HttpFamily in Http {
        Requests => BuiltinFamily::counter(
            "agent_http_requests_total",
            "HTTP requests that ended, by status code.",
        )
        .labels(&[METHOD, ENDPOINT, STATUS_CODE]),
        Duration => BuiltinFamily::histogram(
            "agent_http_request_duration_seconds",
            "Time from an HTTP request to the end of its response, or to the head of an event stream.",
            DURATION,
        )
        .labels(&[METHOD, ENDPOINT]),
        InProgress => BuiltinFamily::gauge(
            "agent_http_requests_in_progress",
            "HTTP requests in flight.",
        )
        .labels(&[METHOD, ENDPOINT]),
        StreamDuration => BuiltinFamily::histogram(
            "agent_http_stream_duration_seconds",
            "Time from the head of an event stream to its end.",
            STREAM,
        )
        .labels(&[METHOD, ENDPOINT]),
    }
}

/// An HTTP method: one of RFC 9110, `PATCH`, or `OTHER`.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Method(usize);

impl Method {
    const NAMES: [&'static str; 10] =
        ["GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH", "OTHER"];

    pub(crate) fn from_name(name: &str) -> Self {
        let known = Self::NAMES.iter().position(|method| *method == name);
        Self(known.unwrap_or(Self::NAMES.len() - 1))
    }
}

/// The classes of status codes, by their first digit. The last one counts requests that turned out to belong to another
/// endpoint, and is not shown.
const CLASSES: &[&str] = &["1xx", "2xx", "3xx", "4xx", "5xx", "6xx", "7xx", "8xx", "9xx", "withdrawn"];
/// The codes whose series exist from the first request on, at 0 if need be. The first increase of a series is invisible to
/// `increase()` if the series appears with it.
const FROM_THE_START: [usize; 2] = [200, 500];
const WITHDRAWN: usize = CLASSES.len() - 1;

pub(crate) struct Http {
    endpoints: Table<Endpoint>,
    shape: CallShape,
    streams: HistogramShape,
    families: EnabledFamilies<HttpFamily>,
}

struct Endpoint {
    name: Box<str>,
    methods: [OnceBox<HttpSeries>; Method::NAMES.len()],
}

/// The series of one method at one endpoint.
pub(crate) struct HttpSeries {
    calls: HistogramCells,
    streams: OnceBox<HistogramCells>,
    /// A hundred counts for each class of status codes, created when the class first occurs.
    codes: [OnceBox<CellRange>; WITHDRAWN],
    labels: RenderedLabels,
}

impl Http {
    pub(crate) fn new(settings: &Settings) -> Self {
        let bounds = |family: HttpFamily| family.bounds(settings);
        let shape = CallShape::new(CLASSES, bounds(HttpFamily::Duration), false);
        Self {
            endpoints: Table::new(settings.endpoints),
            shape: shape.with(&settings.histogram_options),
            streams: HistogramShape::ticks(bounds(HttpFamily::StreamDuration))
                .with(&settings.histogram_options),
            families: EnabledFamilies::new(settings),
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
                    (METHOD.name, Method::NAMES[method.0]),
                    (ENDPOINT.name, &endpoint.name),
                ]),
            })
        })
    }

    pub(crate) fn start(series: &HttpSeries) {
        CallShape::start(storage::current_shard(), &series.calls, 0);
    }

    /// Ends a request in this series that continues in another one, without an observation.
    pub(crate) fn withdraw(series: &HttpSeries) {
        CallShape::withdraw(storage::current_shard(), &series.calls, 0, WITHDRAWN);
    }

    /// Ends a request. A code outside of 100 to 999 is no HTTP status and counts as 500.
    pub(crate) fn end(&self, series: &HttpSeries, code: u16, ticks: u64) {
        let code = if (100..1000).contains(&code) { usize::from(code) } else { 500 };
        let class = code / 100 - 1;
        let codes = series.codes[class].get_or_init(|| Box::new(CellRange::new(100)));
        codes.cells(0).add(code % 100, 1);
        self.shape.end(storage::current_shard(), &series.calls, 0, class, ticks);
    }

    pub(crate) fn end_stream(&self, series: &HttpSeries, ticks: u64) {
        let cells =
            series.streams.get_or_init(|| Box::new(HistogramCells::new(self.streams.cells_per_series())));
        self.streams.observe_ticks(cells, ticks);
    }

    fn for_each_in(&self, part: usize, mut visit: impl FnMut(&HttpSeries)) {
        for endpoint in self.endpoints.iter_in(part) {
            endpoint.methods.iter().filter_map(OnceBox::get).for_each(&mut visit);
        }
    }

    fn show_codes(series: &HttpSeries, visitor: &mut dyn Visitor) {
        for (class, codes) in series.codes.iter().enumerate() {
            let mut counts = [0; 100];
            if let Some(codes) = codes.get() {
                codes.read_into(0, &mut counts);
            }
            let codes = counts.into_iter().enumerate().map(|(code, count)| ((class + 1) * 100 + code, count));
            for (code, count) in codes.filter(|(code, count)| *count > 0 || FROM_THE_START.contains(code)) {
                let labels = series.labels.with(STATUS_CODE.name, &code.to_string());
                visitor.sample(Labels::new(&labels), Number::Integer(count));
            }
        }
    }
}

impl Source for Http {
    fn families(&self) -> &[FamilyInfo] {
        self.families.infos()
    }

    fn parts(&self, _: usize) -> usize {
        self.endpoints.parts()
    }

    fn visit_part(&self, family: usize, part: usize, visitor: &mut dyn Visitor) {
        let family = self.families.id(family);
        self.for_each_in(part, |series| match family {
            HttpFamily::Requests => Self::show_codes(series, visitor),
            HttpFamily::Duration => self.shape.show_durations(&series.calls, 0, &series.labels, visitor),
            HttpFamily::InProgress => self.shape.show_in_flight(&series.calls, 0, &series.labels, visitor),
            HttpFamily::StreamDuration => {
                if let Some(cells) = series.streams.get() {
                    self.streams.show_at(cells, 0, Labels::new(&series.labels), visitor);
                }
            }
        });
    }

    fn interners(&self) -> Vec<(&str, &str, &Arc<Interner>)> {
        vec![(HttpFamily::Requests.name(), ENDPOINT.name, &self.endpoints.values)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unknown_methods_count_as_other() {
        assert_eq!(Method::NAMES[Method::from_name("PATCH").0], "PATCH");
        assert_eq!(Method::NAMES[Method::from_name("get").0], "OTHER");
        assert_eq!(Method::NAMES[Method::from_name("BREW").0], "OTHER");
    }
}
