use agent_metrics_monitoring_tests::{Case, Firing};

use super::of;

fn requests(instance: &str, code: u16) -> String {
    of(
        instance,
        "agent_http_requests_total",
        &format!("method=\"POST\",endpoint=\"/tasks\",status_code=\"{code}\""),
    )
}

pub fn cases() -> Vec<Case> {
    [errors(), latency()].concat()
}

fn errors() -> Vec<Case> {
    const ALERT: &str = "AgentHighErrorRate";
    let firing = |description| Firing {
        labels: &[("severity", "critical"), ("job", "agent")],
        summary: "HTTP requests to agent fail with 5xx",
        description,
    };
    let tenth = firing(
        "10% of the requests to agent in the last 5 minutes were answered with 5xx; the limit is 5 %. Most: instance b. Most: endpoint /tasks.",
    );
    let first = firing(
        "63.45% of the requests to agent in the last 5 minutes were answered with 5xx; the limit is 5 %. Most: instance p33. Most: endpoint /tasks.",
    );
    let many = firing(
        "10% of the requests to agent in the last 5 minutes were answered with 5xx; the limit is 5 %. Most: instance a. Most: endpoint /tasks.",
    );
    vec![
        first_errors_of_a_fleet().fires(ALERT, "26m", &first).silent(ALERT, "24m").silent(ALERT, "40m"),
        Case::new("a new Prometheus scrapes old totals")
            .series(of("a", "up", ""), "_x10 1x60")
            .series(requests("a", 200), "_x10 1000+10x60")
            .series(requests("a", 500), "_x10 500x60")
            .silent(ALERT, "16m"),
        Case::new("an unreachable target returns with its old totals")
            .series(of("a", "up", ""), "1x20 0x9 1x40")
            .series(requests("a", 200), "1000+10x20 _x9 1300+10x40")
            .series(requests("a", 500), "500x20 _x9 500x40")
            .silent(ALERT, "36m"),
        Case::new("10 % of the requests of two replicas fail")
            .series(requests("a", 200), "0+50x60")
            .series(requests("b", 200), "0+40x60")
            .series(requests("b", 500), "0+6x60")
            .series(requests("b", 503), "0+4x60")
            .silent(ALERT, "5m")
            .fires(ALERT, "12m", &tenth),
        Case::new("4 % of the requests fail and half are client errors")
            .series(requests("a", 200), "0+46x60")
            .series(requests("a", 404), "0+50x60")
            .series(requests("a", 500), "0+4x60")
            .silent(ALERT, "30m"),
        Case::new("a single request, which fails")
            .series(requests("a", 500), "0x10 1x50")
            .silent(ALERT, "12m")
            .silent(ALERT, "16m"),
        Case::new("two of twenty requests fail: a share above the limit, but too few failures")
            .series(requests("a", 200), "0+4x60")
            .series(requests("a", 500), "0x20 2x40")
            .silent(ALERT, "24m30s")
            .silent(ALERT, "25m"),
        Case::new("two failures in each window of five minutes")
            .series(requests("a", 200), "0+3x60")
            .series(requests("a", 500), "0+0.4x60")
            .silent(ALERT, "30m"),
        Case::new("few requests, all of which fail")
            .series(requests("a", 500), "0 0 0+1x60 ")
            .silent(ALERT, "20m"),
        Case::new("the first errors of a series")
            .series(requests("a", 200), "0+90x60")
            .series(requests("a", 500), "_x19 10+10x40")
            .silent(ALERT, "19m")
            .fires(ALERT, "35m", &many),
        Case::new("a burst of errors that ends within the waiting time")
            .series(requests("a", 200), "0+90x60")
            .series(requests("a", 500), "0x10 0+30x1 30x60")
            .silent(ALERT, "14m")
            .silent(ALERT, "30m"),
        Case::new("a restart resets the counters")
            .series(requests("a", 200), "0+97x20 0+97x40")
            .series(requests("a", 500), "0+3x20 0+3x40")
            .silent(ALERT, "22m")
            .silent(ALERT, "40m"),
        Case::new("no requests")
            .series(requests("a", 200), "100x60")
            .series(requests("a", 500), "9x60")
            .silent(ALERT, "30m"),
    ]
}

/// 40 instances, each with one request that fails and no series for that status before, among 58 requests.
fn first_errors_of_a_fleet() -> Case {
    let mut case = Case::new("the first error of each of 40 instances");
    for pod in 0..40 {
        let errors = if pod == 33 { 2 } else { 1 };
        let (instance, minute) = (format!("p{pod}"), 20 + pod / 8);
        case = case.series(of(&instance, "up", ""), "1x60");
        case = case.series(requests(&instance, 500), format!("_x{minute} {errors}x60"));
    }
    case.series(of("p40", "up", ""), "1x60").series(requests("p40", 200), "0x20 3.6+3.6x4 18x60")
}

fn bucket(instance: &str, le: &str) -> String {
    of(
        instance,
        "agent_http_request_duration_seconds_bucket",
        &format!("method=\"POST\",endpoint=\"/tasks\",le=\"{le}\""),
    )
}

fn count(instance: &str) -> String {
    of(instance, "agent_http_request_duration_seconds_count", "method=\"POST\",endpoint=\"/tasks\"")
}

fn latency() -> Vec<Case> {
    const ALERT: &str = "AgentHighLatency";
    let slow = Firing {
        labels: &[("severity", "warning"), ("job", "agent")],
        summary: "HTTP requests to agent are slow",
        description: "5 % of the requests to agent take 20s or longer; the limit is 10 s. Slowest: instance b. Slowest: endpoint /tasks.",
    };
    vec![
        // Together, 10 % of the requests take between 10 and 30 seconds.
        Case::new("one replica of two is slow")
            .series(bucket("a", "10.0"), "0+80x60")
            .series(bucket("a", "30.0"), "0+80x60")
            .series(bucket("a", "+Inf"), "0+80x60")
            .series(count("a"), "0+80x60")
            .series(bucket("b", "10.0"), "0+10x60")
            .series(bucket("b", "30.0"), "0+20x60")
            .series(bucket("b", "+Inf"), "0+20x60")
            .series(count("b"), "0+20x60")
            .silent(ALERT, "5m")
            .fires(ALERT, "12m", &slow),
        Case::new("all requests are fast")
            .series(bucket("a", "5.0"), "0+100x60")
            .series(bucket("a", "10.0"), "0+100x60")
            .series(bucket("a", "+Inf"), "0+100x60")
            .series(count("a"), "0+100x60")
            .silent(ALERT, "20m"),
        Case::new("few requests, all of which are slow")
            .series(bucket("a", "10.0"), "0x60")
            .series(bucket("a", "30.0"), "0+1x60")
            .series(bucket("a", "+Inf"), "0+1x60")
            .series(count("a"), "0+1x60")
            .silent(ALERT, "20m"),
        Case::new("counters that do not grow")
            .series(bucket("a", "10.0"), "7x60")
            .series(bucket("a", "+Inf"), "9x60")
            .series(count("a"), "9x60")
            .silent(ALERT, "20m"),
    ]
}
