//! Alertmanager, and what it and Prometheus answer.

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use agent_metrics_tests::{Program, get, on_path, until};
use serde_json::Value;

/// Longer than the longest window of a rule.
pub const RETENTION: &str = "--storage.tsdb.retention.time=35d";

/// Alertmanager with a configuration; `None` where it isn't installed.
pub fn alertmanager(config: &Path, address: &str) -> Option<Program> {
    let program = on_path("prometheus-alertmanager")?;
    let started = Program::start(
        Command::new(program)
            .arg(format!("--config.file={}", config.display()))
            .arg(format!("--storage.path={}", config.with_file_name("data").display()))
            .arg(format!("--web.listen-address={address}"))
            .arg("--cluster.listen-address="),
    );
    until("Alertmanager is ready", || api(address, "/api/v2/status"));
    Some(started)
}

/// What an API answers.
pub fn api(address: &str, path: &str) -> Option<Value> {
    let (head, body) = get(address, path, "")?;
    // The answer may come in chunks, whose lengths stand between them.
    let body = if head.to_lowercase().contains("transfer-encoding: chunked") { joined(&body) } else { body };
    if head.contains(" 200 ") { serde_json::from_slice(&body).ok() } else { None }
}

fn joined(mut body: &[u8]) -> Vec<u8> {
    let mut whole = Vec::new();
    while let Some(end) = body.windows(2).position(|pair| pair == b"\r\n") {
        let length =
            std::str::from_utf8(&body[..end]).ok().and_then(|text| usize::from_str_radix(text, 16).ok());
        let (Some(length), rest) = (length, &body[end + 2..]) else { break };
        whole.extend_from_slice(&rest[..length.min(rest.len())]);
        body = rest.get(length + 2..).unwrap_or_default();
    }
    whole
}

/// The samples of an instant query: labels and value.
pub fn query(address: &str, query: &str) -> Option<Vec<(Value, f64)>> {
    let encoded = query.bytes().map(|byte| format!("%{byte:02x}")).collect::<Vec<_>>().concat();
    let answer = api(address, &format!("/api/v1/query?query={encoded}"))?;
    let result = answer["data"]["result"].as_array()?;
    let sample =
        |sample: &Value| Some((sample["metric"].clone(), sample["value"][1].as_str()?.parse().ok()?));
    result.iter().map(sample).collect()
}

/// Waits longer than `until`, for what takes its time by design.
pub fn within<T>(limit: Duration, what: impl Fn() -> String, mut look: impl FnMut() -> Option<T>) -> T {
    let begin = Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(begin.elapsed() < limit, "not within {limit:?}: {}", what());
        std::thread::sleep(Duration::from_millis(500));
    }
}
