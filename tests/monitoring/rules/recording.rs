//! Recording rules: values of a fleet from the counters of its replicas.

use agent_metrics_monitoring_tests::{Case, folder, test_rules, written};
use agent_metrics_tests::{missing, on_path};

use crate::cases::of;

fn check(name: &str, cases: &[Case]) {
    let Some(promtool) = on_path("promtool") else { return missing("promtool") };
    let rules = written(&format!("{name}-made"), |_| {}).join("prometheus/rules/recording.yml");
    let (passed, said) = test_rules(&promtool, &folder(name), &[&rules], cases);
    assert!(passed, "{said}");
}

/// Two replicas of one job that work for two hours.
fn fleet(name: &str) -> Case {
    let mut case = Case::new(name);
    for instance in ["a", "b"] {
        let of = |family: &str, labels: &str| of(instance, family, labels);
        let http = r#"method="POST",endpoint="/tasks""#;
        let buckets = |family: &str, labels: &str, les: [(&str, u32); 3]| {
            les.map(|(le, count)| {
                let series = of(&format!("{family}_bucket"), &format!("{labels},le=\"{le}\""));
                (series, format!("0+{count}x120"))
            })
        };
        let counters = [
            (of("agent_http_requests_total", &format!("{http},status_code=\"200\"")), "0+54x120"),
            (of("agent_http_requests_total", &format!("{http},status_code=\"500\"")), "0+6x120"),
            (of("agent_tasks_total", r#"task_type="search",status="success""#), "0+30x120"),
            (of("agent_tasks_total", r#"task_type="search",status="failure""#), "0+10x120"),
            (of("agent_tasks_total", r#"task_type="search",status="cancelled""#), "0+20x120"),
            (of("agent_task_cost_usd_sum", r#"task_type="search""#), "0+3x120"),
            (of("agent_task_cost_usd_count", r#"task_type="search""#), "0+60x120"),
            (of("agent_active_tasks", ""), "4x120"),
            (of("agent_llm_calls_total", r#"model="m",status="success""#), "0+24x120"),
            (of("agent_llm_calls_total", r#"model="m",status="unavailable""#), "0+3x120"),
            (of("agent_llm_calls_total", r#"model="m",status="rate_limited""#), "0+3x120"),
            (of("agent_llm_calls_total", r#"model="m",status="cancelled""#), "0+30x120"),
            (of("agent_llm_tokens_total", r#"model="m",direction="input""#), "0+600x120"),
            (of("agent_cost_usd_total", r#"model="m",cost_type="input""#), "0+0.6x120"),
            (of("agent_tool_calls_total", r#"tool_name="t",status="success""#), "0+45x120"),
            (of("agent_tool_calls_total", r#"tool_name="t",status="timeout""#), "0+15x120"),
        ];
        for (series, values) in counters {
            case = case.series(series, values);
        }
        for (series, values) in [
            buckets("agent_http_request_duration_seconds", http, [("1.0", 30), ("2.5", 60), ("+Inf", 60)]),
            buckets(
                "agent_task_duration_seconds",
                r#"task_type="search""#,
                [("10.0", 30), ("30.0", 60), ("+Inf", 60)],
            ),
            buckets(
                "agent_llm_call_duration_seconds",
                r#"model="m""#,
                [("1.0", 30), ("2.0", 60), ("+Inf", 60)],
            ),
            buckets(
                "agent_tool_call_duration_seconds",
                r#"tool_name="t""#,
                [("0.1", 30), ("0.5", 60), ("+Inf", 60)],
            ),
            buckets(
                "agent_llm_time_to_first_token_seconds",
                r#"model="m""#,
                [("0.1", 30), ("0.25", 60), ("+Inf", 60)],
            ),
        ]
        .concat()
        {
            case = case.series(series, values);
        }
    }
    case
}

#[test]
fn recorded_series_add_up_the_replicas() {
    let mut case = fleet("two replicas");
    let job = r#"{job="agent"}"#;
    let (task, model, tool) = (
        r#"{job="agent",task_type="search"}"#,
        r#"{job="agent",model="m"}"#,
        r#"{job="agent",tool_name="t"}"#,
    );
    for (series, labels, value) in [
        (
            r#"job_endpoint_status_code:agent_http_requests:rate5m{status_code="500"}"#,
            r#"{job="agent",endpoint="/tasks",status_code="500"}"#,
            0.2,
        ),
        ("job:agent_http_request_errors:ratio_rate5m", job, 0.1),
        ("job:agent_http_request_duration_seconds:p50_5m", job, 1.0),
        ("job:agent_http_request_duration_seconds:p95_5m", job, 2.35),
        ("job:agent_http_request_duration_seconds:p99_5m", job, 2.47),
        (
            r#"job_task_type_status:agent_tasks:rate5m{status="success"}"#,
            r#"{job="agent",task_type="search",status="success"}"#,
            1.0,
        ),
        ("job_task_type:agent_task_completion:ratio_rate5m", task, 0.75),
        ("job:agent_task_completion:ratio_rate1h", job, 0.75),
        ("job:agent_task_completion:ratio_rate1d", job, 0.75),
        ("job:agent_task_completion:ratio_rate7d", job, 0.75),
        ("job:agent_active_tasks:sum", job, 8.0),
        ("job_task_type:agent_task_duration_seconds:p95_5m", task, 28.0),
        ("job_task_type:agent_task_cost_usd:mean1h", task, 0.05),
        (
            r#"job_model_status:agent_llm_calls:rate5m{status="rate_limited"}"#,
            r#"{job="agent",model="m",status="rate_limited"}"#,
            0.1,
        ),
        ("job_model:agent_llm_call_errors:ratio_rate5m", model, 0.1),
        ("job_model:agent_llm_call_duration_seconds:p95_5m", model, 1.9),
        ("job_model:agent_llm_time_to_first_token_seconds:p95_5m", model, 0.235),
        ("job_model_direction:agent_llm_tokens:rate5m", r#"{job="agent",model="m",direction="input"}"#, 20.0),
        ("job:agent_llm_tokens:increase1h", job, 72_000.0),
        ("job_model_cost_type:agent_cost_usd:rate5m", r#"{job="agent",model="m",cost_type="input"}"#, 0.02),
        ("job:agent_cost_usd:increase1h", job, 72.0),
        (
            r#"job_tool_name_status:agent_tool_calls:rate5m{status="timeout"}"#,
            r#"{job="agent",tool_name="t",status="timeout"}"#,
            0.5,
        ),
        ("job_tool_name:agent_tool_call_errors:ratio_rate5m", tool, 0.25),
        ("job_tool_name:agent_tool_call_duration_seconds:p95_5m", tool, 0.46),
    ] {
        case = case.value(format!("round({series}, 0.001)"), "100m", &[(labels, value)]);
    }
    check("recording-fleet", &[case]);
}

/// No counter grows: rates are 0, and ratios and quantiles are absent instead of NaN.
#[test]
fn ratios_and_quantiles_of_an_idle_fleet_are_absent() {
    let series = [
        ("agent_http_requests_total", r#"method="GET",endpoint="/",status_code="500""#),
        ("agent_http_request_duration_seconds_bucket", r#"method="GET",endpoint="/",le="1.0""#),
        ("agent_http_request_duration_seconds_bucket", r#"method="GET",endpoint="/",le="+Inf""#),
        ("agent_tasks_total", r#"task_type="search",status="success""#),
        ("agent_task_duration_seconds_bucket", r#"task_type="search",le="+Inf""#),
        ("agent_task_cost_usd_sum", r#"task_type="search""#),
        ("agent_task_cost_usd_count", r#"task_type="search""#),
        ("agent_llm_calls_total", r#"model="m",status="success""#),
        ("agent_llm_call_duration_seconds_bucket", r#"model="m",le="+Inf""#),
        ("agent_tool_calls_total", r#"tool_name="t",status="error""#),
        ("agent_tool_call_duration_seconds_bucket", r#"tool_name="t",le="+Inf""#),
    ];
    let idle = series.iter().fold(Case::new("no counter grows"), |case, (family, labels)| {
        case.series(of("a", family, labels), "7x120")
    });
    let rates = idle
        .value("count({__name__=~\".+:ratio_rate.+|.+:p[0-9]+_5m|.+:mean1h\"})", "100m", &[])
        .value("sum({__name__=~\"job_.+:rate5m\"})", "100m", &[("{}", 0.0)]);
    check("recording-idle", &[rates]);
}

/// Replicas restart, end and begin: counters restart at 0, and the completion rate stays the same.
#[test]
fn restarts_do_not_change_ratios() {
    let tasks = |instance: &str, status: &str| {
        of(instance, "agent_tasks_total", &format!("task_type=\"search\",status=\"{status}\""))
    };
    let case = Case::new("one replica restarts twice, another ends, a third begins")
        .series(tasks("a", "success"), "0+9x40 0+9x40 0+9x40")
        .series(tasks("a", "failure"), "0+1x40 0+1x40 0+1x40")
        .series(tasks("b", "success"), "0+9x50")
        .series(tasks("b", "failure"), "0+1x50")
        .series(tasks("c", "success"), "_x60 0+9x60")
        .series(tasks("c", "failure"), "_x60 0+1x60")
        .value("round(job:agent_task_completion:ratio_rate1h, 0.01)", "110m", &[("{job=\"agent\"}", 0.9)])
        .value("round(job:agent_task_completion:ratio_rate1d, 0.01)", "110m", &[("{job=\"agent\"}", 0.9)]);
    check("recording-restart", &[case]);
}
