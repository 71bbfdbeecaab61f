//! The exporter over real sockets: its responses, its limits, and how it stops.
#![allow(clippy::float_cmp)] // Counts are whole, and exact up to 2^53.

mod addresses;
mod hostile;
mod live_page;
mod prometheus;
mod responses;
mod scrapes;
mod stop;

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use agent_metrics::AgentMetrics;
use agent_metrics::serve::Serving;
use agent_metrics_tests::{get, samples, until};
use prometheus_crate::core::{Collector, Desc};
use prometheus_crate::proto::MetricFamily;

extern crate prometheus as prometheus_crate;

/// Opens a connection and sends `request`.
fn send(address: SocketAddr, request: &[u8]) -> TcpStream {
    let mut stream = TcpStream::connect(address).expect("a connection");
    stream.set_read_timeout(Some(Duration::from_secs(60))).expect("a limit");
    stream.write_all(request).expect("sent");
    stream
}

/// Reads the response until the exporter closes the connection.
fn answer(mut stream: TcpStream) -> String {
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).expect("an answer, then the end");
    String::from_utf8(answer).expect("UTF-8")
}

/// Scrapes with additional headers and returns head and body.
fn scrape(exporter: &Serving, headers: &str) -> (String, Vec<u8>) {
    get(&exporter.address().to_string(), "/metrics", headers).expect("an answer")
}

/// Returns the number of connections that were refused for a reason.
fn refused(metrics: &AgentMetrics, reason: &str) -> f64 {
    samples(metrics).sum("agent_metrics_exporter_refused_total", &[("reason", reason)])
}

/// Waits until `count` connections were refused for a reason.
fn until_refused(metrics: &AgentMetrics, reason: &str, count: f64) {
    until(&format!("{count} {reason}"), || (refused(metrics, reason) == count).then_some(()));
}

/// Adds a family whose exposition has about `mebibytes` MiB.
fn enlarge(metrics: &AgentMetrics, mebibytes: usize) {
    let opts = prometheus_crate::Opts::new("large", "Long label values.");
    let large = prometheus_crate::IntGaugeVec::new(opts, &["number", "filler"]).expect("a gauge");
    for number in 0..mebibytes * 256 {
        large.with_label_values(&[number.to_string().as_str(), &"x".repeat(4096)]).set(1);
    }
    metrics.registry().register(Box::new(large)).expect("registered");
}

/// A collector that calls a function whenever it is collected.
struct Hooked<F>(prometheus_crate::IntGauge, F);

impl<F: Fn() + Send + Sync> Collector for Hooked<F> {
    fn desc(&self) -> Vec<&Desc> {
        self.0.desc()
    }

    fn collect(&self) -> Vec<MetricFamily> {
        (self.1)();
        self.0.collect()
    }
}

/// Registers a collector that calls `hook` at every scrape.
fn when_collected(metrics: &AgentMetrics, hook: impl Fn() + Send + Sync + 'static) {
    let gauge = prometheus_crate::IntGauge::new("hooked", "A gauge.").expect("a gauge");
    metrics.registry().register(Box::new(Hooked(gauge, hook))).expect("registered");
}
