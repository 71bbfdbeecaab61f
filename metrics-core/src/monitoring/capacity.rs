//! Forecasts: tokens and costs until the end of the month, the time until budgets are spent, replicas and series.
//!
//! A forecast requires the history that the settings demand. Without it the series is absent;
//! `job:agent_history:days` has the days of history.
//!
//! The forecast of a month is the month to date, plus the mean day of the last two weeks for each remaining day, times the
//! trend. The trend is the growth from one week to the next, for the time from the middle of these two weeks to the middle of the
//! remaining days. Noise looks like growth, and it is raised to a high power at the beginning of a month. The growth is therefore
//! weighted by `u^2 / (u^2 + e^2)`, with its logarithm `u` and the standard error `e` of the ratios between days a week apart.

use super::Settings;
use super::number;
use super::prometheus::names as n;
use super::rule::Group;

/// The seconds between two evaluations, for which each recorded increase stands.
const INTERVAL: u64 = 300;
const HOUR: u64 = 3600;
const DAY: u64 = 86_400;
/// The current month as a label, such as `202611`.
const MONTH: &str = "count_values(\"month\", 100 * year(vector(time())) + month(vector(time())))";
/// The standard deviations of the margin. Nine in ten months of a simulation end within it: months with a growth of -3 % to 3 %
/// a day, with and without weekends, with deviations of 10 % and 30 % from day to day.
const DEVIATIONS: f64 = 2.0;

/// A quantity that is summed until the end of the month: its counter, and the names of the series derived from it.
struct Spent {
    counter: &'static str,
    increase: &'static str,
    month: &'static str,
    day: &'static str,
    to_date: &'static str,
    growth: &'static str,
    growth_error: &'static str,
    trend: &'static str,
    forecast: &'static str,
    margin: &'static str,
    low: &'static str,
    high: &'static str,
}

const TOKENS: Spent = Spent {
    counter: "agent_llm_tokens_total",
    increase: n::TOKENS_5M,
    month: n::TOKENS_MONTH,
    day: n::TOKENS_1D,
    to_date: n::TOKENS_TO_DATE,
    growth: n::TOKENS_GROWTH,
    growth_error: n::TOKENS_GROWTH_ERROR,
    trend: n::TOKENS_TREND,
    forecast: n::TOKENS_FORECAST,
    margin: n::TOKENS_MARGIN,
    low: n::TOKENS_LOW,
    high: n::TOKENS_HIGH,
};

const COST: Spent = Spent {
    counter: "agent_cost_usd_total",
    increase: n::COST_5M,
    month: n::COST_MONTH,
    day: n::COST_1D,
    to_date: n::COST_TO_DATE,
    growth: n::COST_GROWTH,
    growth_error: n::COST_GROWTH_ERROR,
    trend: n::COST_TREND,
    forecast: n::COST_FORECAST,
    margin: n::COST_MARGIN,
    low: n::COST_LOW,
    high: n::COST_HIGH,
};

pub(super) fn groups(settings: &Settings) -> Vec<Group> {
    let mut month = Group::new("agent-capacity-month");
    month.interval = Some(INTERVAL);
    let left = "days_in_month() - day_of_month() + 1 - hour() / 24 - minute() / 1440";
    month.record(n::MONTH_LEFT, left).note("Days until the end of the month, in UTC.");
    spent(&mut month, &TOKENS, settings);
    month
        .record(n::HISTORY, history(n::ACTIVE_TASKS, settings))
        .note("Whole days since the agent was first seen, up to 14.");
    forecast(&mut month, &TOKENS, settings);
    spent(&mut month, &COST, settings);
    forecast(&mut month, &COST, settings);
    budgets(&mut month, settings);
    vec![month, scaling(settings)]
}

/// Returns a range with one value per day, at midnight: a second less than whole days, so that it never has one value more.
fn days(count: u64, settings: &Settings) -> String {
    format!("{}:{}", settings.time(count * DAY - 1), settings.time(DAY))
}

/// The history is that of the agent, which may call no model at all.
fn enough(settings: &Settings) -> String {
    format!("and on (job) {} >= {}", n::HISTORY, settings.capacity.min_history_days)
}

/// Matches if a series existed a day ago or in the week before that, so that an agent that is idle at night and on weekends
/// still has a history.
fn before(series: &str, settings: &Settings) -> String {
    format!(
        "max by (job) (last_over_time({series}[{}] offset {}))",
        settings.time(7 * DAY),
        settings.time(DAY)
    )
}

fn history(series: &str, settings: &Settings) -> String {
    format!("count_over_time({}[{}])", before(series, settings), days(14, settings))
}

/// Returns the increase of a counter between two evaluations, without extrapolation, so that increases add up to the counter.
///
/// `increase()` extrapolates to the ends of its window, which is wrong for work that comes in bursts. The increase since the last
/// value before the window includes the time in which a target was unreachable, up to an hour. After a restart it is the value
/// of the counter. A series without such a value counts only if it is new: if it has fewer samples than its instance has
/// successful scrapes.
fn exact_increase(counter: &str, settings: &Settings) -> String {
    let (window, hour) = (settings.time(INTERVAL), settings.time(HOUR));
    let now = format!("last_over_time({counter}[{window}])");
    let earlier = format!("last_over_time({counter}[{hour}] offset {window})");
    let scrapes = if settings.scraped {
        format!("sum_over_time(up[{window}])")
    } else {
        format!("count_over_time(agent_metrics_callback_panics_total[{window}])")
    };
    format!(
        "sum by (job) (\n  ({now} - {earlier} >= 0)\n  or ({now} < {earlier})\n  or (\n    {now}\n    \
         and count_over_time({counter}[{window}]) < on (job, instance) group_left ()\n      \
         max by (job, instance) ({scrapes})\n  )\n)"
    )
}

fn spent(group: &mut Group, spent: &Spent, settings: &Settings) {
    // Half an interval less than a day, so that the sum never has one value more.
    let (day, month) = (settings.time(DAY - INTERVAL / 2), settings.time(31 * DAY));
    let increase = spent.increase;
    group
        .record(increase, exact_increase(spent.counter, settings))
        .note("Increase since the last evaluation, without extrapolation.");
    group
        .record(spent.month, format!("max by (job) ({increase})\n* on () group_left (month)\n{MONTH}"))
        .note("With the month as a label, so that it can be summed from the first of the month.");
    group
        .record(
            spent.day,
            format!(
                "(\n  max by (job) (sum_over_time({increase}[{day}]))\n  and on (job) {before}\n)\n\
                 or 0 * {before}",
                before = before(increase, settings),
            ),
        )
        .note("Increase of the last day. Absent before the first day of history.");
    group
        .record(
            spent.to_date,
            format!("max by (job) (\n  sum_over_time({}[{month}])\n  and on (month) {MONTH}\n)", spent.month),
        )
        .note("Month to date, as seen by Prometheus. Incomplete if Prometheus started after the first of the month.");
}

fn forecast(group: &mut Group, spent: &Spent, settings: &Settings) {
    let Spent { day, to_date, growth, growth_error, trend, forecast, margin, low, high, .. } = spent;
    let (week, two_weeks) = (days(7, settings), days(14, settings));
    let offset = settings.time(7 * DAY);
    // A second evaluator of the rules records the same series again: `scalar()` of two series is NaN.
    let left = format!("scalar(max({}))", n::MONTH_LEFT);
    // The days of this quantity: tokens may have a longer history than costs.
    let known = format!("count_over_time({day}[{two_weeks}])");
    let mean = format!("avg_over_time({day}[{two_weeks}])");
    let enough = format!("and on (job) {known} >= {}", settings.capacity.min_history_days);
    group
        .record(
            *growth,
            format!(
                "clamp(\n  avg_over_time({day}[{week}])\n  / (avg_over_time({day}[{week}] offset {offset}) > 0),\n  0.67, 1.5\n)\n\
                 and on (job) {known} >= 14"
            ),
        )
        .note("Growth from one week to the next. Absent before two weeks of history.");
    let ratios = format!("({day} / ({day} offset {offset} > 0))[{week}]");
    group
        .record(
            *growth_error,
            format!(
                "stddev_over_time({ratios})\n/ avg_over_time({ratios})\n/ sqrt(count_over_time({ratios}))\n\
                 and on (job) {growth}"
            ),
        )
        .note("Relative standard error of the growth, from the ratios between days a week apart.");
    let weeks = format!("({left} / 2 + 7) / 7");
    group
        .record(
            *trend,
            format!(
                "{growth} ^ (\n  ln({growth}) ^ 2 / (ln({growth}) ^ 2 + {growth_error} ^ 2 + 1e-12)\n  * {weeks}\n)\n\
                 or 0 * {to_date} + 1"
            ),
        )
        .note("Factor from the mean day of the last two weeks to the mean remaining day. 1 before two weeks of history.");
    let rest = format!("{mean} * {left} * {trend}");
    group.record(*forecast, format!("{to_date} + {rest}\n{enough}")).note(
        "Month to date, plus the mean day of the last two weeks for each remaining day, times the trend.",
    );
    let deviation = format!("stddev_over_time({day}[{two_weeks}])");
    let leftover = format!("{deviation} ^ 2 * scalar(clamp_max(max({}), 7))", n::MONTH_LEFT);
    group
        .record(
            *margin,
            format!(
                "{z} * sqrt(\n  {leftover}\n  + ({rest}) ^ 2\n  * (3.5 * {growth_error} ^ 2 * (1 / {left} + 1 / 14) + ({weeks} * \
                 {growth_error}) ^ 2 + 0.0004)\n)\nor {z} * sqrt(\n  {leftover}\n  + ({deviation} * {left}) ^ 2 / {known}\n  + ({rest}) ^ 2 \
                 * 0.25 / {known}\n)\n{enough}",
                z = number(DEVIATIONS),
            ),
        )
        .note(
            "Margin of a 90 % interval: a week that is not whole, deviations from day to day, and the error of the growth. With \
             less than two weeks of history, the error of a mean of few days.",
        );
    group
        .record(*low, format!("({forecast} - {margin} > {to_date})\nor ({to_date} {enough})"))
        .note("At least the month to date.");
    group.record(*high, format!("{forecast} + {margin}"));
}

fn budgets(group: &mut Group, settings: &Settings) {
    let day = settings.time(DAY);
    group
        .record(
            n::BUDGET_DAYS,
            format!(
                "clamp_min(1 - agent_budget_used_ratio, 0)\n/ (deriv(agent_budget_used_ratio[{day}]) * {DAY} > 0)\n< 365\n\
                 and last_over_time(agent_budget_used_ratio[{day}] offset {day})"
            ),
        )
        .note(
            "For each instance, at the trend of the last day. Old spending leaves the rolling window of a budget: steady spending \
             below the limit never uses it up, and has no value. Nor have budgets that last for more than a year.",
        );
    if let Some(budget) = settings.capacity.monthly_budget_usd {
        group
            .record(
                n::MONTH_BUDGET_DAYS,
                format!(
                    "clamp_min({} - {}, 0) / (avg_over_time({day}[{week}]) > 0)\n\
                     and on (job) count_over_time({day}[{two_weeks}]) >= {}",
                    number(budget),
                    n::COST_TO_DATE,
                    settings.capacity.min_history_days,
                    day = n::COST_1D,
                    week = days(7, settings),
                    two_weeks = days(14, settings),
                ),
            )
            .note("For the monthly budget, at the mean of the last week. More days than the month has left mean that it lasts.");
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
