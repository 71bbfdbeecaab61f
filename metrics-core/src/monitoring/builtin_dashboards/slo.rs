//! Objectives and budgets. The queries use series that the recording rules make.

use super::queries::recorded;
use crate::monitoring::Settings;
use crate::monitoring::dashboard::{Dashboard, Panel};
use crate::monitoring::prometheus::names;
use crate::monitoring::text::time_text;

const NO_RULES: &str = "No recorded series; check that the rules are loaded";

pub(super) fn dashboard(settings: &Settings) -> Dashboard {
    let days = settings.slo.period_days;
    let about = "Objectives, their error budgets and burn rates, and the spending budgets of the program.";
    Dashboard::new("agent-slo", "Agents: objectives and budgets", about)
        .since("7d")
        .row("Objectives", objectives(days))
        .row("Calls of the objectives", calls())
        .row("Spending budgets", spending(settings))
}

fn objectives(days: u32) -> [Panel; 3] {
    let period = time_text(u64::from(days) * 86_400_000);
    [
        Panel::table(
            "Objectives",
            &format!(
                "Each objective with the share of good calls that it requires and that was reached in the last {days} days, the \
                 remaining share of its error budget, and the rate at which the budget was spent in the last hour. At a burn rate \
                 of 1 the budget lasts exactly for the period."
            ),
        )
        .column("Budget left", by_objective(names::SLO_REMAINING), "percentunit")
        .bad_below(0.0)
        // The rule records the same value for every job.
        .column(
            "Target",
            format!("0 * {} + on (slo) group_left () {}", by_objective(names::SLO_TOTAL), names::SLO_OBJECTIVE),
            "percentunit",
        )
        .column(
            "Actual",
            format!("1 - {}", by_objective(&format!("{}{period}", names::SLO_ERRORS))),
            "percentunit",
        )
        .column("Burn rate", by_objective(names::SLO_BURN_RATE), "none")
        .bad_above(1.0)
        .column("Calls per second", by_objective(names::SLO_TOTAL), "ops")
        .no_value(NO_RULES)
        .width(24),
        Panel::lines(
            "Error budget remaining",
            &format!(
                "The share of the error budget of {days} days that remains. Below 0 the objective is missed; values below -100 % \
                 are drawn as -100 %."
            ),
        )
        .query(format!("clamp_min({}, -1)", recorded(names::SLO_REMAINING)), "{{slo}}")
        .unit("percentunit")
        .no_value(NO_RULES)
        .scale(-1.0, 1.0)
        .bad_below(0.0)
        .width(12),
        Panel::lines(
            "Burn rate",
            "The rate at which the error budget was spent in the last hour, relative to the rate that the period allows. At 1 the budget lasts exactly for the period.",
        )
        .query(recorded(names::SLO_BURN_RATE), "{{slo}}")
        .unit("none")
        .no_value(NO_RULES)
        .bad_above(1.0)
        .width(12),
    ]
}

/// Returns a query for a recorded series of objectives, with the labels that the rows of a table are joined by.
fn by_objective(name: &str) -> String {
    format!("max by (job, slo) ({})", recorded(name))
}

fn calls() -> [Panel; 2] {
    [
        Panel::lines(
            "Share of bad calls",
            "The share of calls that miss the objective, over 5 minutes and over 1 hour.",
        )
        .query(recorded(&format!("{}5m", names::SLO_ERRORS)), "{{slo}} 5m")
        .query(recorded(&format!("{}1h", names::SLO_ERRORS)), "{{slo}} 1h")
        .unit("percentunit")
        .no_value(NO_RULES)
        .width(12),
        Panel::lines("Calls counted for an objective", "Calls per second that count for an objective.")
            .query(recorded(names::SLO_TOTAL), "{{slo}}")
            .unit("ops")
            .no_value(NO_RULES)
            .width(12),
    ]
}

fn spending(settings: &Settings) -> [Panel; 4] {
    [
        Panel::lines("Budget used", "The share of a program's budget that is spent.")
            .shorthand("max by (budget) (agent_budget_used_ratio{..})", "{{budget}}")
            .unit("percentunit")
            .no_value("No budgets")
            .bad_above(settings.thresholds.budget_used_ratio)
            .width(6),
        Panel::lines("Spending per hour", "Spending per hour in USD, by budget.")
            .shorthand("sum by (budget) (rate(agent_budget_spent_usd_total{..}[..])) * 3600", "{{budget}}")
            .unit("currencyUSD")
            .no_value("No budgets")
            .stacked()
            .width(6),
        Panel::lines("Refused calls", "Calls per minute that were refused because the budget was spent.")
            .shorthand("sum by (budget) (rate(agent_budget_refused_total{..}[..])) * 60", "{{budget}}")
            .unit("count:calls/min")
            .no_value("No budgets")
            .stacked()
            .width(6),
        Panel::table("Budget limits", "The limit of each budget in USD.")
            .of_range("Limit", "max by (budget) (agent_budget_limit_usd{..})", "currencyUSD")
            .no_value("No budgets")
            .width(6),
    ]
}
