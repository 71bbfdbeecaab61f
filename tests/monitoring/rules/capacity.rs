//! Forecasts: their values, the width of their intervals, and the history that they need.

use std::fmt::Write as _;
use std::path::PathBuf;

use agent_metrics_monitoring_tests::{Case, folder, test_rules, written};
use agent_metrics_tests::{missing, on_path};

use crate::cases::of;

const JOB: &str = "{job=\"agent\"}";

/// Returns a counter that grows by an amount each day, evenly over the samples of the day.
fn daily(amounts: &[f64], samples: usize) -> String {
    let mut total = 0.0;
    let mut values = "0".to_owned();
    for amount in amounts.iter().flat_map(|day| std::iter::repeat_n(day / samples as f64, samples)) {
        total += amount;
        let _ = write!(values, " {total}");
    }
    values
}

/// Expects that a series has a value within one percent of the given one.
fn near(case: Case, series: &str, at: &str, labels: &str, value: f64) -> Case {
    within(case, series, at, labels, value, 0.01)
}

fn within(case: Case, series: &str, at: &str, labels: &str, value: f64, tolerance: f64) -> Case {
    case.value(format!("abs({series} - {value}) <= bool {}", value * tolerance), at, &[(labels, 1.0)])
}

fn check(name: &str, files: &[&str], monthly_budget_usd: Option<f64>, case: Case) {
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

/// Every 45 seconds, which is no divisor of the interval of the rules. Work comes in bursts of 700 tokens every 7 minutes.
fn bursts(samples: usize) -> Vec<u64> {
    (0..samples as u64).map(|sample| sample * 45 / 420 * 700).collect()
}

fn texts(values: &[u64]) -> Vec<String> {
    values.iter().map(u64::to_string).collect()
}

#[test]
fn the_month_to_date_is_the_exact_increase_of_counters() {
    let day = 86_400 / 45;
    let total = bursts(day + 1)[day];
    let steady = texts(&bursts(day + 2)).join(" ");
    // A restart after 10 hours, at which the counter begins at 0.
    let half = texts(&bursts(day / 2 + 1));
    let restarted = format!("{} {}", half.join(" "), half.join(" "));
    // Unreachable for half an hour, during which the agent works on.
    let mut interrupted = texts(&bursts(day + 2));
    interrupted[800..840].fill("_".to_owned());
    let up: Vec<_> =
        (0..day + 2).map(|sample| if (800..840).contains(&sample) { "0" } else { "1" }).collect();
    // A series that appears after three hours with its first value.
    let late = format!("_x239 {}", ["5000"].repeat(day - 239).join(" "));
    // A target that Prometheus scrapes for the first time after three hours, with an old total.
    let old = format!("_x239 {}", ["9000000"].repeat(day - 239).join(" "));
    let of_job = |job: &str, values: String, up: String| {
        let series =
            format!("agent_llm_tokens_total{{job=\"{job}\",instance=\"a\",model=\"m\",direction=\"input\"}}");
        [(series, values), (format!("up{{job=\"{job}\",instance=\"a\"}}"), up)]
    };
    let always = || ["1"].repeat(day + 2).join(" ");
    let after = || format!("_x239 {}", ["1"].repeat(day - 239).join(" "));
    let mut case = Case::new("bursts of work").every("45s").evaluated_every("5m");
    for (series, values) in [
        of_job("steady", steady, always()),
        of_job("restarted", restarted, always()),
        of_job("interrupted", interrupted.join(" "), up.join(" ")),
        of_job("late", late, always()),
        of_job("old", old, after()),
    ]
    .concat()
    {
        case = case.series(series, values);
    }
    for (job, value) in [
        ("steady", total as f64),
        // The restart loses what was counted between the last scrape and the restart.
        ("restarted", (bursts(day / 2 + 1)[day / 2] * 2) as f64),
        ("interrupted", total as f64),
        ("late", 5000.0),
    ] {
        let series = format!("job:agent_llm_tokens:month_to_date{{job=\"{job}\"}}");
        case = within(case, &series, "1d", &format!("{{job=\"{job}\"}}"), value, 0.006);
    }
    let old = "job:agent_llm_tokens:month_to_date{job=\"old\"}";
    case = case.value(old, "1d", &[(old, 0.0)]);
    check("capacity-exact", &["capacity"], None, case);
}

/// A synthetic month: the growth per day, the deviation from day to day, and the share of work on Saturdays and Sundays.
struct Month {
    growth: f64,
    deviation: f64,
    weekend: f64,
}

/// The clock of promtool starts on 1 January 1970. January is the history, the forecasts are those of February.
const HISTORY: usize = 31;
const FEBRUARY: usize = 28;

/// Returns the days of the history and of the month. The deviations are drawn from a fixed sequence.
fn days(month: &Month, seed: u64) -> Vec<f64> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut uniform = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 11) as f64 / (1_u64 << 53) as f64
    };
    (0..HISTORY + FEBRUARY)
        .map(|day| {
            let normal = (0..12).map(|_| uniform()).sum::<f64>() - 6.0;
            let noise = (month.deviation * normal - month.deviation.powi(2) / 2.0).exp();
            let weekend = if (day + seed as usize) % 7 >= 5 { month.weekend } else { 1.0 };
            1e6 * (1.0 + month.growth).powf(day as f64 - HISTORY as f64) * weekend * noise
        })
        .collect()
}

/// Adds the recorded days and months to date of a job, and the actual total of the month as the series `actual`.
fn month(case: Case, job: &str, days: &[f64], first: usize) -> Case {
    let mut day = vec!["_".to_owned()];
    let mut to_date = vec!["_".to_owned()];
    let mut total = 0.0;
    for (at, amount) in days.iter().enumerate() {
        if at == HISTORY {
            total = 0.0;
        }
        total += amount;
        day.push(if at < first { "_".to_owned() } else { amount.to_string() });
        to_date.push(if at < first { "_".to_owned() } else { total.to_string() });
    }
    let actual = days[HISTORY..].iter().sum::<f64>();
    let named = |name: &str| format!("{name}{{job=\"{job}\"}}");
    case.series(named("job:agent_llm_tokens:increase1d"), day.join(" "))
        .series(named("job:agent_llm_tokens:month_to_date"), to_date.join(" "))
        .series(named("actual"), format!("{actual}x60"))
}

#[test]
fn forecasts_follow_a_trend_from_the_second_day_of_the_month_on() {
    let mut case = Case::new("months that grow and shrink").every("1d");
    let mut limits = Vec::new();
    for (at, growth) in [0.0, 0.01, 0.03, -0.03].into_iter().enumerate() {
        for (weekend, limit) in [(1.0, 0.05), (0.3, 0.1)] {
            let job = format!("growth{at}-{weekend}");
            case = month(case, &job, &days(&Month { growth, deviation: 0.0, weekend }, 3), 0);
            limits.push((job, limit));
        }
    }
    for (job, limit) in &limits {
        // The largest deviation of the forecasts from 2 to 27 February.
        let error = format!(
            "max_over_time(abs(job:agent_llm_tokens:month_forecast{{job=\"{job}\"}} / actual - 1)[26d:1d]) <= bool {limit}"
        );
        case = case.value(error, "58d", &[(&format!("{{job=\"{job}\"}}"), 1.0)]);
    }
    check("capacity-trend", &["capacity"], None, case);
}

#[test]
fn nine_of_ten_months_end_within_the_interval() {
    let mut case = Case::new("noisy months").every("1d");
    let mut seed = 0;
    for growth in [0.0, 0.01, 0.03, -0.03] {
        for deviation in [0.1, 0.3] {
            for weekend in [1.0, 0.3, 0.0] {
                for _ in 0..2 {
                    seed += 1;
                    let days = days(&Month { growth, deviation, weekend }, seed);
                    case = month(case, &format!("month{seed}"), &days, 0);
                }
            }
        }
    }
    let (low, high) = ("job:agent_llm_tokens:month_forecast_low", "job:agent_llm_tokens:month_forecast_high");
    let held = format!("avg(avg_over_time((({low} <= bool actual) * ({high} >= bool actual))[26d:1d]))");
    // The interval is no wider than it needs to be.
    let width = format!("quantile(0.5, avg_over_time((({high} - {low}) / actual)[26d:1d]))");
    case = case.value(format!("{held} >= bool 0.9"), "58d", &[("{}", 1.0)]).value(
        format!("{width} <= bool 0.6"),
        "58d",
        &[("{}", 1.0)],
    );
    check("capacity-interval", &["capacity"], None, case);
}

#[test]
fn a_first_estimate_with_a_wide_interval_follows_one_day_of_history() {
    let steady = days(&Month { growth: 0.0, deviation: 0.0, weekend: 1.0 }, 1);
    // The first day with data is 10 February.
    let mut case = month(Case::new("an agent that is new").every("1d"), "agent", &steady, HISTORY + 9);
    let series = |name: &str| format!("job:agent_llm_tokens:{name}");
    case = case.value(series("month_forecast"), "40d", &[]);
    // 10 days of the month to date, as recorded, and 18 days that are left.
    case = near(case, &series("month_forecast"), "41d", JOB, 28e6);
    case = near(case, &series("month_forecast_margin"), "41d", JOB, 2.0 * 0.5 * 18e6);
    // Half of the width after four days.
    case = near(case, &series("month_forecast_margin"), "44d", JOB, 2.0 * 0.25 * 15e6);
    check("capacity-first", &["capacity"], None, case);
}

#[test]
fn a_second_evaluator_of_the_rules_does_not_change_a_forecast() {
    let steady = days(&Month { growth: 0.01, deviation: 0.0, weekend: 1.0 }, 1);
    let mut case = month(Case::new("two evaluators").every("1d"), "agent", &steady, 0);
    case = case.series("agent_month:left:days{evaluator=\"b\"}", "28x31 28-1x27");
    let forecast = "job:agent_llm_tokens:month_forecast{job=\"agent\"}";
    let actual = steady[HISTORY..].iter().sum();
    case = within(case, forecast, "45d", JOB, actual, 0.05);
    check("capacity-evaluators", &["capacity"], None, case);
}

#[test]
fn a_new_month_begins_at_zero() {
    let increase = "job:agent_llm_tokens:increase5m{job=\"agent\"}";
    let mut case =
        Case::new("33 days").every("1h").series(increase, format!("{}x{}", 100_000.0 / 24.0, 34 * 24));
    case = near(case, "job:agent_llm_tokens:month_to_date", "30d", JOB, 3_000_000.0);
    case = within(case, "job:agent_llm_tokens:month_to_date", "33d", JOB, 200_000.0, 0.03);
    // Two of the 28 days of February are over.
    case = case.value("agent_month:left:days", "33d", &[("agent_month:left:days", 26.0)]);
    case = near(case, "job:agent_llm_tokens:month_forecast", "33d", JOB, 2_800_000.0);
    // A day during which the month changed.
    case = near(case, "job:agent_llm_tokens:increase1d", "31d12h", JOB, 100_000.0);
    check("capacity-new-month", &["capacity"], None, case);
}

#[test]
fn a_rolling_budget_with_steady_spending_is_never_used_up() {
    let used = |instance: &str, budget: &str| {
        of(instance, "agent_budget_used_ratio", &format!("budget=\"{budget}\""))
    };
    let left = "job_instance_budget:agent_budget_usd:days_left";
    let labels = |instance: &str| format!("{{job=\"agent\",instance=\"{instance}\",budget=\"support\"}}");
    let mut case = Case::new("budgets at different rates").every("1h");
    // The window is full, and as much enters it as leaves it.
    case = case.series(used("a", "steady"), "0.02x120").series(used("b", "steady"), "0.98x120");
    // A tenth and a twentieth of the limit each day.
    case = case
        .series(used("a", "support"), format!("0+{}x120", 0.1 / 24.0))
        .series(used("b", "support"), format!("0+{}x120", 0.05 / 24.0));
    case = case.value(format!("count({left})"), "12h", &[]).value(
        format!("count({left})"),
        "4d",
        &[("{}", 2.0)],
    );
    case = near(case, &format!("{left}{{instance=\"a\"}}"), "4d", &labels("a"), 6.0);
    case = near(case, &format!("{left}{{instance=\"b\"}}"), "4d", &labels("b"), 16.0);
    check("capacity-budget", &["capacity"], None, case);
}

#[test]
fn a_monthly_budget_is_divided_by_the_mean_of_the_last_week() {
    let mut case = Case::new("10 USD a day").every("1d");
    case = case.series("job:agent_cost_usd:increase1d{job=\"agent\"}", "_ 10x20");
    case = case.series("job:agent_cost_usd:month_to_date{job=\"agent\"}", "0+10x20");
    case = near(case, "job:agent_month_budget_usd:days_left", "10d", JOB, 90.0);
    check("capacity-month-budget", &["capacity"], Some(1000.0), case);
}

#[test]
fn replicas_and_series_are_forecast_from_the_last_week() {
    let tasks = of("a", "agent_task_duration_seconds_sum", "task_type=\"search\"");
    let mut case = Case::new("600 concurrent tasks on three processes").every("30m");
    // The agent calls no model. The forecast of replicas doesn't need it.
    case = case.series(tasks, daily(&[600.0 * 86_400.0; 10], 48));
    for instance in ["a", "b", "c"] {
        case = case.series(of(instance, "agent_active_tasks", ""), "200x500");
        case = case.series(of(instance, "up", ""), "1x500");
    }
    case = case.series(of("a", "scrape_samples_scraped", ""), "1000+6x500");
    case = near(case, "job:agent_tasks:concurrency1h", "1d", JOB, 600.0);
    case = case.value("job:agent_history:days", "7d", &[("job:agent_history:days{job=\"agent\"}", 7.0)]);
    case = case.value("job:agent_replicas:needed", "12h", &[]);
    case = case.value("job:agent_series:forecast30d", "12h", &[]);
    case =
        case.value("job:agent_replicas:needed", "9d", &[("job:agent_replicas:needed{job=\"agent\"}", 12.0)]);
    case =
        case.value("job:agent_replicas:running", "9d", &[("job:agent_replicas:running{job=\"agent\"}", 3.0)]);
    case = near(case, "job:agent_series:forecast30d", "9d", JOB, 1000.0 + 9.0 * 288.0 + 30.0 * 288.0);
    check("capacity-scaling", &["recording", "capacity"], None, case);
}

/// Ten concurrent tasks of an hour that end at the same time: the next five minutes count 36,000 seconds of tasks.
#[test]
fn long_tasks_that_end_together_are_no_peak_of_concurrency() {
    let ended: Vec<_> = (0..72).flat_map(|hour| std::iter::repeat_n(36_000 * hour, 12)).collect();
    let ended = ended.iter().map(i32::to_string).collect::<Vec<_>>().join(" ");
    let mut case = Case::new("ten tasks of an hour").every("5m");
    case = case.series(of("a", "agent_active_tasks", ""), "10x900");
    case = case.series(of("a", "agent_task_duration_seconds_sum", "task_type=\"research\""), ended);
    case = case.value(
        "job:agent_tasks:concurrency_peak7d",
        "50h",
        &[("job:agent_tasks:concurrency_peak7d{job=\"agent\"}", 10.0)],
    );
    case =
        case.value("job:agent_replicas:needed", "50h", &[("job:agent_replicas:needed{job=\"agent\"}", 1.0)]);
    case = case.value("abs(job:agent_tasks:concurrency1h - 10) < bool 2", "50h", &[(JOB, 1.0)]);
    check("capacity-long-tasks", &["recording", "capacity"], None, case);
}

/// Eight hours a day, and none on the weekend. The series are absent at other times.
#[test]
fn the_increase_of_a_day_of_an_agent_that_is_idle_at_night_is_that_of_its_working_hours() {
    let mut values = Vec::new();
    let mut total = 0.0;
    for day in 0..8 {
        for sample in 0..48 {
            let works = day % 7 < 5 && (16..32).contains(&sample);
            total += if works { 30_000.0 / 16.0 } else { 0.0 };
            values.push(if works { total.to_string() } else { "_".to_owned() });
        }
    }
    let active = values.iter().map(|value| if value == "_" { "_" } else { "1" }).collect::<Vec<_>>();
    let mut case = Case::new("office hours").every("30m").series(tokens("a"), values.join(" "));
    case = case.series(of("a", "agent_active_tasks", ""), active.join(" "));
    // On Friday and on Monday evening. The first sample of a day has no earlier value.
    for (at, used) in [("4d20h", 30_000.0), ("7d20h", 30_000.0)] {
        case = within(case, "job:agent_llm_tokens:increase1d", at, JOB, used, 0.1);
    }
    case = case.value(
        "job:agent_llm_tokens:increase1d",
        "6d20h",
        &[("job:agent_llm_tokens:increase1d{job=\"agent\"}", 0.0)],
    );
    case = case.value("job:agent_history:days", "7d20h", &[("job:agent_history:days{job=\"agent\"}", 6.0)]);
    check("capacity-rests", &["recording", "capacity"], None, case);
}
