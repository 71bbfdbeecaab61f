//! Objectives and budgets. What is asked here is recorded by the rules beside it.

use super::queries::recorded;
use crate::monitoring::Settings;
use crate::monitoring::dashboard::{Dashboard, Panel};
use crate::monitoring::prometheus::names;

const NO_RULES: &str = "Nothing recorded: are the rules loaded?";

pub(super) fn dashboard(settings: &Settings) -> Dashboard {
    let days = settings.slo.period_days;
    let about = "What the agents are held to, how much of the budget for failures is left, and what money may be spent.";
    Dashboard::new("agent-slo", "Agents: objectives and budgets", about)
        .since("7d")
        .row("Objectives", objectives(days))
        .row("How fast the budget goes", burning())
        .row("Budgets of money", money(settings))
}

fn objectives(days: u32) -> [Panel; 3] {
    [
        Panel::table("Objectives", "The share of good calls that each objective asks for.")
            // The same for every job.
            .query(names::SLO_OBJECTIVE, "{{slo}}")
            .unit("percentunit")
            .no_value(NO_RULES)
            .width(8),
        Panel::lines(
            "Error budget left",
            &format!("Share of the budget for failures of {days} days that is left; below 0 the objective is missed."),
        )
        .query(recorded(names::SLO_REMAINING), "{{slo}}")
        .unit("percentunit")
        .no_value(NO_RULES)
        .bad_below(0.0),
        Panel::lines("Error budget burnt", &format!("Share of the budget for failures of {days} days that is gone."))
            .query(recorded(names::SLO_BURNT), "{{slo}}")
            .unit("percentunit")
            .no_value(NO_RULES)
            .bad_above(1.0),
    ]
}

fn burning() -> [Panel; 3] {
    [
        Panel::lines(
            "Burn rate",
            "How many times faster than the period allows the budget went in the last hour: at 1 it lasts exactly so long.",
        )
        .query(recorded(names::SLO_BURN_RATE), "{{slo}}")
        .unit("none")
        .no_value(NO_RULES)
        .bad_above(1.0),
        Panel::lines("Bad calls", "Share of calls that miss the objective, over five minutes and an hour.")
            .query(recorded(&format!("{}5m", names::SLO_ERRORS)), "{{slo}} 5m")
            .query(recorded(&format!("{}1h", names::SLO_ERRORS)), "{{slo}} 1h")
            .unit("percentunit")
            .no_value(NO_RULES),
        Panel::lines("Calls under an objective", "Calls a second that count for an objective.")
            .query(recorded(names::SLO_TOTAL), "{{slo}}")
            .unit("ops")
            .no_value(NO_RULES),
    ]
}

fn money(settings: &Settings) -> [Panel; 4] {
    [
        Panel::lines("Used", "Share of a budget of the program that is spent.")
            .shorthand("max by (budget) (agent_budget_used_ratio{..})", "{{budget}}")
            .unit("percentunit")
            .no_value("No budgets")
            .bad_above(settings.thresholds.budget_used_ratio)
            .width(6),
        Panel::lines("Spent an hour", "USD an hour that go from each budget.")
            .shorthand("sum by (budget) (rate(agent_budget_spent_usd_total{..}[..])) * 3600", "{{budget}}")
            .unit("currencyUSD")
            .no_value("No budgets")
            .stacked()
            .width(6),
        Panel::lines("Refused", "Calls a minute that weren't begun, since the budget was spent.")
            .shorthand("sum by (budget) (rate(agent_budget_refused_total{..}[..])) * 60", "{{budget}}")
            .unit("count:calls/min")
            .no_value("No budgets")
            .stacked()
            .width(6),
        Panel::table("Limits", "What each budget allows, in USD.")
            .shorthand("max by (budget) (agent_budget_limit_usd{..})", "{{budget}}")
            .unit("currencyUSD")
            .no_value("No budgets")
            .width(6),
    ]
}
