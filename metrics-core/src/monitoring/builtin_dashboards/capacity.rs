//! Forecasts of tokens, cost, replicas and series.

use super::queries::recorded;
use crate::monitoring::Settings;
use crate::monitoring::dashboard::{Dashboard, Panel};
use crate::monitoring::prometheus::names;

pub(super) fn dashboard(settings: &Settings) -> Dashboard {
    let days = settings.capacity.min_history_days;
    let too_little = format!("Too little history: {days} full days are needed");
    let about = format!("Forecasts from recorded series. They need {days} full days of history.");
    Dashboard::new("agent-capacity", "Agents: capacity", about)
        .since("30d")
        .row("Current state", now(settings, &too_little))
        .row("Forecasts for this month", forecasts(&too_little))
        .row("Load", load(settings, &too_little))
        .row("Series", series(&too_little))
}

fn now(settings: &Settings, too_little: &str) -> Vec<Panel> {
    let mut panels = vec![
        Panel::stat("Days of history", "Full days of history that the forecasts use, at most 14.")
            .query(recorded(names::HISTORY), "{{job}}")
            .no_value("Less than one day")
            .bad_below(f64::from(settings.capacity.min_history_days)),
        Panel::stat("Tokens this month", "Tokens used since the start of the month.")
            .query(recorded(names::TOKENS_TO_DATE), "{{job}}")
            .unit("count:tok")
            .no_value(too_little),
        Panel::stat("Cost this month", "Cost in USD since the start of the month.")
            .query(recorded(names::COST_TO_DATE), "{{job}}")
            .unit("currencyUSD")
            .no_value(too_little),
        Panel::stat("Replicas running", "Instances that Prometheus scrapes successfully.")
            .query(recorded(names::REPLICAS_RUNNING), "{{job}}")
            .no_value("None"),
        Panel::stat(
            "Replicas needed",
            "Instances needed for the peak load of the last week. The load is rate times duration (Little's law).",
        )
        .query(recorded(names::REPLICAS_NEEDED), "{{job}}")
        .no_value(too_little),
    ];
    // Without a budget no rule foretells its end.
    if settings.capacity.monthly_budget_usd.is_some() {
        panels.push(
            Panel::stat(
                "Days until the budget is spent",
                "Days until the monthly budget is spent, at the rate of the last days.",
            )
            .query(recorded(names::MONTH_BUDGET_DAYS), "{{job}}")
            .unit("d")
            .no_value(too_little),
        );
    }
    panels
}

fn forecasts(too_little: &str) -> [Panel; 3] {
    [
        Panel::lines(
            "Tokens at the end of the month",
            "The forecast of the tokens used in this month, with its prediction interval.",
        )
        .query(recorded(names::TOKENS_FORECAST), "{{job}}")
        .query(recorded(names::TOKENS_LOW), "{{job}} low")
        .query(recorded(names::TOKENS_HIGH), "{{job}} high")
        .unit("count:tok")
        .no_value(too_little),
        Panel::lines(
            "Cost at the end of the month",
            "The forecast of this month's cost in USD, with its prediction interval.",
        )
        .query(recorded(names::COST_FORECAST), "{{job}}")
        .query(recorded(names::COST_LOW), "{{job}} low")
        .query(recorded(names::COST_HIGH), "{{job}} high")
        .unit("currencyUSD")
        .no_value(too_little),
        Panel::lines(
            "Days until a program's budget is spent",
            "Days until each budget set in the program is spent, at the rate of the last days.",
        )
        .query(recorded(names::BUDGET_DAYS), "{{budget}}")
        .unit("d")
        .no_value("No budgets, or too little history"),
    ]
}

fn load(settings: &Settings, too_little: &str) -> [Panel; 3] {
    [
        Panel::lines(
            "Concurrent tasks",
            "The mean number of concurrent tasks, now and at the peak of the last week. Computed as rate times duration (Little's law).",
        )
        .query(recorded(names::CONCURRENCY), "{{job}} now")
        .query(recorded(names::CONCURRENCY_PEAK), "{{job}} peak")
        .no_value(too_little),
        Panel::lines(
            "Replicas",
            &format!(
                "Instances that are running and instances that are needed, at {} concurrent tasks each.",
                settings.capacity.tasks_per_replica
            ),
        )
        .query(recorded(names::REPLICAS_RUNNING), "{{job}} running")
        .query(recorded(names::REPLICAS_NEEDED), "{{job}} needed")
        .no_value(too_little),
        Panel::lines("Tasks in flight by instance", "Tasks in flight now, without the tasks inside other tasks, by instance.")
            .shorthand("agent_active_tasks{..}", "{{instance}}")
            .no_value("No agent is scraped")
            .bad_above(settings.capacity.tasks_per_replica),
    ]
}

fn series(too_little: &str) -> [Panel; 3] {
    [
        Panel::lines(
            "Series",
            "The number of series of the agents, now and as forecast for 30 days from now.",
        )
        .query(recorded(names::SERIES), "{{job}}")
        .query(recorded(names::SERIES_FORECAST), "{{job}} in 30 days")
        .no_value(too_little),
        Panel::lines(
            "Size of an exposition",
            "The size of the last exposition before compression, as the maximum over the instances of a job.",
        )
        .shorthand("max by (job) (agent_metrics_scrape_size_bytes{..})", "{{job}}")
        .unit("bytes")
        .no_value("No agent is scraped"),
        Panel::lines(
            "Duration of an exposition",
            "The mean time that an instance needed to write an exposition.",
        )
        .shorthand(
            "sum by (job) (rate(agent_metrics_scrape_duration_seconds_sum{..}[..])) \
                 / (sum by (job) (rate(agent_metrics_scrape_duration_seconds_count{..}[..])) > 0)",
            "{{job}}",
        )
        .unit("s")
        .no_value("No agent is scraped"),
    ]
}
