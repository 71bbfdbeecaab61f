//! Objectives: the recorded series, the alerts, and mutants that the cases must detect.

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

/// The alert of one pair of windows on the availability of HTTP.
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
             is {rate}. The error budget is spent."
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
    let hour = window("critical", "1h", "5m", "2%", "20.0");
    let six = window("critical", "6h", "30m", "2%", "20.0");
    let day = window("warning", "1d", "2h", "0.4%", "4.0");
    let three = window("warning", "3d", "6h", "0.2%", "2.0");
    let six_only = window("critical", "6h", "30m", "1%", "10.0");
    let burst = window("critical", "1h", "5m", "10%", "100.0");
    let early = Window {
        labels: window("critical", "1h", "5m", "", "").labels,
        summary: "agent burns the error budget of http-availability over 1h".to_owned(),
        description: "2% of the calls in the last 1h failed; the objective allows 0.1 % over 30 days. The burn rate of the last hour \
                      is 20.0. At this rate the rest of the error budget is spent in 1d 5h 37m 1s."
            .to_owned(),
    };
    let still = window("warning", "1d", "2h", "3.279%", "0.0");
    let day_of_one = window("warning", "1d", "2h", "1%", "10.0");
    vec![
        Case::new("2 % of the requests of two replicas fail, and half of all requests are cancelled")
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
        Case::new("1 % of the requests fail: the fastest window does not fire")
            .every("2m")
            .series(requests("a", 200), "0+198x60")
            .series(requests("a", 500), "0+2x60")
            .silent(ALERT, "10m")
            .fire(ALERT, "50m", &[&six_only.firing()])
            .fire(ALERT, "90m", &[&six_only.firing(), &day_of_one.firing()]),
        Case::new("0.4 % of the requests fail: a warning, but no page")
            .every("2m")
            .series(requests("a", 200), "0+996x60")
            .series(requests("a", 500), "0+4x60")
            .silent(ALERT, "55m")
            .fire(ALERT, "90m", &[&day.firing()]),
        Case::new("0.2 % of the requests fail: the slowest window fires")
            .every("2m")
            .series(requests("a", 200), "0+998x120")
            .series(requests("a", 500), "0+2x120")
            .silent(ALERT, "170m")
            .fire(ALERT, "200m", &[&three.firing()]),
        Case::new("half of the allowed share of requests fails")
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
        Case::new("four minutes of failures: the page ends with them, the warning stays")
            .series(requests("a", 200), "0+100x400")
            .series(requests("a", 500), "0x30 100+100x3 400x400")
            .fire(ALERT, "36m", &[&burst.firing()])
            .silent(ALERT, "75m")
            .fire(ALERT, "120m", &[&still.firing()]),
        Case::new("eight minutes of failures after a day without: only the short windows exceed their limit")
            .every("4m")
            .series(requests("a", 200), "0+400x360")
            .series(requests("a", 500), "0x300 40 80x60")
            .silent(ALERT, "1208m")
            .silent(ALERT, "1228m")
            .silent(ALERT, "1270m")
            .silent(ALERT, "1390m"),
        Case::new("failures in the past: only the long windows exceed their limit")
            .every("4m")
            .series(requests("a", 200), "0+400x160")
            .series(requests("a", 500), "0x7 200 400x160")
            .silent(ALERT, "560m"),
        // Last, since its evaluation takes longest.
        Case::new("2 % of the requests fail after five days without a failure")
            .every("2m")
            .series(requests("a", 200), "0+100x3600 360000+98x60")
            .series(requests("a", 500), "0x3600 0+2x60")
            .fire(ALERT, "7270m", &[&early.firing()]),
    ]
}

fn traffic_cases() -> Vec<Case> {
    // NaN is not equal to itself.
    let all = r#"label_replace({__name__=~"slo:.+"}, "name", "$1", "__name__", "(.+)")"#;
    let whole = [
        window("critical", "1h", "5m", "100%", "1000.0"),
        window("critical", "6h", "30m", "100%", "1000.0"),
        window("warning", "1d", "2h", "100%", "1000.0"),
        window("warning", "3d", "6h", "100%", "1000.0"),
    ];
    vec![
        Case::new("two replicas with few requests each: together they reach the minimum")
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
        Case::new("a single request, which fails")
            .series(requests("a", 500), "0x10 1x400")
            .silent(ALERT, "14m")
            .silent(ALERT, "60m"),
        Case::new("two of thirty requests per hour fail: far above the allowed share, but too few failures")
            .series(requests("a", 200), "0+0.5x300")
            .series(requests("a", 500), "0x60 1 2x300")
            .silent(ALERT, "64m")
            .silent(ALERT, "85m")
            .silent(ALERT, "150m")
            .silent(ALERT, "270m"),
        Case::new("few requests, all of which fail: too few in each window")
            .every("2m")
            .series(requests("a", 500), "0+0.08x120 9.7x40")
            .silent(ALERT, "200m")
            .silent(ALERT, "270m"),
        Case::new("a few requests in an hour, all of which fail")
            .every("2m")
            .series(requests("a", 500), "0+0.2x30 6.1x20")
            .silent(ALERT, "40m"),
        Case::new("no failure ever occurred")
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
        Case::new("no requests: no value is NaN")
            .series(requests("a", 200), "100x100")
            .series(requests("a", 500), "9x100")
            .silent(ALERT, "60m")
            .value("slo:sli_error:ratio_rate5m", "60m", &[])
            .value(format!("count({all} != {all})"), "60m", &[]),
        Case::new("cancelled requests are neither good nor bad")
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
fn availability_alerts_fire_for_four_pairs_of_windows() {
    check("slo-availability", Objective::http().availability(99.9), &availability_cases());
}

/// A task that is cancelled after 8 seconds is no failure, but it is too slow for an objective of 5 seconds.
#[test]
fn a_task_cancelled_after_the_limit_is_bad_for_latency_only() {
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
        description: "90% of the calls in the last 1h took longer than 5 s; the objective allows 5 % over 30 days. The burn rate of the last hour is 18.0. The error budget is spent.",
    };
    let cases = [
        Case::new("90 % of the tasks are cancelled after eight seconds")
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
        Case::new("90 % of the tasks are cancelled at once, and tasks of another type are slow")
            .series(tasks("success"), "0+1x60")
            .series(tasks("cancelled"), "0+9x60")
            .series(bucket("search", "5.0"), "0+10x60")
            .series(count("search"), "0+10x60")
            .series(bucket("coding", "5.0"), "0x60")
            .series(count("coding"), "0+10x60")
            .silent(ALERT, "30m"),
        Case::new("a Pushgateway writes the bound as 5")
            .series(bucket("search", "5"), "0+1x60")
            .series(bucket("search", "510"), "0+10x60")
            .series(count("search"), "0+10x60")
            .fires(ALERT, "12m", &too_slow),
    ];
    check("slo-latency", objective, &cases);
}

/// sloth records series of the same names, with the labels `sloth_id`, `sloth_service` and `sloth_slo`.
#[test]
fn objectives_of_sloth_in_the_same_prometheus_change_nothing() {
    let sloth = |name: &str| {
        format!("{name}{{sloth_id=\"agent-http\",sloth_service=\"agent\",sloth_slo=\"http\",job=\"agent\"}}")
    };
    let case = ["slo:sli_error:ratio_rate5m", "slo:sli_error:ratio_rate1h", "slo:sli_error:ratio_rate6h"]
        .into_iter()
        .fold(Case::new("an objective of sloth is burning"), |case, name| case.series(sloth(name), "1x100"))
        .series(sloth("slo:objective:ratio"), "0.9x100")
        .series(sloth("slo:error_budget:ratio"), "0.1x100")
        .series(requests("a", 200), "0+100x100")
        .series(requests("a", 500), "0x100")
        .silent(ALERT, "60m")
        .value(
            "slo:error_budget_remaining:ratio",
            "60m",
            &[(r#"slo:error_budget_remaining:ratio{job="agent",slo="http-availability"}"#, 1.0)],
        );
    check("slo-sloth", Objective::http().availability(99.9), &[case]);
}

#[test]
fn an_objective_whose_series_are_gone_while_agents_are_up_is_reported() {
    const GONE: &str = "AgentObjectiveWithoutData";
    let labels = [("job", "agent"), ("severity", "warning"), ("slo", "http-availability")];
    let gone = Firing {
        labels: &labels,
        summary: "The objective http-availability has no data",
        description: "Agents of agent are scraped, but none has exposed calls for the objective http-availability for an hour. Its alerts can't fire.",
    };
    let cases = [
        Case::new("the series end after 30 minutes, and the agent is up")
            .series(of("a", "up", ""), "1x200")
            .series(requests("a", 200), "0+10x30 stale")
            .silent(GONE, "60m")
            .fires(GONE, "120m", &gone),
        Case::new("the agent is down as well")
            .series(of("a", "up", ""), "1x30 0x170")
            .series(requests("a", 200), "0+10x30 stale")
            .silent(GONE, "120m"),
        Case::new("an agent without any request so far")
            .series(of("a", "up", ""), "1x200")
            .silent(GONE, "120m"),
        Case::new("no requests, but the series are there")
            .series(of("a", "up", ""), "1x200")
            .series(requests("a", 200), "10x200")
            .silent(GONE, "120m"),
    ];
    check("slo-gone", Objective::http().availability(99.9), &cases);
}

#[test]
fn mistakes_in_the_rules_of_objectives_are_detected() {
    let Some(promtool) = on_path("promtool") else { return missing("promtool") };
    let text = std::fs::read_to_string(rules("slo-mutants-made", Objective::http().availability(99.9)))
        .expect("made");
    let cases: Vec<_> = availability_cases().iter().map(|case| case.only(ALERT)).collect();
    let mut all: Vec<_> = alerts(&text)
        .filter(|alert| alert.name == ALERT)
        .flat_map(|alert| mutants_within(&text, &alert))
        .collect();
    // Mistakes in the recorded series.
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
