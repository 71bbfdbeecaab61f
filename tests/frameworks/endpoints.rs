//! The `/metrics` endpoint in every framework. Frameworks without a feature use the examples of the documentation.

use std::io::Read;
use std::net::SocketAddr;
use std::thread;

use agent_metrics::{AgentMetrics, Bounded, Counter, LabelSet, Metrics};
use agent_metrics_tests::{Samples, get};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use poem::listener::TcpAcceptor;
use salvo::conn::tcp;

use crate::frameworks::{actix, axum, rocket};
use crate::server::{listener, on_tokio};
use crate::snippets;

const TEXT: &str = "text/plain; version=0.0.4; charset=utf-8";
const OPEN: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Checks formats, compression and an unknown path.
fn check(name: &str, address: SocketAddr) {
    agent_metrics::global().record_cache_result(true);
    let address = address.to_string();
    let scrape = |headers: &str| {
        let (head, body) = get(&address, "/metrics", headers).unwrap_or_else(|| panic!("{name} answers"));
        assert!(head.lines().next().is_some_and(|line| line.contains(" 200")), "{name}: {head}");
        (head.to_lowercase(), body)
    };
    let has = |head: &str, line: &str| assert!(head.lines().any(|found| found == line), "{name}: {head}");

    // Text is the default: without a preference, and if no format matches.
    for accept in ["", "Accept: image/png\r\n", "Accept: ;;=,q\r\n", "Accept: text/plain;version=9\r\n"] {
        let (head, body) = scrape(accept);
        has(&head, &format!("content-type: {TEXT}"));
        let samples = Samples::parse(&String::from_utf8(body).expect("UTF-8"));
        assert!(samples.value("agent_cache_total{result=\"hit\"}") >= 1.0, "{name}");
    }
    let (head, body) = scrape("Accept: application/openmetrics-text;version=1.0.0,text/plain;q=0.5\r\n");
    has(&head, &format!("content-type: {OPEN}"));
    assert!(body.ends_with(b"# EOF\n"), "{name}");

    let (head, body) = scrape("Accept-Encoding: gzip\r\n");
    has(&head, "content-encoding: gzip");
    let mut text = String::new();
    flate2::read::GzDecoder::new(&*body).read_to_string(&mut text).expect("gzip");
    assert!(Samples::parse(&text).get("agent_cache_total{result=\"hit\"}").is_some(), "{name}");

    let (head, _) = get(&address, "/elsewhere", "").expect("an answer");
    assert!(head.contains(" 404"), "{name}: {head}");
}

#[derive(Clone, Copy, LabelSet)]
struct Item {
    item: Bounded<4_000>,
}

#[derive(Metrics)]
#[metrics(namespace = "large")]
struct Large {
    /// Items.
    items_total: Counter<Item>,
}

#[test]
fn an_exposition_of_several_chunks_arrives_complete() {
    let metrics = AgentMetrics::builder().build().expect("the defaults are valid");
    let large = Large::register(&metrics).expect("a free name");
    for item in 0..4_000 {
        large.items_total.with(Item { item: item.to_string().as_str().into() }).inc();
    }
    for framework in [&axum::FRAMEWORK, &actix::FRAMEWORK, &rocket::FRAMEWORK] {
        let address = (framework.serve)(&metrics).to_string();
        let (_, body) =
            get(&address, "/metrics", "Accept: application/openmetrics-text\r\n").expect("an answer");
        let text = String::from_utf8(body).expect("UTF-8");
        assert!(text.ends_with("# EOF\n"), "{}", framework.name);
        let items = text.lines().filter(|line| line.starts_with("large_items_total{")).count();
        assert_eq!(items, 4_000, "{}", framework.name);
    }
}

#[test]
fn axum_serves_metrics() {
    check("axum", (axum::FRAMEWORK.serve)(agent_metrics::global()));
}

#[test]
fn actix_web_serves_metrics() {
    check("actix-web", (actix::FRAMEWORK.serve)(agent_metrics::global()));
}

#[test]
fn rocket_serves_metrics() {
    check("rocket", (rocket::FRAMEWORK.serve)(agent_metrics::global()));
}

#[test]
fn poem_serves_metrics() {
    let address = on_tokio(|listener| async {
        let acceptor = TcpAcceptor::from_tokio(listener).expect("a listener");
        poem::Server::new_with_acceptor(acceptor).run(snippets::poem::app()).await.expect("served");
    });
    check("poem", address);
}

#[test]
fn salvo_serves_metrics() {
    let address = on_tokio(|listener| async {
        let acceptor = tcp::TcpAcceptor::try_from(listener).expect("a listener");
        salvo::Server::new(acceptor).serve(snippets::salvo::app()).await;
    });
    check("salvo", address);
}

#[test]
fn warp_serves_metrics() {
    let address = on_tokio(|listener: tokio::net::TcpListener| async {
        warp::serve(snippets::warp::app()).incoming(listener).run().await;
    });
    check("warp", address);
}

#[test]
fn hyper_serves_metrics() {
    let address = on_tokio(|listener| async move {
        loop {
            let (stream, _) = listener.accept().await.expect("a connection");
            let service = service_fn(snippets::hyper::answer);
            tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
        }
    });
    check("hyper", address);
}

#[test]
fn a_bare_tcp_server_serves_metrics() {
    let (listener, address) = listener();
    listener.set_nonblocking(false).expect("blocking");
    thread::spawn(move || snippets::tcp::serve(&listener));
    check("TCP", address);
}
