//! Where an exporter may listen.

use agent_metrics::{Exporter, ServeError};
use agent_metrics_tests::{build, get};

#[test]
fn loopback_unless_told_otherwise() {
    let metrics = build();
    for open in ["0.0.0.0:0", "[::]:0", "[::ffff:0.0.0.0]:0"] {
        let error = Exporter::new(&metrics).start(open).expect_err("refused");
        assert!(matches!(error, ServeError::NotLoopback { .. }), "{error}");
        assert!(error.to_string().contains("allow_remote()"), "{error}");
    }
    for own in ["127.0.0.1:0", "127.8.8.8:0", "localhost:0"] {
        let exporter = Exporter::new(&metrics).start(own).expect("loopback");
        assert!(exporter.address().ip().is_loopback() && exporter.address().port() != 0, "{exporter:?}");
    }
    let exporter = Exporter::new(&metrics).allow_remote().start("0.0.0.0:0").expect("as asked");
    let near = format!("127.0.0.1:{}", exporter.address().port());
    assert!(get(&near, "/metrics", "").expect("an answer").0.contains(" 200 "));
}

#[test]
fn an_address_that_is_taken_or_none() {
    let metrics = build();
    let exporter = Exporter::new(&metrics).start("127.0.0.1:0").expect("a free port");
    let error = Exporter::new(&metrics).start(exporter.address()).expect_err("taken");
    assert!(matches!(&error, ServeError::Bind { address, .. } if *address == exporter.address()), "{error}");
    assert!(error.to_string().contains(&exporter.address().to_string()), "{error}");
    assert!(error.to_string().contains("take another port"), "{error}");
    for nonsense in ["", "9185", "127.0.0.1", "127.0.0.1:99999", "127.0.0.1:http"] {
        let error = Exporter::new(&metrics).start(nonsense).expect_err("no address");
        assert!(matches!(error, ServeError::Address(_)), "{nonsense}: {error}");
        assert!(error.to_string().contains("as in `127.0.0.1:9185`"), "{error}");
    }
}

#[test]
fn a_token_that_no_client_could_send() {
    for token in ["", "two words", "line\n", "grün"] {
        let error = Exporter::new(&build()).bearer_token(token).start("127.0.0.1:0").expect_err("refused");
        assert!(matches!(error, ServeError::Token), "{token}: {error}");
    }
}

#[test]
fn exporters_of_an_instance_share_their_family_and_others_may_not_have_it() {
    let metrics = build();
    let first = Exporter::new(&metrics).start("127.0.0.1:0").expect("a free port");
    let second = Exporter::new(&metrics).start("127.0.0.1:0").expect("another");
    drop((first, second));

    let metrics = build();
    let name = "agent_metrics_exporter_refused_total";
    let own = prometheus::IntCounter::new(name, "Of somebody else.").expect("a counter");
    metrics.registry().register(Box::new(own)).expect("registered");
    let error = Exporter::new(&metrics).start("127.0.0.1:0").expect_err("refused");
    assert!(matches!(error, ServeError::Register(_)) && error.to_string().contains(name), "{error}");
}

#[test]
fn the_global_has_a_short_cut() {
    let exporter = agent_metrics::serve("127.0.0.1:0").expect("a free port");
    let (head, _) = get(&exporter.address().to_string(), "/metrics", "").expect("an answer");
    assert!(head.contains(" 200 "), "{head}");
}
