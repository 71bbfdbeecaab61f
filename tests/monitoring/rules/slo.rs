//! Objectives: what the rules record, when the alerts fire, and mistakes that the cases must find.

use std::path::PathBuf;
use std::time::Duration;

use agent_metrics::monitoring::Objective;
use agent_metrics_monitoring_tests::{Case, Firing, folder, test_rules, written};
use agent_metrics_tests::{missing, on_path};

use crate::cases::of;
use crate::mutants::{Mutant, alerts, mutants_within, survivors};

const ALERT: &str = "AgentErrorBudgetBurn";

/// The rules of one objective.
fn rules(name: &str, objective: Objective) -> PathBuf {
    let folder = written(name, |settings| settings.slo.objectives = vec![objective]);
    folder.join("prometheus/rules/slo.yml")
}

fn check(name: &str, objective: Objective, cases: &[Case]) {
    let Some(promtool) = on_path("promtool") else { return missing("promtool") };
    let rules = rules(name, objective);
    let (passed, said) = test_rules(&promtool, &folder(&format!("{name}-cases")), &[&rules], cases);
    assert!(passed, "{said}");
}

fn requests(instance: &str, code: u16) -> String {
    of(instance, "agent_http_requests_total", &format!("endpoint=\"/tasks\",status_code=\"{code}\""))
}

/// One window's alert on HTTP's availability.
struct Window {
    labels: [(&'static str, &'static str); 5],
    summary: String,
    description: String,
}

fn window(
    severity: &'static str,
    long: &'static str,
    short: &'static str,
    share: &str,
    rate: &str,
    rest: &str,
) -> Window {
    Window {
        labels: [
            ("job", "agent"),
            ("severity", severity),
            ("slo", "http-availability"),
            ("long", long),
            ("short", short),
        ],
        summary: format!("agent burns the error budget of http-availability over {long}"),
        description: format!(
            "{share} of the calls in the last {long} failed; the objective allows 0.1 % over 30 days. The burn rate of the last hour \
             is {rate}.{rest}"
        ),
    }
}

impl Window {
    fn firing(&self) -> Firing<'_> {
        Firing { labels: &self.labels, summary: &self.summary, description: &self.description }
    }
}

fn availability_cases() -> Vec<Case> {
    [window_cases(), traffic_cases()].concat()
}

fn window_cases() -> Vec<Case> {
    let hour = window("critical", "1h", "5m", "2%", "14.4", "2d2h");
    let six = window("critical", "6h", "30m", "2%", "6", "5d");
    let day = window("warning", "1d", "2h", "0.4%", "3", "10d");
    let three = window("warning", "3d", "6h", "0.2%", "1", "30d");
    let six_only = window("critical", "6h", "30m", "1%", "6", "5d");
    let burst = window("critical", "1h", "5m", "10%", "14.4", "2d2h");
    let still = window("warning", "1d", "2h", "3.279%", "3", "10d");
    let day_of_one = window("warning", "1d", "2h", "1%", "3", "10d");
    vec![
        Case::new("one in fifty fails, over two replicas, and clients give up as many as are answered")
            .series(requests("a", 499), "0+200x100")
            .series(requests("a", 200), "0+98x100")
            .series(requests("b", 200), "0+98x100")
            .series(requests("b", 500), "0+4x100")
            .silent(ALERT, "2m")
            .fire(ALERT, "10m", &[&hour.firing()])
            .fire(ALERT, "40m", &[&hour.firing(), &six.firing()])
            .value(
                "round(slo:burn_rate:ratio_rate1h, 0.01)",
                "40m",
                &[(r#"{job="agent",slo="http-availability"}"#, 20.0)],
            ),
        Case::new("one in a hundred fails: the fast windows are not reached")
            .every("2m")
            .series(requests("a", 200), "0+198x60")
            .series(requests("a", 500), "0+2x60")
            .silent(ALERT, "10m")
            .fire(ALERT, "50m", &[&six_only.firing()])
            .fire(ALERT, "90m", &[&six_only.firing(), &day_of_one.firing()]),
        Case::new("four in a thousand fail: a ticket, and no page")
            .every("2m")
            .series(requests("a", 200), "0+996x60")
            .series(requests("a", 500), "0+4x60")
            .silent(ALERT, "55m")
            .fire(ALERT, "90m", &[&day.firing()]),
        Case::new("two in a thousand fail: the slowest window")
            .every("2m")
            .series(requests("a", 200), "0+998x120")
            .series(requests("a", 500), "0+2x120")
            .silent(ALERT, "170m")
            .fire(ALERT, "200m", &[&three.firing()]),
        Case::new("half as many fail as may")
            .every("2m")
            .series(requests("a", 200), "0+1999x120")
            .series(requests("a", 500), "0+1x120")
            .silent(ALERT, "200m")
            .value(
                "round(slo:error_budget_remaining:ratio, 0.001)",
                "200m",
                &[(r#"{job="agent",slo="http-availability"}"#, 0.5)],
            )
            .value(
                "round(slo:error_budget_burnt:ratio, 0.001)",
                "200m",
                &[(r#"{job="agent",slo="http-availability"}"#, 0.5)],
            )
            .value(
                "slo:objective:ratio",
                "200m",
                &[(r#"slo:objective:ratio{slo="http-availability"}"#, 0.999)],
            )
            .value(
                "slo:error_budget:ratio",
                "200m",
                &[(r#"slo:error_budget:ratio{slo="http-availability"}"#, 0.001)],
            ),
        Case::new("four minutes of failures: the page goes when they do, the ticket stays")
            .series(requests("a", 200), "0+100x400")
            .series(requests("a", 500), "0x30 100+100x3 400x400")
            .fire(ALERT, "36m", &[&burst.firing()])
            .silent(ALERT, "75m")
            .fire(ALERT, "120m", &[&still.firing()]),
        Case::new(
            "eight minutes of failures after a day without: each short window sees it, and no long one minds",
        )
        .every("4m")
        .series(requests("a", 200), "0+400x360")
        .series(requests("a", 500), "0x300 40 80x60")
        .silent(ALERT, "1208m")
        .silent(ALERT, "1228m")
        .silent(ALERT, "1270m")
        .silent(ALERT, "1390m"),
        Case::new("failures of long ago: each long window knows of them, and no short one")
            .every("4m")
            .series(requests("a", 200), "0+400x160")
            .series(requests("a", 500), "0x7 200 400x160")
            .silent(ALERT, "560m"),
    ]
}

fn traffic_cases() -> Vec<Case> {
    // What isn't equal to itself is no number.
    let all = r#"label_replace({__name__=~"slo:.+"}, "name", "$1", "__name__", "(.+)")"#;
    let whole = [
        window("critical", "1h", "5m", "100%", "14.4", "2d2h"),
        window("critical", "6h", "30m", "100%", "6", "5d"),
        window("warning", "1d", "2h", "100%", "3", "10d"),
        window("warning", "3d", "6h", "100%", "1", "30d"),
    ];
    vec![
        Case::new("two replicas, each with too few requests to tell")
            .every("2m")
            .series(requests("a", 500), "0+0.2x140")
            .series(requests("b", 500), "0+0.2x140")
            .fire(ALERT, "72m", &[&whole[0].firing(), &whole[1].firing()])
            .fire(ALERT, "112m", &[&whole[0].firing(), &whole[1].firing(), &whole[2].firing()])
            .fire(
                ALERT,
                "240m",
                &[&whole[0].firing(), &whole[1].firing(), &whole[2].firing(), &whole[3].firing()],
            ),
        Case::new("a single request, and it fails")
            .series(requests("a", 500), "0x10 1x400")
            .silent(ALERT, "14m")
            .silent(ALERT, "60m"),
        Case::new("two of thirty an hour fail: far above what is allowed, and no more than a mishap")
            .series(requests("a", 200), "0+0.5x300")
            .series(requests("a", 500), "0x60 1 2x300")
            .silent(ALERT, "64m")
            .silent(ALERT, "85m")
            .silent(ALERT, "150m")
            .silent(ALERT, "270m"),
        Case::new("few requests, and all fail: too few in each window")
            .every("2m")
            .series(requests("a", 500), "0+0.08x120 9.7x40")
            .silent(ALERT, "200m")
            .silent(ALERT, "270m"),
        Case::new("a few requests in an hour, and all fail")
            .every("2m")
            .series(requests("a", 500), "0+0.2x30 6.1x20")
            .silent(ALERT, "40m"),
        Case::new("no failure has ever been")
            .series(requests("a", 200), "0+100x100")
            .silent(ALERT, "60m")
            .value(
                "slo:sli_error:ratio_rate5m",
                "60m",
                &[(r#"slo:sli_error:ratio_rate5m{job="agent",slo="http-availability"}"#, 0.0)],
            )
            .value(
                "slo:error_budget_remaining:ratio",
                "60m",
                &[(r#"slo:error_budget_remaining:ratio{job="agent",slo="http-availability"}"#, 1.0)],
            ),
        Case::new("nobody asks, and nothing is no number")
            .series(requests("a", 200), "100x100")
            .series(requests("a", 500), "9x100")
            .silent(ALERT, "60m")
            .value("slo:sli_error:ratio_rate5m", "60m", &[])
            .value(format!("count({all} != {all})"), "60m", &[]),
        Case::new("clients give up: neither good nor bad")
            .series(requests("a", 200), "0+50x100")
            .series(requests("a", 499), "0+50x100")
            .silent(ALERT, "60m"),
        Case::new("a restart")
            .series(requests("a", 200), "0+1000x50 0+1000x50")
            .series(requests("a", 500), "0+1x50 0+1x50")
            .silent(ALERT, "52m")
            .silent(ALERT, "60m"),
    ]
}

#[test]
fn availability_is_watched_over_four_windows() {
    check("slo-availability", Objective::http().availability(99.9), &availability_cases());
}

/// A task that its client gives up after 8 seconds is no failure, but too slow for an objective of 5.
#[test]
fn a_cancel_older_than_the_limit_is_bad_for_latency_only() {
    let objective = Objective::task_type("search").availability(99.0).latency(Duration::from_secs(5), 95.0);
    let tasks =
        |status: &str| of("a", "agent_tasks_total", &format!("task_type=\"search\",status=\"{status}\""));
    let bucket = |task_type: &str, le: &str| {
        of("a", "agent_task_duration_seconds_bucket", &format!("task_type=\"{task_type}\",le=\"{le}\""))
    };
    let count =
        |task_type: &str| of("a", "agent_task_duration_seconds_count", &format!("task_type=\"{task_type}\""));
    let labels = [
        ("job", "agent"),
        ("severity", "critical"),
        ("slo", "task-search-latency"),
        ("long", "1h"),
        ("short", "5m"),
    ];
    let too_slow = Firing {
        labels: &labels,
        summary: "agent burns the error budget of task-search-latency over 1h",
        description: "90% of the calls in the last 1h took longer than 5 s; the objective allows 5 % over 30 days. At a burn rate of 14.4 the error budget is spent in 2d2h.",
    };
    let cases = [
        Case::new("nine of ten are given up after eight seconds")
            .series(tasks("success"), "0+1x60")
            .series(tasks("cancelled"), "0+9x60")
            .series(bucket("search", "5.0"), "0+1x60")
            .series(bucket("search", "10.0"), "0+10x60")
            .series(count("search"), "0+10x60")
            .silent(ALERT, "2m")
            .fires(ALERT, "12m", &too_slow)
            .value(
                "slo:sli_error:ratio_rate5m{slo=\"task-search-availability\"}",
                "12m",
                &[(r#"slo:sli_error:ratio_rate5m{job="agent",slo="task-search-availability"}"#, 0.0)],
            ),
        Case::new("nine of ten are given up at once, and tasks of another type are slow")
            .series(tasks("success"), "0+1x60")
            .series(tasks("cancelled"), "0+9x60")
            .series(bucket("search", "5.0"), "0+10x60")
            .series(count("search"), "0+10x60")
            .series(bucket("coding", "5.0"), "0x60")
            .series(count("coding"), "0+10x60")
            .silent(ALERT, "30m"),
        Case::new("through a Pushgateway, which writes the bound as 5")
            .series(bucket("search", "5"), "0+1x60")
            .series(bucket("search", "510"), "0+10x60")
            .series(count("search"), "0+10x60")
            .fires(ALERT, "12m", &too_slow),
    ];
    check("slo-latency", objective, &cases);
}

#[test]
fn mistakes_in_the_rules_of_objectives_are_found() {
    let Some(promtool) = on_path("promtool") else { return missing("promtool") };
    let text = std::fs::read_to_string(rules("slo-mutants-made", Objective::http().availability(99.9)))
        .expect("made");
    let cases: Vec<_> = availability_cases().iter().map(|case| case.only(ALERT)).collect();
    let mut all: Vec<_> = alerts(&text).flat_map(|alert| mutants_within(&text, &alert)).collect();
    // And in what is recorded.
    for (right, wrong) in [
        ("status_code=~\"5..\"", "status_code=~\"4..\""),
        ("{status_code!=\"499\"}", ""),
        ("sum by (job)", "sum by (job, instance)"),
        ("sum by (job)", "sum by (instance)"),
    ] {
        let rules = text.replace(right, wrong);
        all.push(Mutant { alert: ALERT.to_owned(), what: format!("{right} as {wrong} everywhere"), rules });
    }
    let survivors = survivors(&promtool, &folder("slo-mutants"), &[], &all, |_| &cases);
    assert!(
        survivors.is_empty(),
        "{} of {} mistakes were not found:\n{}",
        survivors.len(),
        all.len(),
        survivors.join("\n")
    );
}
