//! The HTTP layer on axum, over real connections.

use std::convert::Infallible;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use agent_metrics::AgentMetrics;
use agent_metrics::web::axum::{http_metrics, metrics_route};
use agent_metrics_tests::{Samples, get, until};
use axum::Router;
use axum::body::Body;
use axum::http::header::CONTENT_TYPE;
use axum::routing::{get as on_get, post};

/// Serves on a separate runtime and returns the address.
fn serve(metrics: &AgentMetrics) -> String {
    let api = Router::new().route("/items/{id}", on_get(|| async { "item" }));
    let app: Router = Router::new()
        .route("/tasks/{id}", on_get(|| async { "done" }).post(|| async { "posted" }))
        .route("/panics", on_get(panics))
        .route("/waits", post(std::future::pending::<()>))
        .route("/streams", on_get(|| async { slow_body("application/octet-stream") }))
        .route("/events", on_get(|| async { slow_body("text/event-stream") }))
        .nest("/api", api)
        .layer(http_metrics(metrics))
        .route("/metrics", metrics_route(metrics));
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    listener.set_nonblocking(true).expect("non-blocking");
    let address = listener.local_addr().expect("an address").to_string();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
        runtime.expect("a runtime").block_on(async {
            let listener = tokio::net::TcpListener::from_std(listener).expect("a listener");
            axum::serve(listener, app).await
        })
    });
    address
}

async fn panics() -> &'static str {
    panic!("in a handler")
}

/// A body that never ends.
fn slow_body(content_type: &str) -> axum::response::Response {
    struct Endless(tokio::time::Interval);
    impl axum::body::HttpBody for Endless {
        type Data = axum::body::Bytes;
        type Error = Infallible;

        fn poll_frame(
            mut self: std::pin::Pin<&mut Self>,
            cx: &mut std::task::Context<'_>,
        ) -> std::task::Poll<Option<Result<http_body::Frame<Self::Data>, Infallible>>> {
            self.0.poll_tick(cx).map(|_| Some(Ok(http_body::Frame::data("data: x\n\n".into()))))
        }
    }
    let body = Body::new(Endless(tokio::time::interval(Duration::from_millis(5))));
    axum::http::Response::builder().header(CONTENT_TYPE, content_type).body(body).expect("a response")
}

fn send(address: &str, request: &str) -> TcpStream {
    let mut stream = TcpStream::connect(address).expect("a connection");
    stream
        .write_all(format!("{request} HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n").as_bytes())
        .expect("sent");
    stream
}

fn requests(metrics: &AgentMetrics, endpoint: &str, code: &str) -> f64 {
    let labels = [("endpoint", endpoint), ("status_code", code)];
    Samples::parse(&metrics.to_text()).sum("agent_http_requests_total", &labels)
}

fn in_progress(metrics: &AgentMetrics, endpoint: &str) -> f64 {
    Samples::parse(&metrics.to_text()).sum("agent_http_requests_in_progress", &[("endpoint", endpoint)])
}

#[test]
fn endpoints_are_route_templates() {
    let metrics = AgentMetrics::builder().build().expect("the defaults are valid");
    let address = serve(&metrics);
    for path in ["/tasks/1", "/tasks/2", "/api/items/3", "/nowhere/4", "/nowhere/5"] {
        get(&address, path, "").expect("an answer");
    }
    for method in ["DELETE", "BREW"] {
        let mut answer = String::new();
        let mut stream = TcpStream::connect(&address).expect("a connection");
        write!(stream, "{method} /tasks/9 HTTP/1.0\r\nHost: x\r\n\r\n").expect("sent");
        stream.read_to_string(&mut answer).expect("an answer");
        assert!(answer.contains(" 405 "), "{answer}");
    }
    // A request ends when its body is sent, possibly after the client has read it.
    until("all have ended", || {
        let samples = Samples::parse(&metrics.to_text());
        (samples.sum("agent_http_requests_total", &[]) == 7.0).then_some(())
    });
    let (head, body) = get(&address, "/metrics", "").expect("an exposition");
    assert!(head.to_lowercase().contains("content-type: text/plain; version=0.0.4; charset=utf-8"), "{head}");
    assert!(head.to_lowercase().contains("vary: accept"), "{head}");
    let samples = Samples::parse(&String::from_utf8(body).expect("UTF-8"));
    let count = |method, endpoint, code| {
        samples.sum(
            "agent_http_requests_total",
            &[("method", method), ("endpoint", endpoint), ("status_code", code)],
        )
    };
    assert_eq!(count("GET", "/tasks/{id}", "200"), 2.0);
    assert_eq!(count("GET", "/api/items/{id}", "200"), 1.0);
    assert_eq!(count("GET", "unmatched", "404"), 2.0);
    assert_eq!(count("DELETE", "/tasks/{id}", "405"), 1.0);
    assert_eq!(count("OTHER", "/tasks/{id}", "405"), 1.0);
    assert_eq!(
        samples.sum("agent_http_requests_total", &[("endpoint", "/metrics")]),
        0.0,
        "the scrape is excluded"
    );
    assert_eq!(samples.sum("agent_http_request_duration_seconds_count", &[]), 7.0);
}

#[test]
fn a_panic_is_500_and_a_client_that_has_gone_499() {
    let metrics = AgentMetrics::builder().build().expect("the defaults are valid");
    let address = serve(&metrics);
    let mut answer = Vec::new();
    let _ = send(&address, "GET /panics").read_to_end(&mut answer);
    until("the panic is counted", || (requests(&metrics, "/panics", "500") == 1.0).then_some(()));
    let waiting = send(&address, "POST /waits");
    until("it is in progress", || (in_progress(&metrics, "/waits") == 1.0).then_some(()));
    drop(waiting);
    until("the client has gone", || (requests(&metrics, "/waits", "499") == 1.0).then_some(()));
    assert_eq!((in_progress(&metrics, "/waits"), in_progress(&metrics, "/panics")), (0.0, 0.0));
}

#[test]
fn requests_end_with_their_body_and_event_streams_with_their_head() {
    let metrics = AgentMetrics::builder().build().expect("the defaults are valid");
    let address = serve(&metrics);
    let mut first = [0; 64];
    let mut body = send(&address, "GET /streams");
    body.read_exact(&mut first).expect("a beginning");
    assert_eq!((in_progress(&metrics, "/streams"), requests(&metrics, "/streams", "200")), (1.0, 0.0));
    drop(body);
    until("the body has ended", || (requests(&metrics, "/streams", "200") == 1.0).then_some(()));

    let mut events = send(&address, "GET /events");
    events.read_exact(&mut first).expect("a beginning");
    assert_eq!((in_progress(&metrics, "/events"), requests(&metrics, "/events", "200")), (0.0, 1.0));
    drop(events);
    until("the stream has ended", || {
        let samples = Samples::parse(&metrics.to_text());
        let streams = samples.sum("agent_http_stream_duration_seconds_count", &[("endpoint", "/events")]);
        (streams == 1.0).then_some(())
    });
}
