//! The live page of the exporter, without a browser: status codes, headers and events.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use agent_metrics::Status;
use agent_metrics::serve::{Exporter, Serving};
use agent_metrics_tests::{build, get, until};

use crate::{answer, refused, send};

fn response(exporter: &Serving, request: &str) -> String {
    answer(send(exporter.address(), format!("{request}\r\n\r\n").as_bytes()))
}

#[test]
fn each_request_of_the_page_has_its_response() {
    let exporter = Exporter::new(&build()).live_page().start("127.0.0.1:0").expect("a free port");
    for (request, status) in [
        ("GET / HTTP/1.1", 200),
        ("HEAD / HTTP/1.1", 200),
        ("GET /app.js HTTP/1.1", 200),
        ("GET /uplot.js?x=<b> HTTP/1.1", 200),
        ("GET /nowhere HTTP/1.1", 404),
        ("GET /data/ HTTP/1.1", 404),
        ("GET /data/../app.js HTTP/1.1", 404),
        ("POST / HTTP/1.1", 405),
        ("POST /data/history HTTP/1.1", 405),
        ("DELETE /data/events HTTP/1.1", 405),
        ("GET /data/history?range=15m HTTP/1.1", 200),
        ("GET /data/history?range=7d HTTP/1.1", 200),
        ("GET /data/history?range=1y HTTP/1.1", 400),
        ("GET /data/history?range=%3Cscript%3E HTTP/1.1", 400),
        ("GET /data/current?ended=3 HTTP/1.1", 200),
        ("GET /data/current?ended=-1 HTTP/1.1", 400),
        ("GET /metrics HTTP/1.1", 200),
    ] {
        let answer = response(&exporter, request);
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{request}: {answer:.200}");
        assert!(!answer.contains("<b>") && !answer.contains("%3C"), "{request} is repeated: {answer:.500}");
        if !request.contains("/metrics") {
            assert!(
                answer.contains("content-security-policy: default-src 'self';"),
                "{request}: {answer:.500}"
            );
            assert!(answer.contains("x-content-type-options: nosniff\r\n"), "{request}");
        }
    }
    let wrong = response(&exporter, "POST / HTTP/1.1");
    assert!(wrong.contains("allow: GET, HEAD\r\n"), "{wrong}");
}

#[test]
fn files_are_compressed_and_are_not_sent_again() {
    let exporter = Exporter::new(&build()).live_page().start("127.0.0.1:0").expect("a free port");
    let address = exporter.address().to_string();
    let (head, body) = get(&address, "/app.js", "Accept-Encoding: gzip\r\n").expect("an answer");
    assert!(head.contains("content-encoding: gzip\r\n"), "{head}");
    let mut text = String::new();
    flate2::read::GzDecoder::new(&*body).read_to_string(&mut text).expect("gzip");
    let (plain, body) = get(&address, "/app.js", "Accept-Encoding: gzip;q=0\r\n").expect("an answer");
    assert!(!plain.contains("content-encoding"), "{plain}");
    assert_eq!(text.as_bytes(), body);
    let tag = head.lines().find_map(|line| line.strip_prefix("etag: ")).expect("a tag");
    let (again, body) = get(&address, "/app.js", &format!("If-None-Match: {tag}\r\n")).expect("an answer");
    assert!(again.starts_with("HTTP/1.1 304 ") && body.is_empty(), "{again}");
}

#[test]
fn the_data_of_the_page_requires_the_token_and_the_files_do_not() {
    let exporter =
        Exporter::new(&build()).live_page().bearer_token("s3cret").start("127.0.0.1:0").expect("a free port");
    let address = exporter.address().to_string();
    for path in ["/data/history", "/data/current", "/data/events"] {
        for header in ["", "Authorization: Bearer wrong\r\n"] {
            let (head, body) = get(&address, path, header).expect("an answer");
            assert!(head.starts_with("HTTP/1.1 401 ") && head.contains("www-authenticate: Bearer"), "{head}");
            assert!(!String::from_utf8_lossy(&body).contains("agent_"));
        }
    }
    assert!(get(&address, "/", "").expect("an answer").0.starts_with("HTTP/1.1 200 "));
    let (head, _) = get(&address, "/data/current", "Authorization: Bearer s3cret\r\n").expect("an answer");
    assert!(head.starts_with("HTTP/1.1 200 "), "{head}");
}

#[test]
fn a_page_of_another_site_reads_neither_the_metrics_nor_the_page() {
    let metrics = build();
    let start = |exporter: Exporter| exporter.live_page().start("127.0.0.1:0").expect("a free port");
    let exporter = start(Exporter::new(&metrics));
    for path in ["/", "/metrics", "/data/history", "/data/events", "/healthz"] {
        let answer = response(&exporter, &format!("GET {path} HTTP/1.1\r\nHost: rebound.example:9185"));
        assert!(answer.starts_with("HTTP/1.1 403 ") && !answer.contains("agent_"), "{path}: {answer:.300}");
        for host in ["localhost:9185", "127.0.0.1", "[::1]:9185", "192.168.0.7"] {
            if path == "/data/events" {
                continue;
            }
            let answer = response(&exporter, &format!("GET {path} HTTP/1.1\r\nHost: {host}"));
            assert!(answer.starts_with("HTTP/1.1 200 "), "{path} {host}: {answer:.300}");
        }
    }
    assert_eq!(refused(&metrics, "foreign_host"), 5.0);
    let proxied = start(Exporter::new(&metrics).allow_host("agent.internal"));
    let answer = response(&proxied, "GET /metrics HTTP/1.1\r\nHost: agent.internal");
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer:.300}");
}

/// Opens a stream of events and returns a reader of its lines.
fn events(exporter: &Serving) -> BufReader<TcpStream> {
    let mut stream = TcpStream::connect(exporter.address()).expect("a connection");
    stream.set_read_timeout(Some(Duration::from_secs(20))).expect("a timeout");
    stream.write_all(b"GET /data/events HTTP/1.1\r\nHost: localhost\r\n\r\n").expect("sent");
    BufReader::new(stream)
}

fn next_event(reader: &mut BufReader<TcpStream>) -> Option<String> {
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).ok()? == 0 {
            return None;
        }
        if let Some(data) = line.strip_prefix("data: ") {
            return Some(data.to_owned());
        }
    }
}

#[test]
fn events_follow_the_program_and_end_when_the_exporter_stops() {
    let metrics = build();
    let exporter = Exporter::new(&metrics).live_page().start("127.0.0.1:0").expect("a free port");
    let mut reader = events(&exporter);
    next_event(&mut reader).expect("a first event");
    metrics.track_task("followed").finish(Status::Timeout);
    let event = until("the task is in an event", || {
        next_event(&mut reader).filter(|event| event.contains("\"type\":\"followed\""))
    });
    assert!(event.contains("\"status\":\"timeout\""), "{event}");
    // A graceful stop does not wait for open pages.
    exporter.stop();
    assert_eq!(next_event(&mut reader), None);
}

#[test]
fn too_many_open_pages_are_refused_and_leave_the_exporter_unharmed() {
    let exporter = Exporter::new(&build()).live_page().start("127.0.0.1:0").expect("a free port");
    let mut open: Vec<_> = (0..64).map(|_| events(&exporter)).collect();
    for reader in &mut open {
        next_event(reader).expect("an event");
    }
    let refused = response(&exporter, "GET /data/events HTTP/1.1");
    assert!(refused.starts_with("HTTP/1.1 503 "), "{refused:.300}");
    assert!(response(&exporter, "GET /data/current HTTP/1.1").starts_with("HTTP/1.1 200 "));
    assert!(response(&exporter, "GET /metrics HTTP/1.1").starts_with("HTTP/1.1 200 "));
    drop(open);
    until("the places are free again", || {
        let mut reader = events(&exporter);
        next_event(&mut reader)
    });
}
