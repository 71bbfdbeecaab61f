//! Pushes to a Pushgateway that Prometheus scrapes.

use std::collections::BTreeMap;

use agent_metrics::push::{Push, Pushgateway};
use agent_metrics_tests::{Samples, until};

use crate::agent::{Agent, stable};
use crate::servers::Server;

fn target(server: &Server) -> Pushgateway {
    Pushgateway::new(format!("http://{}", server.address), "nightly")
}

#[test]
fn prometheus_scrapes_every_sample_that_was_pushed() {
    let Some(gateway) = Server::pushgateway("scraped") else { return };
    let Some(server) = Server::scraper("scraped", &gateway.address) else { return };
    let agent = Agent::new();
    let grouped = target(&gateway).group("shard", "a/7").group("empty", "");
    Push::to(grouped).once(&agent.metrics).expect("pushed");
    let labels = "{job=\"nightly\",shard=\"a/7\",__name__!~\"push_.*\"}";
    let expected = |series: String| respelled(&series.replace(",z=\"\"", ""));
    let exposed: BTreeMap<_, _> =
        agent.samples().into_iter().map(|(series, value)| (expected(series), value)).collect();
    until("all samples", || {
        let has = stable(server.query(labels, &["job", "shard", "instance"]).into_iter());
        let wrong = exposed.iter().find(|(series, value)| has.get(*series) != Some(value));
        let further = has.keys().find(|series| !exposed.contains_key(*series));
        eprintln!("{} of {}, wrong {wrong:?}, further {further:?}", has.len(), exposed.len());
        (wrong.is_none() && further.is_none()).then_some(())
    });
}

/// Writes bucket bounds as the gateway does: `1` for `1.0`.
fn respelled(series: &str) -> String {
    let Some((before, after)) = series.split_once("le=\"") else { return series.to_owned() };
    let (bound, rest) = after.split_once('"').expect("the end of a bound");
    let bound = bound.strip_suffix(".0").unwrap_or(bound);
    format!("{before}le=\"{bound}\"{rest}")
}

#[test]
fn groups_are_separate_and_can_be_replaced_extended_and_deleted() {
    let Some(gateway) = Server::pushgateway("groups") else { return };
    let series = |job: &str| {
        let text = gateway.body("/metrics").expect("metrics");
        let own = text.lines().filter(|line| line.starts_with("shop_") || line.starts_with('#'));
        let text: Vec<_> = own.collect();
        Samples::parse(&(text.join("\n") + "\n")).iter().filter(|(series, _)| series.contains(job)).count()
    };
    let agent = Agent::new();
    let all = Push::to(target(&gateway)).once(&agent.metrics).expect("pushed").samples;
    let other = || Pushgateway::new(format!("http://{}/", gateway.address), "weekly").group("path", "../x");
    let parted =
        Push::to(other()).max_request_bytes(4_000).name("weekly").once(&agent.metrics).expect("pushed");
    assert!(parted.requests > 5, "{parted:?}");
    assert_eq!(series("job=\"nightly\"") as u64, all);
    assert_eq!(series("job=\"weekly\"") as u64, parted.samples);

    // Another program adds its families to the group. Without `add` they replace the group.
    let small = prometheus_only();
    let added = Push::to(target(&gateway).add()).once(&small).expect("pushed").samples;
    assert!(series("job=\"nightly\"") as u64 > all.max(added));
    Push::to(target(&gateway)).once(&small).expect("pushed");
    assert!((series("job=\"nightly\"") as u64) < all);

    Push::to(other()).delete(&agent.metrics).expect("deleted");
    assert_eq!(series("job=\"weekly\""), 0);
    let pusher = Push::to(target(&gateway).delete_at_end()).start(&agent.metrics).expect("started");
    pusher.flush().expect("pushed");
    assert_ne!(series("job=\"nightly\""), 0);
    drop(pusher);
    assert_eq!(series("job=\"nightly\""), 0);
}

/// A registry with fewer families of the prefix `shop`.
fn prometheus_only() -> agent_metrics::AgentMetrics {
    let registry = prometheus::Registry::new_custom(Some("shop_small".to_owned()), None).expect("a registry");
    agent_metrics::AgentMetrics::builder().registry(registry).build().expect("built")
}
