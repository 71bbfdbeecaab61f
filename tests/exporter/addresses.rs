//! Addresses and tokens that an exporter accepts.

use agent_metrics::serve::{Exporter, ServeError};
use agent_metrics_tests::{build, get};

#[test]
fn only_loopback_addresses_are_accepted_without_allow_remote() {
    let metrics = build();
    for remote in ["0.0.0.0:0", "[::]:0", "[::ffff:0.0.0.0]:0"] {
        let error = Exporter::new(&metrics).start(remote).expect_err("refused");
        assert!(matches!(error, ServeError::NotLoopback { .. }), "{error}");
        assert!(error.to_string().contains("allow_remote()"), "{error}");
    }
    for loopback in ["127.0.0.1:0", "127.8.8.8:0", "localhost:0"] {
        let exporter = Exporter::new(&metrics).start(loopback).expect("loopback");
        assert!(exporter.address().ip().is_loopback() && exporter.address().port() != 0, "{exporter:?}");
    }
    let exporter =
        Exporter::new(&metrics).allow_remote().start("0.0.0.0:0").expect("remote addresses are allowed");
    let local = format!("127.0.0.1:{}", exporter.address().port());
    assert!(get(&local, "/metrics", "").expect("an answer").0.contains(" 200 "));
}

#[test]
fn an_address_that_is_in_use_or_invalid_is_an_error_with_advice() {
    let metrics = build();
    let exporter = Exporter::new(&metrics).start("127.0.0.1:0").expect("a free port");
    let error = Exporter::new(&metrics).start(exporter.address()).expect_err("taken");
    assert!(matches!(&error, ServeError::Bind { address, .. } if *address == exporter.address()), "{error}");
    assert!(error.to_string().contains(&exporter.address().to_string()), "{error}");
    assert!(error.to_string().contains("use another port"), "{error}");
    for invalid in ["", "9185", "127.0.0.1", "127.0.0.1:99999", "127.0.0.1:http"] {
        let error = Exporter::new(&metrics).start(invalid).expect_err("no address");
        assert!(matches!(error, ServeError::Address(_)), "{invalid}: {error}");
        assert!(error.to_string().contains("as in `127.0.0.1:9185`"), "{error}");
    }
}

#[test]
fn a_token_that_a_header_cannot_carry_is_an_error() {
    for token in ["", "two words", "line\n", "grün"] {
        let error = Exporter::new(&build()).bearer_token(token).start("127.0.0.1:0").expect_err("refused");
        assert!(matches!(error, ServeError::Token), "{token}: {error}");
    }
}

#[test]
fn exporters_of_an_instance_share_their_family_and_a_foreign_family_of_its_name_is_an_error() {
    let metrics = build();
    let first = Exporter::new(&metrics).start("127.0.0.1:0").expect("a free port");
    let second = Exporter::new(&metrics).start("127.0.0.1:0").expect("another");
    drop((first, second));

    let metrics = build();
    let name = "agent_metrics_exporter_refused_total";
    let foreign = prometheus::IntCounter::new(name, "A foreign counter.").expect("a counter");
    metrics.registry().register(Box::new(foreign)).expect("registered");
    let error = Exporter::new(&metrics).start("127.0.0.1:0").expect_err("refused");
    assert!(matches!(error, ServeError::Register(_)) && error.to_string().contains(name), "{error}");
}

#[test]
fn serve_exports_the_global_instance() {
    let exporter = agent_metrics::serve("127.0.0.1:0").expect("a free port");
    let (head, _) = get(&exporter.address().to_string(), "/metrics", "").expect("an answer");
    assert!(head.contains(" 200 "), "{head}");
}
