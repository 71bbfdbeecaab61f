//! The table: requests, and what each must leave behind.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::time::Duration;

use agent_metrics::AgentMetrics;
use agent_metrics_tests::{build, samples, until};

use crate::frameworks::Framework;

/// What the client does with its connection.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Client {
    /// Reads to the end.
    Reads,
    /// Goes before the head comes.
    GoesBeforeTheHead,
    /// Goes while the body comes.
    GoesInTheBody,
    /// Goes while events come.
    GoesAmongEvents,
}

struct Case {
    request: &'static str,
    client: Client,
    /// `method`, `endpoint` and `status_code`; of a framework's own where its [`Framework`] says so.
    counts: (&'static str, &'static str, &'static str),
}

const CASES: &[Case] = &[
    // Matched, by values that mustn't show.
    Case { request: "GET /tasks/1", client: Client::Reads, counts: ("GET", "/tasks/{id}", "200") },
    Case { request: "GET /tasks/2?x=y", client: Client::Reads, counts: ("GET", "/tasks/{id}", "200") },
    Case { request: "POST /tasks/3", client: Client::Reads, counts: ("POST", "/tasks/{id}", "200") },
    // Nested.
    Case { request: "GET /api/items/4", client: Client::Reads, counts: ("GET", "/api/items/{id}", "200") },
    // Unmatched.
    Case { request: "GET /nowhere/5", client: Client::Reads, counts: ("GET", "unmatched", "404") },
    Case { request: "GET /tasks", client: Client::Reads, counts: ("GET", "unmatched", "404") },
    // A body that comes in parts.
    Case { request: "GET /parts", client: Client::Reads, counts: ("GET", "/parts", "200") },
    Case { request: "GET /panics", client: Client::Reads, counts: ("GET", "/panics", "500") },
    Case { request: "GET /waits", client: Client::GoesBeforeTheHead, counts: ("GET", "/waits", "499") },
    Case { request: "GET /streams", client: Client::GoesInTheBody, counts: ("GET", "/streams", "200") },
    Case { request: "GET /events", client: Client::GoesAmongEvents, counts: ("GET", "/events", "200") },
];

/// Requests that frameworks answer differently: a method that the route has not, and one that nobody has.
const WRONG_METHOD: &str = "DELETE /tasks/6";
const UNKNOWN_METHOD: &str = "BREW /tasks/7";

fn drive(framework: &Framework) {
    let metrics = build();
    let driver = Driver { framework, address: (framework.serve)(&metrics), metrics };
    for case in CASES {
        driver.check(case);
    }
    let (endpoint, code) = framework.wrong_method;
    driver.check(&Case { request: WRONG_METHOD, client: Client::Reads, counts: ("DELETE", endpoint, code) });
    if let Some((endpoint, code)) = framework.unknown_method {
        driver.check(&Case {
            request: UNKNOWN_METHOD,
            client: Client::Reads,
            counts: ("OTHER", endpoint, code),
        });
    }
    driver.check_no_head_counts_its_body();
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
        let (method, endpoint, code) = case.counts;
        let all = self.sum("agent_http_requests_total", &[]);
        let counted = || {
            let labels = [("method", method), ("endpoint", endpoint), ("status_code", code)];
            self.sum("agent_http_requests_total", &labels)
        };
        let before = counted();
        let comes = |what: &str| until(what, || (counted() == before + 1.0).then_some(()));
        let is_under_way = || self.sum("agent_http_requests_in_progress", &[("endpoint", endpoint)]) == 1.0;

        let mut client = self.send(case.request);
        match case.client {
            Client::Reads => read_all(&mut client),
            Client::GoesBeforeTheHead => {
                until(&format!("{what} is under way"), || is_under_way().then_some(()));
                client.shutdown(Shutdown::Write).expect("an end");
                // Until the server has seen it.
                read_all(&mut client);
                (self.framework.release)();
            }
            Client::GoesInTheBody => {
                read_body(&mut client);
                assert!(is_under_way() && counted() == before, "{what} lasts as long as its body");
                drop(client);
            }
            Client::GoesAmongEvents => {
                read_body(&mut client);
                comes(&format!("{what} counts up to its head"));
                assert!(!is_under_way(), "{what}: what lasts is the stream");
                let lives =
                    || self.sum("agent_http_stream_duration_seconds_count", &[("endpoint", endpoint)]);
                assert_eq!(lives(), 0.0, "{what}");
                drop(client);
                until(&format!("{what}: the stream ends"), || (lives() == 1.0).then_some(()));
            }
        }
        comes(&format!("{what} is counted as {:?}", case.counts));
        assert_eq!(self.sum("agent_http_requests_total", &[]), all + 1.0, "{what} counts once");
        assert_eq!(self.sum("agent_http_request_duration_seconds_count", &[]), all + 1.0, "{what} is timed");
        assert_eq!(self.sum("agent_http_requests_in_progress", &[]), 0.0, "{what} is over");
    }

    /// A response without a body has its head's status, though nobody reads its body.
    fn check_no_head_counts_its_body(&self) {
        let (endpoint, code) = self.framework.head;
        self.check(&Case {
            request: "HEAD /tasks/8",
            client: Client::Reads,
            counts: ("HEAD", endpoint, code),
        });
    }

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

/// Reads until the server closes the connection, or breaks it off.
fn read_all(client: &mut TcpStream) {
    if let Err(error) = client.read_to_end(&mut Vec::new()) {
        assert_ne!(error.kind(), std::io::ErrorKind::WouldBlock, "the server neither answers nor closes");
    }
}

/// Reads until something of the body is there.
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
fn axum() {
    drive(&crate::frameworks::axum::FRAMEWORK);
}

#[test]
fn hyper() {
    drive(&crate::frameworks::hyper::FRAMEWORK);
}

#[test]
fn actix_web() {
    drive(&crate::frameworks::actix::FRAMEWORK);
}

#[test]
fn rocket() {
    drive(&crate::frameworks::rocket::FRAMEWORK);
}
