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
        "10% of the requests to agent in the last 5 minutes were answered with 5xx; the limit is 5 %.",
    );
    vec![
        Case::new("a tenth of the requests fails, over two replicas")
            .series(requests("a", 200), "0+50x60")
            .series(requests("b", 200), "0+40x60")
            .series(requests("b", 500), "0+6x60")
            .series(requests("b", 503), "0+4x60")
            .silent(ALERT, "5m")
            .fires(ALERT, "12m", &tenth),
        Case::new("one in twenty-five fails, and one in two is the client's own fault")
            .series(requests("a", 200), "0+46x60")
            .series(requests("a", 404), "0+50x60")
            .series(requests("a", 500), "0+4x60")
            .silent(ALERT, "30m"),
        Case::new("a single request, and it fails")
            .series(requests("a", 500), "0x10 1x50")
            .silent(ALERT, "12m")
            .silent(ALERT, "16m"),
        Case::new("two of twenty fail: a share above the limit, and no more than a mishap")
            .series(requests("a", 200), "0+4x60")
            .series(requests("a", 500), "0x20 2x40")
            .silent(ALERT, "24m30s")
            .silent(ALERT, "25m"),
        Case::new("two fail in five minutes, and again and again")
            .series(requests("a", 200), "0+3x60")
            .series(requests("a", 500), "0+0.4x60")
            .silent(ALERT, "30m"),
        Case::new("few requests, and all fail")
            .series(requests("a", 500), "0 0 0+1x60 ")
            .silent(ALERT, "20m"),
        Case::new("the first errors ever")
            .series(requests("a", 200), "0+90x60")
            .series(requests("a", 500), "_x19 10+10x40")
            .silent(ALERT, "19m")
            .fires(ALERT, "35m", &tenth),
        Case::new("the burst is over before anyone need come")
            .series(requests("a", 200), "0+90x60")
            .series(requests("a", 500), "0x10 0+30x1 30x60")
            .silent(ALERT, "14m")
            .silent(ALERT, "30m"),
        Case::new("a restart sets the counters back")
            .series(requests("a", 200), "0+97x20 0+97x40")
            .series(requests("a", 500), "0+3x20 0+3x40")
            .silent(ALERT, "22m")
            .silent(ALERT, "40m"),
        Case::new("nobody asks")
            .series(requests("a", 200), "100x60")
            .series(requests("a", 500), "9x60")
            .silent(ALERT, "30m"),
    ]
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
        description: "5 % of the requests to agent take 20s or longer; the limit is 10 s.",
    };
    vec![
        // One replica is fast, the other slow: together a tenth takes between 10 and 30 seconds.
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
        Case::new("all are fast")
            .series(bucket("a", "5.0"), "0+100x60")
            .series(bucket("a", "10.0"), "0+100x60")
            .series(bucket("a", "+Inf"), "0+100x60")
            .series(count("a"), "0+100x60")
            .silent(ALERT, "20m"),
        Case::new("few requests, and all are slow")
            .series(bucket("a", "10.0"), "0x60")
            .series(bucket("a", "30.0"), "0+1x60")
            .series(bucket("a", "+Inf"), "0+1x60")
            .series(count("a"), "0+1x60")
            .silent(ALERT, "20m"),
        Case::new("nobody asks for anything")
            .series(bucket("a", "10.0"), "7x60")
            .series(bucket("a", "+Inf"), "9x60")
            .series(count("a"), "9x60")
            .silent(ALERT, "20m"),
    ]
}
