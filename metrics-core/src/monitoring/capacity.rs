//! Forecasts: tokens and costs until the end of the month, the time until budgets are spent, replicas and series.
//!
//! A forecast requires the history that the settings demand. Without it the series is absent;
//! `job:agent_history:days` has the days of history.

use super::Settings;
use super::number;
use super::prometheus::names as n;
use super::rule::Group;

/// The seconds between two evaluations, for which each recorded rate stands.
const INTERVAL: u64 = 300;
const DAY: u64 = 86_400;
/// The current month as a label, such as `202611`.
const MONTH: &str = "count_values(\"month\", 100 * year(vector(time())) + month(vector(time())))";
/// The z-value of a two-sided 95 % interval of a normal distribution.
const DEVIATIONS: f64 = 1.96;

/// A quantity that is summed until the end of the month: its recorded rate, and the names of the series derived from it.
struct Spent {
    rate: &'static str,
    month: &'static str,
    day: &'static str,
    to_date: &'static str,
    forecast: &'static str,
    margin: &'static str,
    low: &'static str,
    high: &'static str,
}

pub(super) fn groups(settings: &Settings) -> Vec<Group> {
    let mut month = Group::new("agent-capacity-month");
    month.interval = Some(INTERVAL);
    let left = "days_in_month() - day_of_month() + 1 - hour() / 24 - minute() / 1440";
    month.record(n::MONTH_LEFT, left).note("Days until the end of the month, in UTC.");
    let tokens = Spent {
        rate: n::TOKEN_RATE,
        month: n::TOKENS_MONTH,
        day: n::TOKENS_1D,
        to_date: n::TOKENS_TO_DATE,
        forecast: n::TOKENS_FORECAST,
        margin: n::TOKENS_MARGIN,
        low: n::TOKENS_LOW,
        high: n::TOKENS_HIGH,
    };
    let cost = Spent {
        rate: n::COST_RATE,
        month: n::COST_MONTH,
        day: n::COST_1D,
        to_date: n::COST_TO_DATE,
        forecast: n::COST_FORECAST,
        margin: n::COST_MARGIN,
        low: n::COST_LOW,
        high: n::COST_HIGH,
    };
    spent(&mut month, &tokens, settings);
    month
        .record(n::HISTORY, history(n::ACTIVE_TASKS, settings))
        .note("Whole days since the agent was first seen, up to 14.");
    forecast(&mut month, &tokens, settings);
    spent(&mut month, &cost, settings);
    forecast(&mut month, &cost, settings);
    budgets(&mut month, settings);
    vec![month, scaling(settings)]
}

/// The range of two weeks with one value per day.
fn daily(settings: &Settings) -> String {
    format!("{}:{}", settings.time(14 * DAY), settings.time(DAY))
}

/// The history is that of the agent, which may call no model at all.
fn enough(settings: &Settings) -> String {
    format!("and on (job) {} >= {}", n::HISTORY, settings.capacity.min_history_days)
}

/// Matches if a series existed a day ago or in the week before that, so that an agent that is idle at night and on weekends
/// still has a history.
fn before(series: &str, settings: &Settings) -> String {
    format!(
        "sum by (job) (last_over_time({series}[{}] offset {}))",
        settings.time(7 * DAY),
        settings.time(DAY)
    )
}

fn history(series: &str, settings: &Settings) -> String {
    format!("count_over_time({}[{}])", before(series, settings), daily(settings))
}

fn spent(group: &mut Group, spent: &Spent, settings: &Settings) {
    let interval = number(INTERVAL as f64 / f64::from(settings.rehearsal));
    let (day, month) = (settings.time(DAY), settings.time(31 * DAY));
    group
        .record(spent.month, format!("sum by (job) ({})\n* on () group_left (month)\n{MONTH}", spent.rate))
        .note("With the month as a label, so that it can be summed from the first of the month.");
    group
        .record(
            spent.day,
            format!(
                "(\n  sum_over_time(sum by (job) ({rate})[{day}:{}]) * {interval}\n  and on (job) {before}\n)\n\
                 or 0 * {before}",
                settings.time(INTERVAL),
                rate = spent.rate,
                before = before(spent.rate, settings),
            ),
        )
        .note("Increase of the last day. Absent before the first day of history.");
    group
        .record(
            spent.to_date,
            format!(
                "sum by (job) (\n  sum_over_time({}[{month}])\n  and on (month) {MONTH}\n) * {interval}",
                spent.month
            ),
        )
        .note("Month to date, as seen by Prometheus. Incomplete if Prometheus started after the first of the month.");
}

fn forecast(group: &mut Group, spent: &Spent, settings: &Settings) {
    let days = daily(settings);
    let Spent { day, to_date, forecast, margin, low, high, .. } = spent;
    let left = format!("scalar({})", n::MONTH_LEFT);
    // The days of this quantity: tokens may have a longer history than costs.
    let known = format!("count_over_time({day}[{days}])");
    let enough = format!("and on (job) {known} >= {}", settings.capacity.min_history_days);
    group
        .record(*forecast, format!("{to_date} + avg_over_time({day}[{days}]) * {left}\n{enough}"))
        .note("Month to date, plus the daily mean of the last two weeks for each remaining day.");
    // The margin of the remaining days, including the uncertainty of a mean from few days.
    group
        .record(
            *margin,
            format!(
                "{} * stddev_over_time({day}[{days}])\n* sqrt({left} + {left} ^ 2 / {known})\n{enough}",
                number(DEVIATIONS)
            ),
        )
        .note("Margin of the forecast for a 95 % interval, if days keep varying as before.");
    group
        .record(*low, format!("({forecast} - {margin} > {to_date})\nor ({to_date} {enough})"))
        .note("At least the month to date.");
    group.record(*high, format!("{forecast} + {margin}"));
}

fn budgets(group: &mut Group, settings: &Settings) {
    let day = settings.time(DAY);
    let by = "job, budget";
    group
        .record(
            n::BUDGET_DAYS,
            format!(
                "clamp_min(sum by ({by}) (agent_budget_limit_usd * (1 - agent_budget_used_ratio)), 0)\n/\n\
                 (sum by ({by}) (rate(agent_budget_spent_usd_total[{day}])) * {DAY} > 0)\n\
                 and on ({by}) sum by ({by}) (last_over_time(agent_budget_spent_usd_total[{day}] offset {day}))"
            ),
        )
        .note("At the rate of the last day. A rolling budget lasts longer, since old spending leaves its window.");
    if let Some(budget) = settings.capacity.monthly_budget_usd {
        group
            .record(
                n::MONTH_BUDGET_DAYS,
                format!(
                    "clamp_min({} - {}, 0) / (avg_over_time({day}[{days}]) > 0)\n\
                     and on (job) count_over_time({day}[{days}]) >= {}",
                    number(budget),
                    n::COST_TO_DATE,
                    settings.capacity.min_history_days,
                    day = n::COST_1D,
                    days = daily(settings),
                ),
            )
            .note("For the monthly budget. More days than the month has left mean that the budget lasts.");
    }
}

fn scaling(settings: &Settings) -> Group {
    let (window, week) = (settings.time(3600), settings.time(7 * DAY));
    let (job, enough) = (&settings.job, enough(settings));
    let mut group = Group::new("agent-capacity-scaling");
    group.interval = Some(60);
    group
        .record(n::CONCURRENCY, format!("sum by (job) (rate(agent_task_duration_seconds_sum[{window}]))"))
        .note("Concurrent tasks by Little's law: tasks per second times seconds per task. A task counts when it ends, so a window below an hour would overestimate long tasks.");
    group
        .record(n::CONCURRENCY_PEAK, format!("max_over_time({}[{week}])", n::ACTIVE_TASKS))
        .note("Peak of the observed tasks in flight, which long tasks don't distort.");
    group.record(n::REPLICAS_RUNNING, format!("sum by (job) (up{{job=\"{job}\"}})"));
    group
        .record(
            n::REPLICAS_NEEDED,
            format!(
                "ceil({} / {})\n{enough}",
                n::CONCURRENCY_PEAK,
                number(settings.capacity.tasks_per_replica)
            ),
        )
        .note("Replicas for the peak of the last week.");
    group.record(n::SERIES, format!("sum by (job) (scrape_samples_scraped{{job=\"{job}\"}})"));
    group
        .record(
            n::SERIES_FORECAST,
            format!("clamp_min(predict_linear({}[{week}], {}), 0)\n{enough}", n::SERIES, 30 * DAY),
        )
        .note("Series in 30 days, at the growth of the last week.");
    group
}
