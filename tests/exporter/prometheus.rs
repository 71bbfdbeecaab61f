//! A real Prometheus server scrapes the exporter with its token.

use std::path::Path;

use agent_metrics::serve::Exporter;
use agent_metrics_tests::{build, get, missing, prometheus, until};

use crate::refused;

#[test]
fn prometheus_can_scrape_only_with_the_token() {
    let metrics = build();
    let exporter = Exporter::new(&metrics).bearer_token("s3cret").start("127.0.0.1:0").expect("a free port");
    let target = exporter.address();
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("exporter");
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).expect("a folder");
    let config = format!(
        "global: {{scrape_interval: 1s}}\nscrape_configs:\n\
         - {{job_name: with, authorization: {{credentials: s3cret}}, static_configs: [{{targets: ['{target}']}}]}}\n\
         - {{job_name: without, static_configs: [{{targets: ['{target}']}}]}}\n"
    );
    std::fs::write(folder.join("prometheus.yml"), config).expect("a file");
    let Some((_prometheus, listen)) = prometheus(&folder, &[]) else { return missing("prometheus") };
    for (job, up) in [("with", "\"1\"]"), ("without", "\"0\"]")] {
        until(&format!("{job} the token up is {up}"), || {
            let query = format!("/api/v1/query?query=up%7Bjob%3D%22{job}%22%7D");
            let (_, answer) = get(&listen, &query, "")?;
            String::from_utf8_lossy(&answer).contains(up).then_some(())
        });
    }
    assert!(refused(&metrics, "unauthorized") >= 1.0);
}
