//! Remote-write into Prometheus and VictoriaMetrics.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use agent_metrics::metric::TraceContext;
use agent_metrics::push::{Push, PushError, RemoteWrite};
use agent_metrics::{AgentMetrics, Fault, Status};
use agent_metrics_tests::until;

use crate::agent::{Agent, stable};
use crate::servers::Server;

const ADDED: [&str; 2] = ["job", "instance"];

fn target(server: &Server) -> RemoteWrite {
    let url = format!("http://{}/api/v1/write", server.address);
    RemoteWrite::new(url, "agents").label("instance", "a-1")
}

#[test]
fn prometheus_has_every_exposed_sample() {
    let Some(server) = Server::prometheus("samples") else { return };
    let agent = Agent::new();
    let pushed = Push::to(target(&server)).once(&agent.metrics).expect("pushed");
    let has = stable(server.query("{job=\"agents\",instance=\"a-1\"}", &ADDED).into_iter());
    // Prometheus treats an empty label as absent.
    let exposed = agent.samples().into_iter().map(|(series, value)| (series.replace(",z=\"\"", ""), value));
    assert_eq!(has, exposed.collect());
    assert!(has.len() > 200, "{}", has.len());
    assert!(has.contains_key("shop_pay_seconds_bucket{by=\"card\",le=\"0.5\",region=\"eu/1\"}"), "{has:?}");
    // The number of pushed samples is the number of stored ones.
    assert_eq!(server.value("count({job=\"agents\"})"), Some(pushed.samples as f64));
}

#[test]
fn a_split_push_stores_the_same_samples() {
    let Some(server) = Server::prometheus("batches") else { return };
    let agent = Agent::new();
    let whole = Push::to(target(&server)).once(&agent.metrics).expect("pushed");
    let parted = Push::to(target(&server).label("parted", "yes")).max_request_bytes(2_000);
    let parted = parted.once(&agent.metrics).expect("pushed");
    assert_eq!(whole.requests, 1);
    assert!(parted.requests > 20, "{parted:?}");
    assert_eq!(parted.samples, whole.samples);
    let without = ["job", "instance", "parted"];
    let [one, many] = ["parted=\"\"", "parted=\"yes\""]
        .map(|which| stable(server.query(&format!("{{job=\"agents\",{which}}}"), &without).into_iter()));
    assert_eq!(one, many);
}

#[test]
fn victoria_metrics_has_every_exposed_sample() {
    let Some(server) = Server::victoria_metrics("samples") else { return };
    let agent = Agent::new();
    Push::to(target(&server)).once(&agent.metrics).expect("pushed");
    let exposed = agent.samples();
    let has = until("all series are there", || {
        let has = stable(server.exported(&ADDED).into_iter());
        (has.len() == exposed.len()).then_some(has)
    });
    for (series, value) in exposed {
        let stored = has[&series.replace(",z=\"\"", "")];
        // VictoriaMetrics stores about fifteen digits of a number.
        assert!((stored - value).abs() <= value.abs() * 1e-14, "{series}: {value}, stored {stored}");
    }
}

#[test]
fn each_push_stores_one_sample_per_series() {
    let Some(server) = Server::prometheus("pushes") else { return };
    let agent = Agent::new();
    let pusher =
        Push::to(target(&server)).every(Duration::from_secs(3600)).start(&agent.metrics).expect("started");
    let mut counted = Vec::new();
    for _ in 0..4 {
        agent.work(2);
        pusher.flush().expect("pushed");
        counted.push(agent.value(
            "shop_user_retrieved_total{A=\"quoted \\\"back\\\\slash\\\"\\nünï\",region=\"eu/1\",z=\"\"}",
        ));
    }
    agent.work(5);
    counted.push(counted[3] + 5.0);
    pusher.shutdown().expect("pushed");
    let results = server.results("shop_user_retrieved_total[1h]");
    let values = results[0]["values"].as_array().expect("values");
    let values: Vec<f64> = values.iter().map(|value| value[1].as_str().unwrap().parse().unwrap()).collect();
    assert_eq!(values, counted);
}

#[test]
fn counts_recorded_during_an_outage_arrive_after_it() {
    let Some(mut server) = Server::prometheus("restart") else { return };
    let faults = Arc::new(Mutex::new(Vec::new()));
    let reported = faults.clone();
    let agent = Agent::with_fault_hook(move |fault| reported.lock().unwrap().push(fault.clone()));
    let push = Push::to(target(&server)).every(Duration::from_millis(200));
    let pusher = push.start(&agent.metrics).expect("started");
    let tasks = "shop_agent_tasks_total{status=\"success\"}";
    until("the first totals", || server.value(tasks).filter(|tasks| *tasks == 3.0));

    server.stop();
    agent.work(7);
    until("pushes fail", || {
        let failed = "shop_agent_metrics_pushes_total{outcome=\"unavailable\",region=\"eu/1\",target=\"remote_write\"}";
        (agent.value(failed) >= 2.0).then_some(())
    });
    agent.work(5);
    server.resume();
    until("the totals including the outage", || server.value(tasks).filter(|tasks| *tasks == 15.0));
    until("the failures themselves", || {
        server
            .value("shop_agent_metrics_pushes_total{outcome=\"unavailable\"}")
            .filter(|failed| *failed >= 2.0)
    });

    let faults = faults.lock().unwrap().clone();
    let is_unavailable =
        |fault: &Fault| matches!(fault, Fault::NotPushed { error: PushError::Unavailable { .. }, .. });
    assert!(faults.len() == 1 && is_unavailable(&faults[0]), "one outage is reported once: {faults:?}");
    pusher.shutdown().expect("pushed");
    assert_eq!(server.value("shop_agent_metrics_push_lag_seconds > 600"), None);
}

#[test]
fn stale_at_end_ends_the_series() {
    let Some(server) = Server::prometheus("stale") else { return };
    let agent = Agent::new();
    let lasting = Push::to(target(&server)).start(&agent.metrics).expect("started");
    lasting.shutdown().expect("pushed");
    assert_eq!(server.value("sum(shop_agent_tasks_total{job=\"agents\"})"), Some(3.0));

    let ending =
        Push::to(target(&server).stale_at_end()).name("ending").start(&agent.metrics).expect("started");
    ending.shutdown().expect("pushed");
    assert!(server.query("{job=\"agents\"}", &[]).is_empty(), "no series is left");
    assert_eq!(
        server.value("max(last_over_time(shop_agent_tasks_total[1h]))"),
        Some(3.0),
        "their past samples remain"
    );
}

#[test]
fn prometheus_returns_the_exemplars_that_were_pushed() {
    let Some(server) = Server::prometheus("exemplars") else { return };
    let trace = TraceContext::new(0xabc, 0x17);
    let metrics = AgentMetrics::builder().exemplars(move || Some(trace)).build().expect("built");
    metrics.record_tool_call("tool", Duration::from_millis(70), Status::Success);
    Push::to(target(&server)).once(&metrics).expect("pushed");
    let path = "/api/v1/query_exemplars?query=agent_tool_call_duration_seconds_bucket&start=0&end=9999999999";
    let answer = server.body(path).expect("an answer");
    for part in [
        "\"trace_id\":\"00000000000000000000000000000abc\"",
        "\"span_id\":\"0000000000000017\"",
        "\"le\":\"0.1\"",
    ] {
        assert!(answer.contains(part), "{part} is not in {answer}");
    }
}
