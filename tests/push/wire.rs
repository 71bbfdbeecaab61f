//! The messages of remote-write, decoded with prost: requirements of the specification that no receiver enforces.

use std::collections::{BTreeMap, BTreeSet};

use agent_metrics::push::{Push, RemoteWrite};
use prost::Message;

use crate::agent::{Agent, series, stable};
use crate::receiver::Receiver;

#[derive(Clone, PartialEq, Message)]
struct WriteRequest {
    #[prost(message, repeated, tag = "1")]
    timeseries: Vec<TimeSeries>,
    #[prost(message, repeated, tag = "3")]
    metadata: Vec<Metadata>,
}

#[derive(Clone, PartialEq, Message)]
struct TimeSeries {
    #[prost(message, repeated, tag = "1")]
    labels: Vec<Label>,
    #[prost(message, repeated, tag = "2")]
    samples: Vec<Sample>,
}

#[derive(Clone, PartialEq, Message)]
struct Label {
    #[prost(string, tag = "1")]
    name: String,
    #[prost(string, tag = "2")]
    value: String,
}

#[derive(Clone, PartialEq, Message)]
struct Sample {
    #[prost(double, tag = "1")]
    value: f64,
    #[prost(int64, tag = "2")]
    timestamp: i64,
}

#[derive(Clone, PartialEq, Message)]
struct Metadata {
    #[prost(int32, tag = "1")]
    kind: i32,
    #[prost(string, tag = "2")]
    family: String,
    #[prost(string, tag = "4")]
    help: String,
    #[prost(string, tag = "5")]
    unit: String,
}

#[test]
fn requests_follow_the_specification() {
    const BOUND: usize = 3_000;
    let receiver = Receiver::new([]);
    let agent = Agent::new();
    let target =
        RemoteWrite::new(format!("http://{}/write", receiver.address), "agents").label("region", "no");
    let push = Push::to(target).max_request_bytes(BOUND).every(std::time::Duration::from_secs(3600));
    let pusher = push.start(&agent.metrics).expect("started");
    let accepted = pusher.flush().expect("pushed");
    let mut whole = WriteRequest::default();
    for received in receiver.requests() {
        let body = snap::raw::Decoder::new().decompress_vec(&received.body).expect("snappy");
        assert!(body.len() <= BOUND, "{}", body.len());
        let request = WriteRequest::decode(&*body).expect("a request");
        whole.timeseries.extend(request.timeseries);
        whole.metadata.extend(request.metadata);
    }
    assert_eq!(whole.timeseries.len() as u64, accepted.samples);

    let mut read = BTreeMap::new();
    let mut times = BTreeSet::new();
    for TimeSeries { labels, samples } in &whole.timeseries {
        assert!(labels.windows(2).all(|pair| pair[0].name < pair[1].name), "sorted, none twice: {labels:?}");
        assert!(labels.iter().all(|label| !label.value.is_empty()), "{labels:?}");
        assert_eq!(samples.len(), 1);
        times.insert(samples[0].timestamp);
        let mut labels: BTreeMap<_, _> =
            labels.iter().map(|label| (label.name.clone(), label.value.clone())).collect();
        let name = labels.remove("__name__").expect("a name");
        assert_eq!(labels.remove("job").as_deref(), Some("agents"));
        // A label of the sample replaces the label of the target.
        assert_eq!(labels["region"], "eu/1");
        let known = read.insert(series(&name, &labels), samples[0].value);
        assert!(known.is_none(), "{name}{labels:?} twice");
    }
    assert_eq!(times.len(), 1, "one time for all");
    let exposed = agent.samples().into_iter().map(|(series, value)| (series.replace(",z=\"\"", ""), value));
    assert_eq!(stable(read.into_iter()), exposed.collect());

    let of =
        |family: &str| whole.metadata.iter().find(|metadata| metadata.family == family).expect("metadata");
    let tasks = of("shop_agent_tasks_total");
    assert!(tasks.kind == 1 && !tasks.help.is_empty() && tasks.unit.is_empty(), "{tasks:?}");
    let duration = of("shop_agent_task_duration_seconds");
    assert!(duration.kind == 3 && duration.unit == "seconds", "{duration:?}");
    assert_eq!(of("shop_user_build_info").kind, 6);

    // Metadata is sent once a minute.
    let before = receiver.requests().len();
    pusher.flush().expect("pushed");
    for received in receiver.requests().split_off(before) {
        let body = snap::raw::Decoder::new().decompress_vec(&received.body).expect("snappy");
        assert!(WriteRequest::decode(&*body).expect("a request").metadata.is_empty());
    }
}
