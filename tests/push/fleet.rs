//! The files of `examples/fleet`, run with other ports and shorter intervals.

use std::path::Path;
use std::process::Command;

use agent_metrics_tests::{Program, built, free_address, get, missing, on_path, until};

use crate::servers::Server;

fn agent(binary: &Path, tasks: u32) -> (Program, String) {
    let address = free_address();
    let tasks = tasks.to_string();
    let agent = Program::start(Command::new(binary).args(["--addr", &address, "--tasks", &tasks]));
    until("the agent serves", || get(&address, "/metrics", "").filter(|(head, _)| head.contains(" 200 ")));
    (agent, address)
}

/// Returns a file of the example with other ports and shorter intervals.
fn adapted(file: &str, changes: &[(&str, &str)]) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/fleet");
    let mut text = std::fs::read_to_string(folder.join(file)).expect("a file of the example");
    for (from, to) in changes.iter().chain(&[("_interval: 15s", "_interval: 500ms")]) {
        assert!(text.contains(from) || from.contains("interval"), "{file} has no {from}");
        text = text.replace(from, to);
    }
    text
}

fn targets(addresses: &[&str]) -> String {
    let mut text = adapted("targets/agents.json", &[]);
    let places = ["127.0.0.1:9101", "127.0.0.1:9102", "127.0.0.1:9103"];
    for (place, address) in places.iter().zip(addresses) {
        text = text.replace(place, address);
    }
    text
}

#[test]
fn three_agents_and_a_job_add_up_in_every_engine() {
    for program in ["prometheus", "victoria-metrics"] {
        if on_path(program).is_none() {
            return missing(program);
        }
    }
    let binary = built("agent-metrics-fleet", "fleet-agent");
    let [(_one, first), (_two, second), (_three, third)] = [30, 50, 70].map(|tasks| agent(&binary, tasks));

    let Some(long_term) = Server::victoria_metrics("fleet") else { return };
    // The configurations refer to each other, so the addresses are chosen first.
    let (local, global) = (free_address(), free_address());
    let Some(mut global) = Server::prometheus_at(global, "fleet-global", |folder| {
        std::fs::write(
            folder.join("prometheus.yml"),
            adapted("global.yml", &[("127.0.0.1:9090'", &format!("{local}'"))]),
        )
    }) else {
        return;
    };
    let Some(local) = Server::prometheus_at(local.clone(), "fleet-local", |folder| {
        std::fs::create_dir_all(folder.join("targets"))?;
        std::fs::write(folder.join("targets/agents.json"), targets(&[&first, &second, &third]))?;
        std::fs::write(folder.join("rules.yml"), adapted("rules.yml", &[]))?;
        let ports = [("127.0.0.1:9190", &*global.address), ("127.0.0.1:8428", &*long_term.address)];
        std::fs::write(folder.join("prometheus.yml"), adapted("prometheus.yml", &ports))
    }) else {
        return;
    };

    let total = |server: &Server, query: &str, expected: f64| {
        until(query, || server.value(query).filter(|value| (value - expected).abs() < 1e-9));
    };
    total(&local, "sum(up{job=\"agents\"})", 3.0);
    total(&local, "sum(agent_tasks_total{job=\"agents\"})", 150.0);
    total(&local, "sum(agent_tasks_total{job=\"agents\",status=\"failure\"})", 15.0);
    // The recorded totals, in the local and the global Prometheus.
    for server in [&local, &global] {
        total(server, "sum(job:agent_tasks:sum{job=\"agents\"})", 150.0);
        total(server, "count(job:agent_llm_tokens:rate5m{job=\"agents\"} >= 0)", 2.0);
    }
    // Remote-write sends raw counters to the global Prometheus, and everything to the long-term storage.
    total(
        &global,
        "sum(agent_llm_tokens_total{job=\"agents\",cluster=\"west\",direction=\"input\"})",
        150_000.0,
    );
    assert_eq!(global.value("count(agent_task_duration_seconds_count)"), None, "dropped by relabelling");
    total(&long_term, "sum(agent_task_duration_seconds_count{job=\"agents\",cluster=\"west\"})", 150.0);

    // A job pushes and ends.
    let url = format!("http://{}/api/v1/write", local.address);
    let job =
        Command::new(&binary).args(["--push", &url, "--tasks", "20", "--instance", "nightly-1"]).status();
    assert!(job.expect("the job runs").success());
    total(&local, "sum(agent_tasks_total{job=\"jobs\",instance=\"nightly-1\"})", 20.0);

    // A fourth agent is found by its file. An outage of the global Prometheus loses nothing.
    global.stop();
    let (_four, fourth) = agent(&binary, 10);
    local.write("targets/fourth.json", &format!("[{{\"targets\": [\"{fourth}\"]}}]"));
    total(&local, "sum(agent_tasks_total{job=\"agents\"})", 160.0);
    global.resume();
    total(&global, "sum(agent_tasks_total{job=\"agents\"})", 160.0);
    total(&long_term, "sum(agent_tasks_total{job=\"agents\"})", 160.0);
}

#[test]
fn promtool_accepts_the_files() {
    if on_path("promtool").is_none() {
        return missing("promtool");
    }
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/fleet");
    for arguments in [
        &["check", "config", "prometheus.yml"][..],
        &["check", "config", "global.yml"],
        &["check", "rules", "--lint=all", "--lint-fatal", "rules.yml"],
    ] {
        let output =
            Command::new("promtool").current_dir(&folder).args(arguments).output().expect("promtool runs");
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    }
}
