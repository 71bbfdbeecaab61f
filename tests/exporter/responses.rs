//! Responses to valid requests.

use std::io::Read;

use agent_metrics::serve::Exporter;
use agent_metrics_tests::{Samples, build, get};

use crate::{answer, refused, scrape, send, when_collected};

#[test]
fn the_response_has_the_format_and_compression_that_the_client_prefers() {
    let metrics = build();
    let exporter = Exporter::new(&metrics).start("127.0.0.1:0").expect("a free port");
    let text = "Content-Type: text/plain; version=0.0.4; charset=utf-8\r\n";
    for accept in ["", "Accept: */*\r\n", "Accept: image/png\r\n", "Accept: \u{1}\r\n", "Accept: q;=,;\r\n"] {
        let (head, body) = scrape(&exporter, accept);
        if accept.contains('\u{1}') {
            assert!(head.starts_with("HTTP/1.1 400 "), "{head}");
            continue;
        }
        assert!(head.starts_with("HTTP/1.1 200 OK\r\n") && head.contains(text), "{accept}: {head}");
        assert!(head.contains(&format!("Content-Length: {}\r\n", body.len())), "{head}");
        Samples::parse(&String::from_utf8(body).expect("UTF-8"));
    }
    // Two header lines form one list.
    let two = "Accept: text/plain;q=0.5\r\nAccept: application/openmetrics-text;version=1.0.0\r\n";
    let (head, body) = scrape(&exporter, two);
    assert!(head.contains("Content-Type: application/openmetrics-text; version=1.0.0;"), "{head}");
    assert!(body.ends_with(b"# EOF\n"));

    let (head, body) = scrape(&exporter, "Accept-Encoding: gzip\r\n");
    assert!(
        head.contains("Content-Encoding: gzip\r\n") && head.contains("Vary: Accept, Accept-Encoding"),
        "{head}"
    );
    let mut text = String::new();
    flate2::read::GzDecoder::new(&*body).read_to_string(&mut text).expect("gzip");
    assert!(Samples::parse(&text).get("agent_active_tasks").is_some());
}

#[test]
fn each_path_and_method_has_its_response() {
    let exporter = Exporter::new(&build()).start("127.0.0.1:0").expect("a free port");
    let response = |request: &str| answer(send(exporter.address(), format!("{request}\r\n\r\n").as_bytes()));
    assert!(response("GET /healthz HTTP/1.1").starts_with("HTTP/1.1 200 OK\r\n"));
    assert!(response("GET http://proxied/metrics?name=x HTTP/1.1").contains("agent_active_tasks 0\n"));
    assert!(response("GET /metric HTTP/1.1").starts_with("HTTP/1.1 404 "));
    assert!(response("POST /metrics HTTP/1.1").contains("\r\nAllow: GET, HEAD\r\n"));
    assert!(response("DELETE /healthz HTTP/1.1").starts_with("HTTP/1.1 405 "));
    let head = response("HEAD /metrics HTTP/1.1");
    assert!(head.starts_with("HTTP/1.1 200 OK\r\n") && head.ends_with("\r\n\r\n"), "{head}");
    assert!(!head.contains("Content-Length: 0\r\n"), "HEAD reports the length that GET would have: {head}");
}

#[test]
fn the_metrics_require_the_token_and_the_health_check_does_not() {
    let metrics = build();
    let exporter = Exporter::new(&metrics).bearer_token("s3cret").start("127.0.0.1:0").expect("a free port");
    let (head, body) = scrape(&exporter, "Authorization: Bearer s3cret\r\n");
    assert!(head.starts_with("HTTP/1.1 200 "), "{head}");
    assert!(!String::from_utf8_lossy(&body).contains("s3cret"));
    let wrong = [
        "",
        "Authorization: Bearer s3cre\r\n",
        "Authorization: Bearer s3cret!\r\n",
        "Authorization: s3cret\r\n",
    ];
    for header in wrong {
        let (head, body) = scrape(&exporter, header);
        assert!(head.starts_with("HTTP/1.1 401 ") && head.contains("WWW-Authenticate: Bearer\r\n"), "{head}");
        assert!(!String::from_utf8_lossy(&body).contains("agent_"), "{header}");
    }
    assert_eq!(refused(&metrics, "unauthorized"), 4.0);
    let (head, _) = get(&exporter.address().to_string(), "/healthz", "").expect("an answer");
    assert!(head.starts_with("HTTP/1.1 200 "), "a health check needs no token: {head}");
}

#[test]
fn a_collector_that_panics_is_left_out_of_the_response() {
    let metrics = build();
    when_collected(&metrics, || panic!("in a collector"));
    let exporter = Exporter::new(&metrics).start("127.0.0.1:0").expect("a free port");
    for scrapes in 1..=2 {
        let (head, body) = scrape(&exporter, "");
        assert!(head.starts_with("HTTP/1.1 200 "), "{head}");
        let body = String::from_utf8(body).expect("UTF-8");
        assert!(body.contains(&format!("\nagent_metrics_callback_panics_total {scrapes}\n")), "{body}");
        assert!(!body.contains("hooked"));
    }
    assert!(get(&exporter.address().to_string(), "/healthz", "").expect("an answer").0.contains(" 200 "));
}
