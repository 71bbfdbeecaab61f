//! OTLP pushes, decoded by a receiver with the official protocol types.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use agent_metrics::metric::{NativeHistograms, TraceContext};
use agent_metrics::push::{Otlp, Push, PushError};
use agent_metrics::{AgentMetrics, Profile, Status, Usage};
use agent_metrics_tests::until;
use opentelemetry_proto::tonic::collector::metrics::v1::{
    ExportMetricsPartialSuccess, ExportMetricsServiceRequest, ExportMetricsServiceResponse,
};
use opentelemetry_proto::tonic::common::v1::{KeyValue, any_value::Value as Any};
use opentelemetry_proto::tonic::metrics::v1::number_data_point::Value;
use opentelemetry_proto::tonic::metrics::v1::{
    AggregationTemporality, ExponentialHistogramDataPoint, Gauge, Metric, Sum, exemplar, metric::Data,
};
use prost::Message;

use crate::agent::{Agent, series, stable};
use crate::receiver::{ReceivedRequest, Receiver};

fn target(receiver: &Receiver) -> Otlp {
    Otlp::new(format!("http://{}", receiver.address), "support-agent").attribute("service.instance.id", "a-7")
}

fn request(requests: &ReceivedRequest) -> ExportMetricsServiceRequest {
    assert_eq!(requests.line, "POST /v1/metrics HTTP/1.1");
    assert_eq!(requests.header("Content-Type"), Some("application/x-protobuf"));
    ExportMetricsServiceRequest::decode(&*requests.body).expect("the official types read it")
}

fn metrics(request: &ExportMetricsServiceRequest) -> impl Iterator<Item = &Metric> {
    let scopes = request.resource_metrics.iter().flat_map(|resource| &resource.scope_metrics);
    scopes.flat_map(|scope| &scope.metrics)
}

/// Samples as a scrape would show them.
#[derive(Default)]
struct Flat(BTreeMap<String, f64>);

impl Flat {
    fn from_requests(requests: &[ReceivedRequest]) -> BTreeMap<String, f64> {
        let mut flat = Self::default();
        for requests in requests {
            metrics(&request(requests)).for_each(|metric| flat.metric(metric));
        }
        stable(flat.0.into_iter())
    }

    fn add(&mut self, name: &str, attributes: &[KeyValue], last: Option<(&str, String)>, value: f64) {
        let mut labels: BTreeMap<String, String> = attributes.iter().map(text).collect();
        labels.extend(last.map(|(label, value)| (label.to_owned(), value)));
        *self.0.entry(series(name, &labels)).or_default() += value;
    }

    fn metric(&mut self, metric: &Metric) {
        let name = &*metric.name;
        match metric.data.as_ref().expect("data") {
            Data::Sum(sum) if sum.aggregation_temporality == AggregationTemporality::Delta as i32 => {
                for point in &sum.data_points {
                    self.add(name, &point.attributes, None, number(point.value));
                }
            }
            Data::Sum(Sum { data_points, .. }) | Data::Gauge(Gauge { data_points }) => {
                for point in data_points {
                    // Among several pushes the last value counts.
                    let labels = point.attributes.iter().map(text).collect();
                    self.0.insert(series(name, &labels), number(point.value));
                }
            }
            Data::Histogram(histogram) => {
                for point in &histogram.data_points {
                    let bounds = point.explicit_bounds.iter().map(|bound| bound_text(*bound));
                    let mut cumulative = 0;
                    for (le, count) in bounds.chain(["+Inf".to_owned()]).zip(&point.bucket_counts) {
                        cumulative += count;
                        let bucket = format!("{name}_bucket");
                        self.add(&bucket, &point.attributes, Some(("le", le)), cumulative as f64);
                    }
                    assert_eq!(cumulative, point.count);
                    self.add(&format!("{name}_count"), &point.attributes, None, point.count as f64);
                    self.add(&format!("{name}_sum"), &point.attributes, None, point.sum.expect("a sum"));
                }
            }
            Data::Summary(summary) => {
                for point in &summary.data_points {
                    let labels: BTreeMap<String, String> = point.attributes.iter().map(text).collect();
                    self.0.insert(series(&format!("{name}_sum"), &labels), point.sum);
                    self.0.insert(series(&format!("{name}_count"), &labels), point.count as f64);
                }
            }
            Data::ExponentialHistogram(_) => panic!("{name} is native"),
        }
    }
}

fn text(pair: &KeyValue) -> (String, String) {
    match pair.value.as_ref().and_then(|value| value.value.clone()) {
        Some(Any::StringValue(text)) => (pair.key.clone(), text),
        other => panic!("{}: {other:?}", pair.key),
    }
}

fn number(value: Option<Value>) -> f64 {
    match value.expect("a value") {
        Value::AsInt(value) => value as f64,
        Value::AsDouble(value) => value,
    }
}

/// Formats a bucket bound as OpenMetrics does.
fn bound_text(bound: f64) -> String {
    if bound >= 1e6 { format!("{bound:e}").replace('e', "e+0") } else { format!("{bound:?}") }
}

fn exposed(agent: &Agent) -> BTreeMap<String, f64> {
    agent.samples().into_iter().map(|(series, value)| (series.replace(",z=\"\"", ""), value)).collect()
}

fn assert_same(has: &BTreeMap<String, f64>, expected: &BTreeMap<String, f64>) {
    for (series, value) in expected {
        let got = has.get(series).copied().unwrap_or(f64::NAN);
        assert!((got - value).abs() <= value.abs() * 1e-12, "{series}: {value}, requests {got}");
    }
    let further = has.keys().find(|series| !expected.contains_key(*series));
    assert_eq!(further, None);
}

#[test]
fn every_exposed_sample_arrives() {
    let receiver = Receiver::new([]);
    let agent = Agent::new();
    let pushed = Push::to(target(&receiver)).once(&agent.metrics).expect("pushed");
    let requests = receiver.requests();
    assert_eq!((requests.len(), pushed.requests), (1, 1));
    assert_eq!(Flat::from_requests(&requests), exposed(&agent));

    let request = request(&requests[0]);
    let resource = request.resource_metrics[0].resource.as_ref().expect("a resource");
    let attributes: Vec<_> = resource.attributes.iter().map(text).collect();
    let expected = [("service.name", "support-agent"), ("service.instance.id", "a-7")];
    assert_eq!(attributes, expected.map(|(name, value)| (name.to_owned(), value.to_owned())));
    assert_eq!(request.resource_metrics[0].scope_metrics[0].scope.as_ref().unwrap().name, "agent-metrics");

    let of =
        |name: &str| metrics(&request).find(|metric| metric.name == name).unwrap_or_else(|| panic!("{name}"));
    let Some(Data::Sum(tasks)) = &of("shop_agent_tasks_total").data else { panic!("a sum") };
    assert!(tasks.is_monotonic && tasks.aggregation_temporality == AggregationTemporality::Cumulative as i32);
    let point = &tasks.data_points[0];
    assert!(0 < point.start_time_unix_nano && point.start_time_unix_nano <= point.time_unix_nano);
    assert!(matches!(point.value, Some(Value::AsInt(_))));
    let Some(Data::Sum(info)) = &of("shop_user_build_info").data else { panic!("a sum") };
    assert!(!info.is_monotonic);
    let duration = of("shop_agent_llm_call_duration_seconds");
    assert_eq!(duration.unit, "s");
    assert!(!duration.description.is_empty());
    assert_eq!(of("shop_agent_cost_usd_total").unit, "{USD}");
    assert!(matches!(of("shop_agent_active_tasks").data, Some(Data::Gauge(_))));
}

#[test]
fn requests_stay_within_max_request_bytes() {
    let receiver = Receiver::new([]);
    let agent = Agent::new();
    let pushed = Push::to(target(&receiver)).max_request_bytes(2_000).once(&agent.metrics).expect("pushed");
    let requests = receiver.requests();
    assert!(requests.len() > 5 && pushed.requests == requests.len() as u64, "{pushed:?}");
    for requests in &requests {
        assert!(requests.body.len() <= 2_000, "{}", requests.body.len());
    }
    assert_eq!(Flat::from_requests(&requests), exposed(&agent));
}

#[test]
fn deltas_add_up_to_the_totals_even_if_requests_fail() {
    let receiver = Receiver::new([]);
    let agent = Agent::new();
    let push = Push::to(target(&receiver).delta()).max_request_bytes(2_000).every(Duration::from_secs(3600));
    let pusher = push.start(&agent.metrics).expect("started");
    let mut accepted = Vec::new();
    for round in 0..6 {
        agent.work(round);
        let before = receiver.requests().len();
        // Depending on the round, the third request is accepted, refused, accepted in part, or temporarily refused.
        let (ok, nothing) = ((200, "", b"" as &[u8]), b"" as &[u8]);
        let third = [(200, nothing), (400, nothing), (200, rejected_points(1, "too old")), (503, nothing)];
        let (status, body) = third[round as usize % 4];
        receiver.prepare([ok, ok, (status, "", body)]);
        let result = pusher.flush();
        let is_rejected = status == 400 || !body.is_empty();
        assert_eq!(matches!(result, Err(PushError::Rejected { .. })), is_rejected, "{result:?}");
        let requests = receiver.requests().split_off(before);
        // Points that a receiver rejected are not sent again, so the whole request counts as accepted.
        assert!(requests.len() > 4, "there are requests after the third");
        let lost = (status != 200).then_some(2);
        accepted.extend(
            requests
                .into_iter()
                .enumerate()
                .filter(|(at, _)| Some(*at) != lost)
                .map(|(_, requests)| requests),
        );
        receiver.clear_responses();
    }
    let before = receiver.requests().len();
    pusher.shutdown().expect("pushed");
    accepted.extend(receiver.requests().split_off(before));
    assert_same(&Flat::from_requests(&accepted), &exposed(&agent));

    let of_deltas = metrics_of(&accepted).into_iter().filter_map(|metric| match metric.data {
        Some(Data::Sum(sum)) if sum.is_monotonic => Some(sum.aggregation_temporality),
        Some(Data::Histogram(histogram)) => Some(histogram.aggregation_temporality),
        _ => None,
    });
    for temporality in of_deltas {
        assert_eq!(temporality, AggregationTemporality::Delta as i32);
    }
}

/// A response that reports how many points were rejected, and why.
fn rejected_points(points: i64, why: &str) -> &'static [u8] {
    let partial_success =
        Some(ExportMetricsPartialSuccess { rejected_data_points: points, error_message: why.to_owned() });
    ExportMetricsServiceResponse { partial_success }.encode_to_vec().leak()
}

fn metrics_of(requests: &[ReceivedRequest]) -> Vec<Metric> {
    requests.iter().flat_map(|requests| metrics(&request(requests)).cloned().collect::<Vec<_>>()).collect()
}

#[test]
fn a_delta_starts_at_the_end_of_the_previous_one() {
    let receiver = Receiver::new([]);
    let agent = Agent::new();
    let push = Push::to(target(&receiver).delta()).every(Duration::from_secs(3600));
    let pusher = push.start(&agent.metrics).expect("started");
    for _ in 0..3 {
        agent.work(1);
        pusher.flush().expect("pushed");
    }
    let spans: Vec<_> = metrics_of(&receiver.requests())
        .into_iter()
        .filter(|metric| metric.name == "shop_orders_total")
        .map(|metric| match metric.data {
            Some(Data::Sum(sum)) => {
                (sum.data_points[0].start_time_unix_nano, sum.data_points[0].time_unix_nano)
            }
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(spans.len(), 3);
    for pair in spans.windows(2) {
        assert_eq!(pair[0].1, pair[1].0);
    }
    // A series without growth is left out.
    let infos =
        metrics_of(&receiver.requests()).into_iter().filter(|metric| metric.name == "shop_pay_seconds");
    assert_eq!(infos.count(), 1);
}

/// Returns the first point of an exponential histogram.
fn exponential(metrics: &[Metric], name: &str) -> ExponentialHistogramDataPoint {
    let metric = metrics.iter().find(|metric| metric.name == name).unwrap_or_else(|| panic!("{name}"));
    match &metric.data {
        Some(Data::ExponentialHistogram(histogram)) => histogram.data_points[0].clone(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn native_histograms_are_exponential_with_their_exemplars() {
    let trace = TraceContext::new(0x0102_0304_0506_0708_090a_0b0c_0d0e_0f10, 0x1112_1314_1516_1718);
    let builder = AgentMetrics::builder().native_histograms(NativeHistograms::new().growth(2.0));
    let metrics = builder.exemplars(move || Some(trace)).build().expect("built");
    let receiver = Receiver::new([]);
    let push = Push::to(target(&receiver).delta()).every(Duration::from_secs(3600));
    let pusher = push.start(&metrics).expect("started");
    let observe = |seconds: &[u64]| {
        for seconds in seconds {
            metrics.record_tool_call("tool", Duration::from_secs(*seconds), Status::Success);
        }
        // The time of an exemplar is in whole milliseconds and must be before the time of the push.
        let millis = || SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_millis();
        let observed = millis();
        until("the next millisecond", || (millis() > observed).then_some(()));
        pusher.flush().expect("pushed");
        let requests = receiver.requests().pop().expect("a request");
        exponential(&metrics_of(&[requests]), "agent_tool_call_duration_seconds")
    };
    // At scale 0 a bucket `n` is above 2^n, up to 2^(n+1).
    let first = observe(&[3, 3, 10]);
    assert_eq!((first.scale, first.count, first.zero_count), (0, 3, 0));
    assert!((first.sum.expect("a sum") - 16.0).abs() < 1e-6, "{first:?}");
    let positive = first.positive.expect("buckets");
    assert_eq!((positive.offset, positive.bucket_counts), (1, vec![2, 0, 1]));
    let exemplar = first.exemplars.first().expect("an exemplar");
    assert_eq!(exemplar.trace_id, (1..=16).collect::<Vec<u8>>());
    assert_eq!(exemplar.span_id, (17..=24).collect::<Vec<u8>>());
    assert!(exemplar.time_unix_nano > 1_000_000_000_000_000_000);

    let second = observe(&[3, 100]);
    let positive = second.positive.expect("buckets");
    assert_eq!((second.count, positive.offset, positive.bucket_counts), (2, 1, vec![1, 0, 0, 0, 0, 1]));
    assert_eq!(second.start_time_unix_nano, first.time_unix_nano);

    // The buckets of 3 s and 10 s still have their exemplars, which were sent with earlier deltas.
    let third = observe(&[1_000]);
    let [exemplar] = &*third.exemplars else { panic!("{third:?}") };
    assert!(
        matches!(exemplar.value, Some(exemplar::Value::AsDouble(value)) if value > 900.0),
        "{exemplar:?}"
    );
}

#[test]
fn families_of_a_profile_have_the_names_units_and_attributes_of_its_conventions() {
    let labels = [("gen_ai_zone".to_owned(), "eu".to_owned())].into();
    let registry =
        prometheus::Registry::new_custom(Some("shop".to_owned()), Some(labels)).expect("a registry");
    let builder = AgentMetrics::builder().registry(registry);
    let metrics =
        builder.profile(Profile::OtelGenAi1_41).profile(Profile::OtelGenAi0_1).build().expect("built");
    let mut call = metrics.track_llm("gpt-5");
    call.facts().set_provider("openai");
    call.usage(&Usage::new(100, 10));
    call.finish(Status::RateLimited);
    metrics.track_task("support").finish(Status::Success);
    let receiver = Receiver::new([]);
    Push::to(target(&receiver)).once(&metrics).expect("pushed");
    let metrics = metrics_of(&receiver.requests());
    assert!(
        metrics.iter().all(|metric| !metric.name.contains("gen_ai_")),
        "a name is spelled as in Prometheus"
    );
    // The name, the unit and the attribute keys of a point. The registry's label keeps its name.
    let attributes = "gen_ai.operation.name gen_ai.provider.name gen_ai.request.model gen_ai_zone";
    for (name, unit, keys) in [
        ("gen_ai.client.operation.duration", "s", format!("error.type {attributes}")),
        ("gen_ai.client.token.usage", "{token}", attributes.replace("model", "model gen_ai.token.type")),
        (
            "gen_ai.client.inference.usage.input_tokens",
            "{token}",
            attributes.replace("model", "model gen_ai.token.modality"),
        ),
        ("gen_ai.invoke_agent.tool_calls", "{tool_call}", "gen_ai.agent.name gen_ai_zone".to_owned()),
        (
            "gen_ai.invoke_agent.inference_calls",
            "{inference_call}",
            "gen_ai.agent.name gen_ai_zone".to_owned(),
        ),
    ] {
        let metric = metrics.iter().find(|metric| metric.name == name).unwrap_or_else(|| panic!("{name}"));
        assert_eq!(metric.unit, unit, "{name}");
        let attributes = match metric.data.as_ref().expect("data") {
            Data::Histogram(histogram) => &histogram.data_points[0].attributes,
            Data::Sum(sum) => &sum.data_points[0].attributes,
            other => panic!("{name}: {other:?}"),
        };
        let mut has: Vec<_> = attributes.iter().map(|attribute| &*attribute.key).collect();
        has.sort_unstable();
        let mut expected: Vec<_> = keys.split(' ').collect();
        expected.sort_unstable();
        assert_eq!(has, expected, "{name}");
    }
}

#[test]
fn rejected_points_of_a_partial_success_are_an_error() {
    let receiver = Receiver::new([(200, "", rejected_points(3, "too many attributes"))]);
    let agent = Agent::new();
    let error = Push::to(target(&receiver)).once(&agent.metrics).expect_err("a part was rejected");
    assert!(
        error.to_string().ends_with("status 200: 3 data points rejected: too many attributes"),
        "{error}"
    );
    // A response whose body is not OTLP or reports no rejected points is a success.
    receiver.prepare([(200, "", b"OK" as &[u8]), (202, "", b"")]);
    for _ in 0..2 {
        Push::to(target(&receiver)).once(&agent.metrics).expect("pushed");
    }
}

#[test]
fn a_receiver_that_was_unavailable_gets_the_totals_when_it_is_back() {
    let address = agent_metrics_tests::free_address();
    let agent = Agent::new();
    let to = Otlp::new(format!("http://{address}/v1/metrics"), "support-agent");
    let pusher = Push::to(to).every(Duration::from_millis(100)).start(&agent.metrics).expect("started");
    let failed = "shop_agent_metrics_pushes_total{outcome=\"unavailable\",region=\"eu/1\",target=\"otlp\"}";
    until("a push fails", || (agent.value(failed) >= 1.0).then_some(()));
    agent.work(4);
    let listener = std::net::TcpListener::bind(&address).expect("the address");
    let busy = (503, "Retry-After: 1\r\n", b"" as &[u8]);
    let receiver = Receiver::on(listener, [busy]);
    until("a push arrives", || (receiver.requests().len() >= 2).then_some(()));
    pusher.shutdown().expect("pushed");
    let requests = receiver.requests();
    assert_eq!(Flat::from_requests(&requests[requests.len() - 1..]), exposed(&agent));
}

#[test]
fn an_error_names_the_invalid_setting() {
    let agent = Agent::new();
    let to = |service: &str| Otlp::new("http://127.0.0.1:9", service);
    for (target, words) in [
        (Otlp::new("collector:4318", "agent"), "expected `http://`"),
        (Otlp::new("grpc://collector:4317", "agent"), "expected `http://`"),
        (to(""), "the name of the service is empty"),
        (to("agent").attribute("", "x"), "its name is empty"),
        (to("agent").attribute("service.name", "x"), "given twice"),
    ] {
        let error = Push::to(target).start(&agent.metrics).expect_err(words).to_string();
        assert!(error.contains(words), "{words}: {error}");
    }
}
