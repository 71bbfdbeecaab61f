//! The table of requests and of the metrics that each must record.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::time::Duration;

use agent_metrics::AgentMetrics;
use agent_metrics_tests::{build, samples, until};

use crate::frameworks::Framework;

/// The behaviour of the client.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Client {
    /// Reads the whole response.
    Reads,
    /// Leaves before the response head.
    LeavesBeforeTheHead,
    /// Leaves during the response body.
    LeavesDuringTheBody,
    /// Leaves during an event stream.
    LeavesDuringEvents,
}

/// A request and its expected labels.
struct Case {
    request: &'static str,
    client: Client,
    /// The labels `method`, `endpoint` and `status_code`.
    labels: (&'static str, &'static str, &'static str),
}

const CASES: &[Case] = &[
    // Matched routes, whose parameter values must not become labels.
    Case { request: "GET /tasks/1", client: Client::Reads, labels: ("GET", "/tasks/{id}", "200") },
    Case { request: "GET /tasks/2?x=y", client: Client::Reads, labels: ("GET", "/tasks/{id}", "200") },
    Case { request: "POST /tasks/3", client: Client::Reads, labels: ("POST", "/tasks/{id}", "200") },
    // A nested route.
    Case { request: "GET /api/items/4", client: Client::Reads, labels: ("GET", "/api/items/{id}", "200") },
    // Paths without a route.
    Case { request: "GET /nowhere/5", client: Client::Reads, labels: ("GET", "unmatched", "404") },
    Case { request: "GET /tasks", client: Client::Reads, labels: ("GET", "unmatched", "404") },
    // A body in several parts.
    Case { request: "GET /parts", client: Client::Reads, labels: ("GET", "/parts", "200") },
    Case { request: "GET /panics", client: Client::Reads, labels: ("GET", "/panics", "500") },
    Case { request: "GET /waits", client: Client::LeavesBeforeTheHead, labels: ("GET", "/waits", "499") },
    Case { request: "GET /streams", client: Client::LeavesDuringTheBody, labels: ("GET", "/streams", "200") },
    Case { request: "GET /events", client: Client::LeavesDuringEvents, labels: ("GET", "/events", "200") },
];

/// A request with a method that the route doesn't have. Frameworks respond differently.
const WRONG_METHOD: &str = "DELETE /tasks/6";
/// A request with a method that doesn't exist. Frameworks respond differently.
const UNKNOWN_METHOD: &str = "BREW /tasks/7";

/// Runs all requests against a framework.
fn drive(framework: &Framework) {
    let metrics = build();
    let driver = Driver { framework, address: (framework.serve)(&metrics), metrics };
    for case in CASES {
        driver.check(case);
    }
    let (endpoint, code) = framework.wrong_method;
    driver.check(&Case { request: WRONG_METHOD, client: Client::Reads, labels: ("DELETE", endpoint, code) });
    if let Some((endpoint, code)) = framework.unknown_method {
        driver.check(&Case {
            request: UNKNOWN_METHOD,
            client: Client::Reads,
            labels: ("OTHER", endpoint, code),
        });
    }
    driver.check_head_is_counted();
    driver.check_the_scrape();
}

struct Driver<'a> {
    framework: &'a Framework,
    address: SocketAddr,
    metrics: AgentMetrics,
}

impl Driver<'_> {
    fn check(&self, case: &Case) {
        let what = format!("{}, {}", self.framework.name, case.request);
        let (method, endpoint, code) = case.labels;
        let all = self.sum("agent_http_requests_total", &[]);
        let counted = || {
            let labels = [("method", method), ("endpoint", endpoint), ("status_code", code)];
            self.sum("agent_http_requests_total", &labels)
        };
        let before = counted();
        let wait_until_counted = |what: &str| until(what, || (counted() == before + 1.0).then_some(()));
        let is_in_progress = || self.sum("agent_http_requests_in_progress", &[("endpoint", endpoint)]) == 1.0;

        let mut client = self.send(case.request);
        match case.client {
            Client::Reads => read_all(&mut client),
            Client::LeavesBeforeTheHead => {
                until(&format!("{what} is in progress"), || is_in_progress().then_some(()));
                client.shutdown(Shutdown::Write).expect("an end");
                // Waits until the server has noticed.
                read_all(&mut client);
                (self.framework.release)();
            }
            Client::LeavesDuringTheBody => {
                read_body(&mut client);
                assert!(is_in_progress() && counted() == before, "{what} lasts until its body has been sent");
                drop(client);
            }
            Client::LeavesDuringEvents => {
                read_body(&mut client);
                wait_until_counted(&format!("{what} is counted when its head has been sent"));
                assert!(!is_in_progress(), "{what}: only the stream is still open");
                let ended_streams =
                    || self.sum("agent_http_stream_duration_seconds_count", &[("endpoint", endpoint)]);
                assert_eq!(ended_streams(), 0.0, "{what}");
                drop(client);
                until(&format!("{what}: the stream ends"), || (ended_streams() == 1.0).then_some(()));
            }
        }
        wait_until_counted(&format!("{what} is counted as {:?}", case.labels));
        assert_eq!(self.sum("agent_http_requests_total", &[]), all + 1.0, "{what} is counted once");
        assert_eq!(self.sum("agent_http_request_duration_seconds_count", &[]), all + 1.0, "{what} is timed");
        assert_eq!(self.sum("agent_http_requests_in_progress", &[]), 0.0, "{what} has ended");
    }

    /// Checks that the response to `HEAD` is counted with its status although its body is never read.
    fn check_head_is_counted(&self) {
        let (endpoint, code) = self.framework.head;
        self.check(&Case {
            request: "HEAD /tasks/8",
            client: Client::Reads,
            labels: ("HEAD", endpoint, code),
        });
    }

    /// Checks that scrapes are not counted.
    fn check_the_scrape(&self) {
        let before = self.sum("agent_http_requests_total", &[]);
        let mut client = self.send("GET /metrics");
        let mut answer = String::new();
        client.read_to_string(&mut answer).expect("an exposition");
        assert!(answer.contains("agent_http_requests_total{"), "{}: {answer}", self.framework.name);
        assert_eq!(self.sum("agent_http_requests_total", &[]), before, "the scrape isn't counted");
        assert!(!self.metrics.to_text().contains("endpoint=\"/metrics\""));
    }

    fn sum(&self, name: &str, labels: &[(&str, &str)]) -> f64 {
        samples(&self.metrics).sum(name, labels)
    }

    fn send(&self, request: &str) -> TcpStream {
        let mut stream = TcpStream::connect(self.address).expect("a connection");
        stream.set_read_timeout(Some(Duration::from_secs(20))).expect("a limit");
        let lines = "Host: x\r\nConnection: close\r\nContent-Length: 0\r\n";
        stream.write_all(format!("{request} HTTP/1.1\r\n{lines}\r\n").as_bytes()).expect("sent");
        stream
    }
}

/// Reads until the server closes or resets the connection.
fn read_all(client: &mut TcpStream) {
    if let Err(error) = client.read_to_end(&mut Vec::new()) {
        assert_ne!(
            error.kind(),
            std::io::ErrorKind::WouldBlock,
            "the server neither responds nor closes the connection"
        );
    }
}

/// Reads until the first part of the body has arrived.
fn read_body(client: &mut TcpStream) {
    let mut answer = Vec::new();
    let mut some = [0; 256];
    while !String::from_utf8_lossy(&answer).contains("data: x") {
        let count = client.read(&mut some).expect("a body");
        assert_ne!(count, 0, "{}", String::from_utf8_lossy(&answer));
        answer.extend_from_slice(&some[..count]);
    }
}

#[test]
fn axum_records_every_request() {
    drive(&crate::frameworks::axum::FRAMEWORK);
}

#[test]
fn hyper_records_every_request() {
    drive(&crate::frameworks::hyper::FRAMEWORK);
}

#[test]
fn actix_web_records_every_request() {
    drive(&crate::frameworks::actix::FRAMEWORK);
}

#[test]
fn rocket_records_every_request() {
    drive(&crate::frameworks::rocket::FRAMEWORK);
}
