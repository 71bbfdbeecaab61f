//! The constants of `docs/fleet.md`: the size of one agent's metrics in each format, and the resources that an engine needs.
//!
//! `fleet-sizing` measures the agent's side. `fleet-sizing --engine 127.0.0.1:9090` then fills a Prometheus that was just
//! started with a fleet's series by remote-write, and reads the used resources from it.

use std::hint::black_box;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use agent_metrics::push::{Push, RemoteWrite, Response};
use agent_metrics::{AgentMetrics, Status, Usage};
use anyhow::Context as _;

/// A typical agent, as in the metrics reference.
const MODELS: usize = 10;
const TOOLS: usize = 30;
const TASK_TYPES: usize = 10;
const ROUTES: usize = 10;

/// The number of agents that are pushed to the engine, and the number of pushes for each.
const AGENTS: usize = 100;
const PUSHES: usize = 40;

const ROUNDS: u32 = 200;

fn main() -> anyhow::Result<()> {
    let metrics = typical()?;
    let samples = metrics.to_text().lines().filter(|line| !line.starts_with('#')).count();
    println!("a typical agent: {MODELS} models, {TOOLS} tools, {TASK_TYPES} task types, {ROUTES} routes");
    println!("samples                        {samples}");
    for (name, accept, encoding) in [
        ("text 0.0.4", "text/plain", None),
        ("text 0.0.4, gzip", "text/plain", Some("gzip")),
        ("OpenMetrics", "application/openmetrics-text", None),
        ("OpenMetrics, gzip", "application/openmetrics-text", Some("gzip")),
    ] {
        let body = metrics.encode(Some(accept), encoding).body.len();
        let time = measure(|| drop(black_box(metrics.encode(Some(accept), encoding))));
        report(name, samples, body, time);
    }
    let bytes = pushed_bytes(&metrics)?;
    let time = measure(|| {
        let push = Push::to(RemoteWrite::new("http://nowhere.invalid/write", "agents"));
        let _ = black_box(push.transport(|_| Ok(Response::new(200))).once(&metrics));
    });
    report("remote-write, snappy", samples, bytes, time);
    match std::env::args().skip_while(|argument| argument != "--engine").nth(1) {
        Some(engine) => fill(&engine, &metrics),
        None => Ok(()),
    }
}

/// Returns the best of many runs, which is the least disturbed by other load.
fn measure(mut work: impl FnMut()) -> Duration {
    let times = (0..ROUNDS).map(|_| {
        let begin = Instant::now();
        work();
        begin.elapsed()
    });
    times.min().unwrap_or_default()
}

fn report(what: &str, samples: usize, bytes: usize, time: Duration) {
    let (each, nanos) = (bytes as f64 / samples as f64, time.as_nanos() as f64 / samples as f64);
    let micros = time.as_micros();
    println!("{what:<30} {bytes} bytes, {each:.1} a sample; {micros} us, {nanos:.0} ns a sample");
}

/// Creates every series of a typical agent that has used each function a little.
fn typical() -> anyhow::Result<AgentMetrics> {
    let metrics = AgentMetrics::builder().build()?;
    let time = Duration::from_millis(1_234);
    for task in 0..TASK_TYPES {
        metrics.track_task(&format!("task-{task}")).finish(Status::Success);
        metrics.record_agent_steps(&format!("task-{task}"), 4);
    }
    for model in 0..MODELS {
        metrics.record_llm_call(&format!("model-{model}"), Usage::new(1_000, 200), time, Status::Success);
    }
    for tool in 0..TOOLS {
        metrics.record_tool_call(&format!("tool-{tool}"), time, Status::Success);
    }
    for route in 0..ROUTES {
        for status in [200, 400, 500] {
            metrics.track_request("POST", &format!("/route/{route}")).finish(status);
        }
    }
    Ok(metrics)
}

fn pushed_bytes(metrics: &AgentMetrics) -> anyhow::Result<usize> {
    let bytes = Arc::new(Mutex::new(0));
    let seen = bytes.clone();
    let push = Push::to(RemoteWrite::new("http://nowhere.invalid/write", "agents").label("instance", "a-1"));
    let push = push.transport(move |request| {
        if let Ok(mut seen) = seen.lock() {
            *seen += request.body.len();
        }
        Ok(Response::new(200))
    });
    push.once(metrics)?;
    let bytes = bytes.lock().map(|bytes| *bytes);
    bytes.map_err(|_| anyhow::anyhow!("the transport panicked"))
}

/// Pushes a fleet into an engine, and prints its contents and the used resources.
fn fill(engine: &str, metrics: &AgentMetrics) -> anyhow::Result<()> {
    let before =
        [value(engine, "process_resident_memory_bytes")?, value(engine, "process_cpu_seconds_total")?];
    let begin = Instant::now();
    let mut samples = 0;
    for push in 0..PUSHES {
        metrics.record_tool_call("tool-0", Duration::from_millis(push as u64), Status::Success);
        for agent in 0..AGENTS {
            let target = RemoteWrite::new(format!("http://{engine}/api/v1/write"), "agents");
            let push = Push::to(target.label("instance", format!("agent-{agent}"))).name("engine");
            samples += push.once(metrics)?.samples;
        }
    }
    let took = begin.elapsed();
    let after =
        [value(engine, "process_resident_memory_bytes")?, value(engine, "process_cpu_seconds_total")?];
    let series = value(engine, "prometheus_tsdb_head_series")?;
    println!("\n{AGENTS} agents pushed {PUSHES} times in {:.1} s", took.as_secs_f64());
    println!("series in the engine           {series}");
    println!("samples                        {samples}");
    println!("memory a series                {:.0} bytes", (after[0] - before[0]) / series);
    let nanos = (after[1] - before[1]) * 1e9 / samples as f64;
    println!("time of a processor a sample   {nanos:.0} ns");
    Ok(())
}

/// Returns one of the engine's own metrics.
fn value(engine: &str, name: &str) -> anyhow::Result<f64> {
    let mut stream = TcpStream::connect(engine).with_context(|| format!("no engine at {engine}"))?;
    write!(stream, "GET /metrics HTTP/1.0\r\nHost: {engine}\r\n\r\n")?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    let line = answer.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    Ok(line.with_context(|| format!("no {name} at {engine}"))?.parse()?)
}
