//! A real Prometheus, promtool and Python's strict parser read the running example.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Command, Stdio};

use agent_metrics_tests::{example, get, missing, on_path, prometheus, until};
use flate2::read::GzDecoder;

/// Forwards requests with an `Accept` header of text 0.0.4 only, as older scrapers send it.
fn text_only(target: String) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("an address").to_string();
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            answer(stream, &target);
        }
    });
    address
}

fn answer(mut stream: TcpStream, target: &str) {
    let mut lines = BufReader::new(stream.try_clone().expect("a handle")).lines();
    let asked_open = lines.by_ref().map_while(Result::ok).take_while(|line| !line.is_empty());
    drop(asked_open.collect::<Vec<_>>());
    let Some((_, body)) = get(target, "/metrics", "Accept: text/plain;version=0.0.4;q=1,*/*;q=0.1\r\n")
    else {
        return;
    };
    let head = "HTTP/1.0 200 OK\r\nContent-Type: text/plain; version=0.0.4; charset=utf-8\r\n\r\n";
    let _ = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(&body));
}

pub(crate) fn api(prometheus: &str, path: &str) -> Option<String> {
    let (head, body) = get(prometheus, path, "")?;
    head.contains(" 200 ").then(|| String::from_utf8_lossy(&body).into_owned())
}

/// Returns the single value of an instant query.
pub(crate) fn query(prometheus: &str, query: &str) -> Option<f64> {
    let encoded = query.bytes().fold(String::new(), |encoded, byte| encoded + &format!("%{byte:02x}"));
    let answer = api(prometheus, &format!("/api/v1/query?query={encoded}"))?;
    let (_, value) = answer.split_once("\"value\":[")?;
    value.split('"').nth(1)?.parse().ok()
}

#[test]
fn prometheus_reads_both_formats() {
    let Some(promtool) = on_path("promtool") else { return missing("promtool") };
    let (_agent, address) = example(&["--load", "8"]);
    let text = text_only(address.clone());

    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("prometheus");
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).expect("a folder");
    let config = format!(
        "global: {{scrape_interval: 1s}}\nscrape_configs:\n\
         - {{job_name: open, static_configs: [{{targets: ['{address}']}}]}}\n\
         - {{job_name: text, static_configs: [{{targets: ['{text}']}}]}}\n"
    );
    std::fs::write(folder.join("prometheus.yml"), config).expect("a file");
    let Some((_prometheus, listen)) = prometheus(&folder, &[]) else { return missing("prometheus") };

    for job in ["open", "text"] {
        until("the target is up", || query(&listen, &format!("up{{job=\"{job}\"}}")).filter(|up| *up == 1.0));
        for family in [
            "agent_tasks_total",
            "agent_task_duration_seconds_count",
            "agent_steps_per_task_count",
            "agent_llm_calls_total",
            "agent_llm_tokens_total",
            "agent_llm_input_tokens_count",
            "agent_tool_calls_total",
            "agent_cost_usd_total",
            "agent_cost_total_cents",
            "agent_http_requests_total",
            "agent_http_request_duration_seconds_count",
            "agent_app_info",
            "agent_task_completion_rate",
        ] {
            until(family, || {
                query(&listen, &format!("sum({family}{{job=\"{job}\"}})")).filter(|sum| *sum > 0.0)
            });
        }
        // One scrape is consistent.
        let off = format!(
            "sum(agent_llm_call_duration_seconds_count{{job=\"{job}\"}} != ignoring(le) agent_llm_call_duration_seconds_bucket{{job=\"{job}\",le=\"+Inf\"}})"
        );
        assert_eq!(query(&listen, &off), None);
    }
    let metadata = api(&listen, "/api/v1/metadata").expect("metadata");
    assert!(metadata.contains("agent_llm_call_duration_seconds"), "{metadata}");

    let (_, body) = get(&address, "/metrics", "").expect("an exposition");
    let mut check = Command::new(promtool)
        .args(["check", "metrics"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("promtool runs");
    check.stdin.take().expect("an input").write_all(&body).expect("promtool reads");
    let output = check.wait_with_output().expect("promtool ends");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));

    strict_parser_reads(&address, &folder);
}

/// Python's parser is stricter than Prometheus about OpenMetrics.
fn strict_parser_reads(address: &str, folder: &Path) {
    let accept = "Accept: application/openmetrics-text;version=1.0.0\r\nAccept-Encoding: gzip\r\n";
    let (head, body) = get(address, "/metrics", accept).expect("an exposition");
    let head = head.to_lowercase();
    assert!(
        head.contains("content-type: application/openmetrics-text; version=1.0.0; charset=utf-8"),
        "{head}"
    );
    assert!(head.contains("content-encoding: gzip"), "{head}");
    let mut text = String::new();
    std::io::Read::read_to_string(&mut GzDecoder::new(&*body), &mut text).expect("gzip");
    assert!(text.ends_with("# EOF\n"));
    let file = folder.join("open.txt");
    std::fs::write(&file, text).expect("a file");
    let script = format!(
        "from prometheus_client.openmetrics.parser import text_string_to_metric_families as read\n\
         families = {{f.name: f for f in read(open({:?}, encoding='utf-8').read())}}\n\
         assert families['agent_tasks'].type == 'counter', families\n\
         assert families['agent_app'].type == 'info'\n\
         assert families['agent_cost_total_cents'].type == 'unknown'\n\
         assert families['agent_task_duration_seconds'].unit == 'seconds'\n\
         print(len(families))",
        file.display().to_string()
    );
    if let Some(count) = agent_metrics_tests::python(&script) {
        assert!(count.trim().parse::<usize>().expect("a number") > 25, "{count} families");
    }
}
