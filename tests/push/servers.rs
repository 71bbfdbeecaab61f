//! Real receivers on free ports, and queries to them.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

use agent_metrics_tests::{Program, free_address, get, missing, on_path, until};
use serde_json::Value;

use crate::agent::series;

/// A real receiver that can be stopped and started again at the same address.
pub struct Server {
    pub address: String,
    folder: PathBuf,
    command: fn(&Path, &str) -> Command,
    ready: &'static str,
    program: Option<Program>,
}

impl Server {
    fn start(
        name: &str,
        test: &str,
        ready: &'static str,
        command: fn(&Path, &str) -> Command,
    ) -> Option<Self> {
        Self::start_at(free_address(), name, test, ready, command, |_| Ok(()))
    }

    /// Starts a program at an address, after writing its files.
    fn start_at(
        address: String,
        name: &str,
        test: &str,
        ready: &'static str,
        command: fn(&Path, &str) -> Command,
        files: impl FnOnce(&Path) -> io::Result<()>,
    ) -> Option<Self> {
        if on_path(name).is_none() {
            missing(name);
            return None;
        }
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("push-{name}-{test}"));
        let _ = std::fs::remove_dir_all(&folder);
        std::fs::create_dir_all(&folder).expect("a folder");
        files(&folder).expect("files are written");
        let mut server = Self { address, folder, command, ready, program: None };
        server.resume();
        Some(server)
    }

    /// Starts a Prometheus that accepts remote-write and scrapes nothing.
    pub fn prometheus(test: &str) -> Option<Self> {
        Self::prometheus_at(free_address(), test, |folder| {
            std::fs::write(folder.join("prometheus.yml"), "scrape_configs: []\n")
        })
    }

    /// Starts a Prometheus that scrapes a target and keeps the labels of its samples.
    pub fn scraper(test: &str, target: &str) -> Option<Self> {
        Self::prometheus_at(free_address(), test, |folder| {
            let config = format!(
                "scrape_configs:\n- {{job_name: gateway, scrape_interval: 500ms, scrape_timeout: 500ms, \
                 honor_labels: true, static_configs: [{{targets: ['{target}']}}]}}\n"
            );
            std::fs::write(folder.join("prometheus.yml"), config)
        })
    }

    /// Starts a Prometheus that accepts remote-write and reads a file `prometheus.yml`.
    pub fn prometheus_at(
        address: String,
        test: &str,
        files: impl FnOnce(&Path) -> io::Result<()>,
    ) -> Option<Self> {
        let command = |folder: &Path, address: &str| {
            let mut command = Command::new("prometheus");
            command
                .args(["--web.enable-remote-write-receiver", "--enable-feature=exemplar-storage"])
                .arg(format!("--config.file={}", folder.join("prometheus.yml").display()))
                .arg(format!("--storage.tsdb.path={}", folder.join("data").display()))
                .arg(format!("--web.listen-address={address}"));
            command
        };
        Self::start_at(address, "prometheus", test, "/-/ready", command, files)
    }

    pub fn victoria_metrics(test: &str) -> Option<Self> {
        Self::start("victoria-metrics", test, "/health", |folder, address| {
            let mut command = Command::new("victoria-metrics");
            command
                .arg(format!("-storageDataPath={}", folder.join("data").display()))
                .arg(format!("-httpListenAddr={address}"))
                .args(["-search.latencyOffset=0s", "-search.disableCache"]);
            command
        })
    }

    pub fn pushgateway(test: &str) -> Option<Self> {
        Self::start("prometheus-pushgateway", test, "/-/ready", |folder, address| {
            let mut command = Command::new("prometheus-pushgateway");
            // By default the gateway of Debian keeps groups in a file that all processes share.
            command
                .arg(format!("--persistence.file={}", folder.join("groups").display()))
                .arg(format!("--web.listen-address={address}"));
            command
        })
    }

    /// Replaces a file of its folder atomically.
    pub fn write(&self, file: &str, text: &str) {
        let (path, new) = (self.folder.join(file), self.folder.join("new"));
        std::fs::write(&new, text).and_then(|()| std::fs::rename(new, path)).expect("a file");
    }

    /// Kills it, as a crash would.
    pub fn stop(&mut self) {
        self.program = None;
    }

    pub fn resume(&mut self) {
        let mut program = Program::start(&mut (self.command)(&self.folder, &self.address));
        until("the server is ready", || {
            let ended = program.0.try_wait().expect("a child");
            assert!(ended.is_none(), "the server ended: {ended:?}");
            get(&self.address, self.ready, "").filter(|(head, _)| head.contains(" 200 "))
        });
        self.program = Some(program);
    }

    pub fn body(&self, path: &str) -> Option<String> {
        let (head, body) = get(&self.address, path, "")?;
        head.contains(" 200 ").then(|| String::from_utf8_lossy(&body).into_owned())
    }

    /// Returns the samples of a query, without some labels.
    pub fn query(&self, query: &str, without: &[&str]) -> BTreeMap<String, f64> {
        let mut samples = BTreeMap::new();
        for result in self.results(query) {
            let value = result["value"][1].as_str().expect("a value").parse().expect("a number");
            let known = samples.insert(name(&result["metric"], without), value);
            assert!(known.is_none(), "twice: {result}");
        }
        samples
    }

    /// Returns the value of a query with at most one result.
    pub fn value(&self, query: &str) -> Option<f64> {
        let results = self.results(query);
        assert!(results.len() <= 1, "{query}: {results:?}");
        results.first()?["value"][1].as_str()?.parse().ok()
    }

    pub fn results(&self, query: &str) -> Vec<Value> {
        let encoded = query.bytes().fold(String::new(), |encoded, byte| encoded + &format!("%{byte:02x}"));
        let Some(answer) = self.body(&format!("/api/v1/query?query={encoded}")) else { return Vec::new() };
        let answer: Value = serde_json::from_str(&answer).expect("JSON");
        answer["data"]["result"].as_array().cloned().unwrap_or_default()
    }

    /// Returns the last value of every series of a VictoriaMetrics.
    pub fn exported(&self, without: &[&str]) -> BTreeMap<String, f64> {
        let answer = self.body("/api/v1/export?match[]=%7B__name__!=%22%22%7D").unwrap_or_default();
        let lines = answer.lines().map(|line| serde_json::from_str::<Value>(line).expect("JSON"));
        let last = |line: &Value| line["values"].as_array().and_then(|values| values.last()?.as_f64());
        lines.map(|line| (name(&line["metric"], without), last(&line).unwrap_or(f64::NAN))).collect()
    }
}

fn name(metric: &Value, without: &[&str]) -> String {
    let mut labels: BTreeMap<String, String> = serde_json::from_value(metric.clone()).expect("labels");
    labels.retain(|label, _| !without.contains(&label.as_str()));
    let name = labels.remove("__name__").unwrap_or_default();
    series(&name, &labels)
}
