//! Forecasts: what they come to, and that nothing is foretold from too little history.

use std::fmt::Write as _;
use std::path::PathBuf;

use agent_metrics_monitoring_tests::{Case, folder, test_rules, written};
use agent_metrics_tests::{missing, on_path};

use crate::cases::of;

/// Samples in a day, at one every five minutes.
const SAMPLES: usize = 288;
const JOB: &str = "{job=\"agent\"}";

/// A counter that gains so much each day, evenly over the day.
fn daily(amounts: &[f64]) -> String {
    let mut total = 0.0;
    let mut values = "0".to_owned();
    for amount in amounts.iter().flat_map(|day| std::iter::repeat_n(day / SAMPLES as f64, SAMPLES)) {
        total += amount;
        let _ = write!(values, " {total}");
    }
    values
}

/// The series is there then, and its value within a hundredth of this.
fn near(case: Case, series: &str, at: &str, labels: &str, value: f64) -> Case {
    case.value(format!("abs({series} - {value}) < bool {}", value / 100.0), at, &[(labels, 1.0)])
}

fn check(name: &str, monthly_budget_usd: Option<f64>, case: Case) {
    run(name, &["recording", "capacity"], monthly_budget_usd, case);
}

fn run(name: &str, files: &[&str], monthly_budget_usd: Option<f64>, case: Case) {
    let Some(promtool) = on_path("promtool") else { return missing("promtool") };
    let made = written(&format!("{name}-made"), |settings| {
        settings.capacity.monthly_budget_usd = monthly_budget_usd;
    });
    let files: Vec<_> = files.iter().map(|file| made.join(format!("prometheus/rules/{file}.yml"))).collect();
    let files: Vec<_> = files.iter().map(PathBuf::as_path).collect();
    let (passed, said) = test_rules(&promtool, &folder(name), &files, &[case]);
    assert!(passed, "{said}");
}

fn tokens(instance: &str) -> String {
    of(instance, "agent_llm_tokens_total", "model=\"m\",direction=\"input\"")
}

fn cost() -> String {
    of("a", "agent_cost_usd_total", "model=\"m\",cost_type=\"input\"")
}

/// So many tasks under way, all the time.
fn active(instance: &str, tasks: u32) -> (String, String) {
    (of(instance, "agent_active_tasks", ""), format!("{tasks}x3000"))
}

/// promtool's month is January 1970: after ten days of it 21 are left.
#[test]
fn the_months_end_is_foretold_with_an_interval() {
    let days = [100_000.0, 200_000.0].repeat(5);
    // The first day has no whole day before it, so that nine of the ten are known.
    let known = &days[1..];
    let mean = known.iter().sum::<f64>() / 9.0;
    let variance = known.iter().map(|day| (day - mean).powi(2)).sum::<f64>() / 9.0;
    let to_date = days.iter().sum::<f64>();
    let forecast = to_date + mean * 21.0;
    let width = 1.96 * variance.sqrt() * (21.0_f64 + 21.0 * 21.0 / 9.0).sqrt();

    let mut case = Case::new("ten days of two replicas").every("5m");
    case = case.series(tokens("a"), daily(&days)).series(tokens("b"), daily(&[0.0; 10]));
    case = case.series(cost(), daily(&[10.0; 10]));
    let (tasks, under_way) = active("a", 0);
    case = case.series(tasks, under_way);
    // A rate takes two samples: of the tokens' first day a part is missing, and seven days of them are not yet known.
    case = case.value("job:agent_history:days", "7d", &[("job:agent_history:days{job=\"agent\"}", 7.0)]);
    for series in ["month_forecast", "month_forecast_low", "month_forecast_high"] {
        case = case.value(format!("job:agent_llm_tokens:{series}"), "7d", &[]);
    }
    case = case.value("job:agent_history:days", "10d", &[("job:agent_history:days{job=\"agent\"}", 10.0)]);
    case = case.value("agent_month:left:days", "10d", &[("agent_month:left:days", 21.0)]);
    case = near(case, "job:agent_llm_tokens:increase1d", "10d", JOB, 200_000.0);
    case = near(case, "job:agent_llm_tokens:month_to_date", "10d", JOB, to_date);
    case = near(case, "job:agent_llm_tokens:month_forecast", "10d", JOB, forecast);
    case = near(case, "job:agent_llm_tokens:month_forecast_low", "10d", JOB, forecast - width);
    case = near(case, "job:agent_llm_tokens:month_forecast_high", "10d", JOB, forecast + width);
    // Days that are all alike leave no doubt.
    case = near(case, "job:agent_cost_usd:month_forecast", "10d", JOB, 310.0);
    case = near(case, "job:agent_cost_usd:month_forecast_low", "10d", JOB, 310.0);
    case = near(case, "job:agent_cost_usd:month_forecast_high", "10d", JOB, 310.0);
    check("capacity-month", None, case);
}

#[test]
fn a_new_month_begins_at_nothing() {
    // What the recording rules make of it: so many tokens a second, for 33 days.
    let rate = "job_model_direction:agent_llm_tokens:rate5m{job=\"agent\",model=\"m\",direction=\"input\"}";
    let mut case =
        Case::new("33 days").every("5m").series(rate, format!("{}x{}", 100_000.0 / 86_400.0, 34 * SAMPLES));
    case = near(case, "job:agent_llm_tokens:month_to_date", "30d", JOB, 3_000_000.0);
    case = near(case, "job:agent_llm_tokens:month_to_date", "33d", JOB, 200_000.0);
    // February has 28 days, of which two are over.
    case = case.value("agent_month:left:days", "33d", &[("agent_month:left:days", 26.0)]);
    case = near(case, "job:agent_llm_tokens:month_forecast", "33d", JOB, 2_800_000.0);
    // The day over midnight on which the month changed is one day.
    case = near(case, "job:agent_llm_tokens:increase1d", "31d12h", JOB, 100_000.0);
    run("capacity-new-month", &["capacity"], None, case);
}

#[test]
fn budgets_last_so_many_days() {
    let budget = "budget=\"support\"";
    let mut case = Case::new("10 USD a day").every("5m").series(cost(), daily(&[10.0; 10]));
    case = case.series(tokens("a"), daily(&[1000.0; 10]));
    case = case.series(of("a", "agent_budget_limit_usd", budget), "100x3000");
    case = case.series(of("a", "agent_budget_used_ratio", budget), "0.4x3000");
    case = case.series(of("a", "agent_budget_spent_usd_total", budget), daily(&[10.0; 10]));
    case = case.value("job_budget:agent_budget_usd:days_left", "12h", &[]);
    case =
        near(case, "job_budget:agent_budget_usd:days_left", "10d", "{job=\"agent\",budget=\"support\"}", 6.0);
    case = case.value("job:agent_month_budget_usd:days_left", "7d", &[]);
    case = near(case, "job:agent_month_budget_usd:days_left", "10d", JOB, 90.0);
    check("capacity-budget", Some(1000.0), case);
}

#[test]
fn replicas_and_series_are_reckoned_from_a_week() {
    let tasks = of("a", "agent_task_duration_seconds_sum", "task_type=\"search\"");
    let mut case = Case::new("600 tasks at once, on three processes").every("5m");
    // It calls no model: what it needs is foretold all the same.
    case = case.series(tasks, daily(&[600.0 * 86_400.0; 10]));
    for instance in ["a", "b", "c"] {
        let (tasks, under_way) = active(instance, 200);
        case = case.series(tasks, under_way);
        case = case.series(of(instance, "up", ""), "1x3000");
    }
    case = case.series(of("a", "scrape_samples_scraped", ""), "1000+1x3000");
    case = near(case, "job:agent_tasks:concurrency1h", "1d", JOB, 600.0);
    case = case.value("job:agent_replicas:needed", "6d", &[]);
    case = case.value("job:agent_series:forecast30d", "6d", &[]);
    case =
        case.value("job:agent_replicas:needed", "10d", &[("job:agent_replicas:needed{job=\"agent\"}", 12.0)]);
    case = case.value(
        "job:agent_replicas:running",
        "10d",
        &[("job:agent_replicas:running{job=\"agent\"}", 3.0)],
    );
    case = near(case, "job:agent_series:forecast30d", "10d", JOB, 1000.0 + 2880.0 + 30.0 * 288.0);
    check("capacity-scaling", None, case);
}

/// Ten tasks at once, each of an hour, which end together: five minutes know of 36,000 seconds of tasks then.
#[test]
fn long_tasks_are_no_peak_when_they_end() {
    let ended: Vec<_> = (0..240).flat_map(|hour| std::iter::repeat_n(36_000 * hour, 12)).collect();
    let ended = ended.iter().map(i32::to_string).collect::<Vec<_>>().join(" ");
    let (series, under_way) = active("a", 10);
    let mut case = Case::new("ten tasks of an hour").every("5m").series(series, under_way);
    case = case.series(of("a", "agent_task_duration_seconds_sum", "task_type=\"research\""), ended);
    case = case.value(
        "job:agent_tasks:concurrency_peak7d",
        "9d",
        &[("job:agent_tasks:concurrency_peak7d{job=\"agent\"}", 10.0)],
    );
    case =
        case.value("job:agent_replicas:needed", "9d", &[("job:agent_replicas:needed{job=\"agent\"}", 1.0)]);
    // Within what a window's ends cost.
    case = case.value("abs(job:agent_tasks:concurrency1h - 10) < bool 2", "9d", &[(JOB, 1.0)]);
    check("capacity-long-tasks", None, case);
}

/// Eight hours a day, and none at the weekend: what it uses a day is what it uses in those hours.
#[test]
fn an_agent_that_rests_uses_what_it_uses() {
    let mut values = Vec::new();
    let mut total = 0.0;
    for day in 0..8 {
        for sample in 0..SAMPLES {
            let works = day % 7 < 5 && (96..192).contains(&sample);
            total += if works { 30_000.0 / 96.0 } else { 0.0 };
            values.push(if works { total.to_string() } else { "_".to_owned() });
        }
    }
    let under_way = values.iter().map(|value| if value == "_" { "_" } else { "1" }).collect::<Vec<_>>();
    let mut case = Case::new("office hours").every("5m").series(tokens("a"), values.join(" "));
    case = case.series(of("a", "agent_active_tasks", ""), under_way.join(" "));
    // On Friday, on Sunday and on Monday evening.
    for (at, used) in [("4d20h", 30_000.0), ("7d20h", 30_000.0)] {
        // The first of the samples of a day has no rate.
        let about = format!("abs(job:agent_llm_tokens:increase1d - {used}) < bool {}", used / 20.0);
        case = case.value(about, at, &[(JOB, 1.0)]);
    }
    case = case.value(
        "job:agent_llm_tokens:increase1d",
        "6d20h",
        &[("job:agent_llm_tokens:increase1d{job=\"agent\"}", 0.0)],
    );
    case = case.value("job:agent_history:days", "7d20h", &[("job:agent_history:days{job=\"agent\"}", 6.0)]);
    check("capacity-rests", None, case);
}
