//! The keys `cost`, `provider`, `operation` and `slo`.

use std::time::Duration;

use agent_metrics::catalogue::{SiteInfo, SiteKind, Slo};
use agent_metrics::{
    AgentMetrics, Fault, Usage, assert_metrics, duplicate_names, sites, testing, track, track_llm,
    track_task, track_tool,
};
use agent_metrics_tests::{build, samples};

#[track_tool(metrics = metrics, cost = |pages: &u64| *pages as f64 * 0.01)]
async fn paid(metrics: &AgentMetrics, pages: u64) -> Result<u64, String> {
    if pages > 100 { Err("too many".to_owned()) } else { Ok(pages) }
}

#[track_tool(metrics = metrics, cost = |text: &String| if text == "free" { None } else { text.parse().ok() })]
fn priced(metrics: &AgentMetrics, text: &str) -> String {
    text.to_owned()
}

#[tokio::test]
async fn the_cost_key_records_the_cost_of_a_tool() {
    let metrics = build();
    paid(&metrics, 5).await.and(paid(&metrics, 7).await).expect("few enough");
    paid(&metrics, 101).await.expect_err("too many");
    for text in ["free", "0.5", "NaN", "-1"] {
        priced(&metrics, text);
    }
    let samples = samples(&metrics);
    let cost = samples.value("agent_cost_usd_total{cost_type=\"tool\",model=\"none\"}");
    assert!((cost - 0.62).abs() < 1e-9, "{cost}");
    let refused = "agent_metrics_refused_observations_total{family=\"agent_cost_usd_total\"}";
    assert_eq!(samples.value(refused), 2.0);
}

#[track_llm(model = "known", provider = "gcp.gemini", operation = "embeddings", slo(availability = 99.9))]
fn embeds() -> Usage {
    Usage::new(1, 0)
}

#[track_llm(model = model)]
fn asks(model: &str) -> Usage {
    Usage::new(1, 0)
}

#[track_task(slo(availability = 99.5, latency = "5s", percentile = 99))]
fn with_objective() {}

#[track_tool(tool_name = "twice_named", slo(latency = "250ms"))]
fn first_of_two() {}

#[track_tool(tool_name = "twice_named")]
fn second_of_two() {}

#[derive(Clone, Copy, agent_metrics::CallLabels)]
#[calls(name = "keyed")]
struct Keyed {}

#[track(Keyed, slo(availability = 90))]
fn in_call_family() {}

fn site(function: &str) -> SiteInfo {
    sites().find(|site| site.function == function && site.module == module_path!()).expect("a linked site")
}

#[test]
fn the_catalogue_lists_functions_that_never_ran() {
    let embeds = site("embeds");
    assert_eq!((embeds.kind, embeds.label), (SiteKind::Llm, Some(("model", "known"))));
    assert_eq!((embeds.provider, embeds.operation), (Some("gcp.gemini"), Some("embeddings")));
    assert_eq!(embeds.slo, Some(Slo::new().availability(99.9)));
    assert_eq!(embeds.counter().as_deref(), Some("agent_llm_calls_total"));
    assert!(embeds.file.ends_with("keys.rs") && embeds.line > 0);

    let asks = site("asks");
    assert_eq!((asks.label, asks.provider, asks.operation, asks.slo), (None, None, Some("chat"), None));

    let held = site("with_objective").slo.expect("an objective");
    assert_eq!(held, Slo::new().availability(99.5).latency(Duration::from_secs(5), 99.0));
    let latency = site("first_of_two").slo.and_then(|slo| slo.latency).expect("an objective");
    assert_eq!((latency.limit, latency.percentile), (Duration::from_millis(250), 95.0));
    assert_eq!(site("in_call_family").counter().as_deref(), Some("keyed_calls_total"));
}

#[test]
fn two_functions_with_the_same_name_are_reported() {
    let pair = |pair: &(SiteInfo, SiteInfo)| (pair.0.function, pair.1.function);
    assert!(duplicate_names().iter().any(|found| pair(found) == ("first_of_two", "second_of_two")));
    let heard = std::sync::Arc::new(std::sync::Mutex::new(Vec::new()));
    let reported = heard.clone();
    let builder = AgentMetrics::builder()
        .on_fault(move |fault: &Fault| reported.lock().unwrap().push(fault.to_string()));
    let metrics = testing::isolated_by(builder).expect("valid");
    let heard = heard.lock().unwrap();
    let ours: Vec<_> = heard.iter().filter(|text| text.contains("tool_name=\"twice_named\"")).collect();
    assert!(
        matches!(ours[..], [text] if text.contains("first_of_two (") && text.contains("second_of_two ("))
    );
    first_of_two();
    second_of_two();
    with_objective();
    in_call_family();
    asks("m");
    embeds();
    assert_metrics!(metrics, {
        agent_tool_calls_total { tool_name = "twice_named" } == 2,
    });
}
