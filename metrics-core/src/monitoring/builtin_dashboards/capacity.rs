//! What is to come: tokens and money to the month's end, how many replicas it takes, how many series there will be.

use super::queries::recorded;
use crate::monitoring::Settings;
use crate::monitoring::dashboard::{Dashboard, Panel};
use crate::monitoring::prometheus::names;

pub(super) fn dashboard(settings: &Settings) -> Dashboard {
    let days = settings.capacity.min_history_days;
    let too_little = format!("Too little history: {days} whole days are needed");
    let about = format!(
        "Forecasts from what the rules recorded. Nothing is foretold before there are {days} whole days of history."
    );
    Dashboard::new("agent-capacity", "Agents: capacity", about)
        .since("30d")
        .row("Now", now(settings, &too_little))
        .row("To the month's end", forecasts(&too_little))
        .row("Load", load(settings, &too_little))
        .row("Series", series(&too_little))
}

fn now(settings: &Settings, too_little: &str) -> Vec<Panel> {
    let mut panels = vec![
        Panel::stat("Days of history", "Whole days that the forecasts rest on, up to 14.")
            .query(recorded(names::HISTORY), "{{job}}")
            .no_value("Less than a day")
            .bad_below(f64::from(settings.capacity.min_history_days)),
        Panel::stat("Tokens this month", "Tokens since the month began.")
            .query(recorded(names::TOKENS_TO_DATE), "{{job}}")
            .unit("count:tok")
            .no_value(too_little),
        Panel::stat("Cost this month", "USD since the month began.")
            .query(recorded(names::COST_TO_DATE), "{{job}}")
            .unit("currencyUSD")
            .no_value(too_little),
        Panel::stat("Replicas running", "Instances that were scraped.")
            .query(recorded(names::REPLICAS_RUNNING), "{{job}}")
            .no_value("None"),
        Panel::stat(
            "Replicas needed",
            "For the peak of the last week, by Little's law: rate times duration.",
        )
        .query(recorded(names::REPLICAS_NEEDED), "{{job}}")
        .no_value(too_little),
    ];
    // Without a budget no rule foretells its end.
    if settings.capacity.monthly_budget_usd.is_some() {
        panels.push(
            Panel::stat(
                "Days until the budget is gone",
                "Of the month's budget, at the rate of the last days.",
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
            "Tokens by the month's end",
            "What the month will have taken, with the interval that the days so far leave.",
        )
        .query(recorded(names::TOKENS_FORECAST), "{{job}}")
        .query(recorded(names::TOKENS_LOW), "{{job}} at least")
        .query(recorded(names::TOKENS_HIGH), "{{job}} at most")
        .unit("count:tok")
        .no_value(too_little),
        Panel::lines(
            "Cost by the month's end",
            "What the month will have cost, with the interval that the days so far leave.",
        )
        .query(recorded(names::COST_FORECAST), "{{job}}")
        .query(recorded(names::COST_LOW), "{{job}} at least")
        .query(recorded(names::COST_HIGH), "{{job}} at most")
        .unit("currencyUSD")
        .no_value(too_little),
        Panel::lines("Days until a budget of the program is gone", "At the rate of the last days.")
            .query(recorded(names::BUDGET_DAYS), "{{budget}}")
            .unit("d")
            .no_value("No budgets, or too little history"),
    ]
}

fn load(settings: &Settings, too_little: &str) -> [Panel; 3] {
    [
        Panel::lines(
            "Tasks at once",
            "By Little's law, rate times duration, now and at the last week's peak.",
        )
        .query(recorded(names::CONCURRENCY), "{{job}} now")
        .query(recorded(names::CONCURRENCY_PEAK), "{{job}} peak")
        .no_value(too_little),
        Panel::lines(
            "Replicas",
            &format!(
                "Instances that run and that are needed, at {} tasks each.",
                settings.capacity.tasks_per_replica
            ),
        )
        .query(recorded(names::REPLICAS_RUNNING), "{{job}} running")
        .query(recorded(names::REPLICAS_NEEDED), "{{job}} needed")
        .no_value(too_little),
        Panel::lines("Tasks at once, by instance", "Root tasks that each instance runs now.")
            .shorthand("agent_active_tasks{..}", "{{instance}}")
            .no_value("No agent")
            .bad_above(settings.capacity.tasks_per_replica),
    ]
}

fn series(too_little: &str) -> [Panel; 3] {
    [
        Panel::lines("Series", "Series of the agents, and how many there will be in 30 days.")
            .query(recorded(names::SERIES), "{{job}}")
            .query(recorded(names::SERIES_FORECAST), "{{job}} in 30 days")
            .no_value(too_little),
        Panel::lines("Size of a scrape", "Bytes of the last exposition, uncompressed.")
            .shorthand("max by (job) (agent_metrics_scrape_size_bytes{..})", "{{job}}")
            .unit("bytes")
            .no_value("No agent"),
        Panel::lines("Time of a scrape", "What it took on average to write an exposition.")
            .shorthand(
                "sum by (job) (rate(agent_metrics_scrape_duration_seconds_sum{..}[..])) \
                 / (sum by (job) (rate(agent_metrics_scrape_duration_seconds_count{..}[..])) > 0)",
                "{{job}}",
            )
            .unit("s")
            .no_value("No agent"),
    ]
}
