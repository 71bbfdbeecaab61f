//! Agents that behave as badly, or as well, as a test asks.

use std::fmt::Write as _;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

/// Serves what a function of the seconds since the start says; the address.
pub fn serve(metrics: fn(f64) -> String) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("an address").to_string();
    let begin = Instant::now();
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            std::thread::spawn(move || answer(stream, &metrics(begin.elapsed().as_secs_f64())));
        }
    });
    address
}

fn answer(mut stream: TcpStream, body: &str) -> Option<()> {
    let lines = BufReader::new(stream.try_clone().ok()?).lines();
    drop(lines.map_while(Result::ok).take_while(|line| !line.is_empty()).collect::<Vec<_>>());
    let head = "HTTP/1.0 200 OK\r\nContent-Type: text/plain; version=0.0.4; charset=utf-8\r\n\r\n";
    stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(body.as_bytes())).ok()
}

/// Seconds of the epoch.
fn now() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_secs_f64()
}

struct Text(String);

impl Text {
    fn add(&mut self, series: &str, value: f64) -> &mut Self {
        let _ = writeln!(self.0, "{series} {value}");
        self
    }

    /// A histogram whose observations, so many a second, all lie in the bucket of `le`.
    fn all_in(&mut self, family: &str, labels: &str, bounds: &[&str], le: &str, count: f64) -> &mut Self {
        let mut reached = false;
        for bound in bounds {
            reached |= *bound == le;
            let value = if reached { count } else { 0.0 };
            self.add(&format!("{family}_bucket{{{labels},le=\"{bound}\"}}"), value);
        }
        self.add(&format!("{family}_sum{{{labels}}}"), count);
        self.add(&format!("{family}_count{{{labels}}}"), count)
    }
}

/// Everything goes wrong at once.
pub fn bad(seconds: f64) -> String {
    let mut text = Text(String::new());
    let often = (seconds * 50.0).floor();
    let http = r#"method="POST",endpoint="/tasks""#;
    text.add(&format!("agent_http_requests_total{{{http},status_code=\"200\"}}"), often)
        .add(&format!("agent_http_requests_total{{{http},status_code=\"500\"}}"), often)
        .all_in("agent_http_request_duration_seconds", http, &["5.0", "10.0", "30.0", "+Inf"], "30.0", often)
        .add(r#"agent_tasks_total{task_type="search",status="success"}"#, (seconds * 5.0).floor())
        .add(r#"agent_tasks_total{task_type="search",status="failure"}"#, often)
        .add(r#"agent_tasks_total{task_type="coding",status="failure"}"#, often)
        .add(r#"agent_task_last_success_timestamp_seconds{task_type="coding"}"#, 0.0)
        .add(r#"agent_task_oldest_in_flight_seconds{task_type="coding"}"#, 4000.0 + seconds)
        .add("agent_active_tasks", 60.0)
        .add(r#"agent_llm_calls_total{model="m",status="success"}"#, often)
        .add(r#"agent_llm_calls_total{model="m",status="error"}"#, often)
        .add(r#"agent_llm_calls_total{model="m",status="rate_limited"}"#, often)
        .add(r#"agent_llm_usage_missing_total{model="m"}"#, often)
        .all_in("agent_llm_call_duration_seconds", "model=\"m\"", &["60.0", "120.0", "+Inf"], "120.0", often)
        .add(r#"agent_llm_tokens_total{model="m",direction="input"}"#, often * 1000.0)
        .add(r#"agent_llm_unpriced_tokens_total{model="m",direction="input"}"#, often)
        .add("agent_llm_price_table_timestamp_seconds", 1_577_836_800.0)
        .add(r#"agent_tool_calls_total{tool_name="t",status="success"}"#, often)
        .add(r#"agent_tool_calls_total{tool_name="t",status="error"}"#, often)
        .add(r#"agent_cost_usd_total{model="m",cost_type="input"}"#, often)
        .all_in("agent_task_cost_usd", "task_type=\"coding\"", &["0.5", "1.0", "+Inf"], "1.0", often)
        .add(r#"agent_budget_used_ratio{budget="nearly"}"#, 0.95)
        .add(r#"agent_budget_used_ratio{budget="spent"}"#, 1.2)
        .add(r#"agent_metrics_label_overflow_total{family="agent_llm_calls_total",label="model"}"#, often);
    text.0
}

/// Tasks for twenty seconds, and then none.
pub fn quiet(seconds: f64) -> String {
    let mut text = Text(String::new());
    text.add(r#"agent_tasks_total{task_type="search",status="success"}"#, (seconds.min(20.0) * 20.0).floor())
        .add(r#"agent_task_last_success_timestamp_seconds{task_type="search"}"#, now());
    text.0
}

/// As much traffic, and all is well.
pub fn good(seconds: f64) -> String {
    let mut text = Text(String::new());
    let often = (seconds * 50.0).floor();
    let http = r#"method="POST",endpoint="/tasks""#;
    text.add(&format!("agent_http_requests_total{{{http},status_code=\"200\"}}"), often)
        .add(&format!("agent_http_requests_total{{{http},status_code=\"500\"}}"), 0.0)
        .all_in("agent_http_request_duration_seconds", http, &["5.0", "10.0", "30.0", "+Inf"], "5.0", often)
        .add(r#"agent_tasks_total{task_type="search",status="success"}"#, often)
        .add(r#"agent_tasks_total{task_type="search",status="failure"}"#, 0.0)
        .add(r#"agent_task_last_success_timestamp_seconds{task_type="search"}"#, now())
        .add("agent_active_tasks", 3.0)
        .add(r#"agent_task_oldest_in_flight_seconds{task_type="search"}"#, 2.0)
        .add(r#"agent_llm_calls_total{model="m",status="success"}"#, often)
        .add(r#"agent_llm_calls_total{model="m",status="error"}"#, 0.0)
        .add(r#"agent_llm_usage_missing_total{model="m"}"#, 0.0)
        .all_in("agent_llm_call_duration_seconds", "model=\"m\"", &["60.0", "120.0", "+Inf"], "60.0", often)
        .add(r#"agent_llm_tokens_total{model="m",direction="input"}"#, often)
        .add(r#"agent_llm_unpriced_tokens_total{model="m",direction="input"}"#, 0.0)
        .add(r#"agent_tool_calls_total{tool_name="t",status="success"}"#, often)
        .add(r#"agent_tool_calls_total{tool_name="t",status="error"}"#, 0.0)
        .add(r#"agent_cost_usd_total{model="m",cost_type="input"}"#, often * 1e-4)
        .add(r#"agent_budget_used_ratio{budget="b"}"#, 0.2)
        .add(r#"agent_metrics_label_overflow_total{family="agent_llm_calls_total",label="model"}"#, 0.0);
    text.0
}
