//! Alerts on tokens and money.

use super::conditions::{HOUR, MINUTE, increase, increase_with_new_series, percent};
use crate::monitoring::rule::{Alert, Severity};
use crate::monitoring::text::grouped;
use crate::monitoring::{Settings, number};

pub(super) fn alerts(settings: &Settings) -> Vec<Alert> {
    vec![
        tokens(settings),
        cost_per_hour(settings),
        cost_per_task(settings),
        budget_nearly_spent(settings),
        budget_spent(),
        unpriced(settings),
        price_table(settings),
    ]
}

fn tokens(settings: &Settings) -> Alert {
    let limit = settings.thresholds.tokens_per_hour;
    let query =
        format!("{} > {}", increase("job", "agent_llm_tokens_total", &settings.time(HOUR)), number(limit));
    Alert::new("AgentHighTokenConsumption", Severity::Warning, 15 * MINUTE, query)
        .text(
            "{{ $labels.job }} uses many tokens",
            format!(
                "{{{{ $labels.job }}}} used {{{{ $value | humanize }}}} tokens in the last hour; the limit is {}.",
                grouped(limit.round() as u64)
            ),
        )
        .means("All models of all replicas together used more tokens in an hour, input and output, than the limit.")
        .look(&[
            "Which model and which direction: `job_model_direction:agent_llm_tokens:rate5m`.",
            "Which kind of task: `sum by (task_type) (rate(agent_task_tokens_sum[1h]))`.",
            "Whether there are more tasks, or each takes more: `rate(agent_tasks_total[1h])` beside `agent_steps_per_task`.",
        ])
        .act(&[
            "More tasks: raise the limit if the growth is wanted.",
            "More tokens a task: look for a loop (many steps), a prompt that grew, or a conversation that is never cut.",
            "Set a budget in the program, which stops a task that spends too much.",
        ])
}

fn cost_per_hour(settings: &Settings) -> Alert {
    let limit = settings.thresholds.cost_per_hour_usd;
    let query =
        format!("{} > {}", increase("job", "agent_cost_usd_total", &settings.time(HOUR)), number(limit));
    Alert::new("AgentHighCost", Severity::Warning, 15 * MINUTE, query)
        .text(
            "{{ $labels.job }} spends much",
            format!(
                "{{{{ $labels.job }}}} spent {{{{ $value | printf \"%.2f\" }}}} USD in the last hour; the limit is {} USD.",
                number(limit)
            ),
        )
        .means("Models and tools of all replicas together cost more in an hour than the limit.")
        .look(&[
            "Which model, and for what: `job_model_cost_type:agent_cost_usd:rate5m` (input, output, tool).",
            "Which kind of task: `job_task_type:agent_task_cost_usd:mean1h`, and what was spent in vain: `agent_task_wasted_cost_usd_total`.",
            "Whether a router chose a dearer model: `agent_llm_served_model_total`.",
        ])
        .act(&[
            "Use a cheaper model for what doesn't need the dear one.",
            "Much input: let the provider cache it (`agent_llm_cache_savings_usd_total` shows what that saves).",
            "Set a rolling budget in the program.",
        ])
}

fn cost_per_task(settings: &Settings) -> Alert {
    let (limit, hour) = (settings.thresholds.cost_per_task_usd, settings.time(HOUR));
    let by = "job, task_type";
    let query = format!(
        "(\n  {}\n  /\n  {count}\n) > {}\nand {count} >= {}",
        increase(by, "agent_task_cost_usd_sum", &hour),
        number(limit),
        number(settings.thresholds.minimum_calls),
        count = increase(by, "agent_task_cost_usd_count", &hour),
    );
    Alert::new("AgentHighCostPerTask", Severity::Warning, 15 * MINUTE, query)
        .text(
            "A {{ $labels.task_type }} task costs much",
            format!(
                "A {{{{ $labels.task_type }}}} task of {{{{ $labels.job }}}} cost {{{{ $value | printf \"%.3f\" }}}} USD on average in \
                 the last hour; the limit is {} USD.",
                number(limit)
            ),
        )
        .means("The mean cost of the tasks of one kind, with those in them, is above the limit, whatever their number.")
        .look(&[
            "Whether all cost more, or few cost very much: `histogram_quantile(0.95, sum by (task_type, le) (rate(agent_task_cost_usd_bucket[1h])))`.",
            "Steps and tool calls of a task: `agent_steps_per_task`, `agent_task_tool_calls`.",
            "Tokens of a task by direction: `agent_task_tokens`.",
        ])
        .act(&[
            "Many steps: limit them, and see why the agent doesn't come to an end.",
            "Much input: cut what is taken along from step to step.",
            "`Budget::per_task(..)` in the program stops the ones that run away.",
        ])
}

fn budget_nearly_spent(settings: &Settings) -> Alert {
    let limit = settings.thresholds.budget_used_ratio;
    let query = format!("max by (job, instance, budget) (agent_budget_used_ratio) > {}", number(limit));
    Alert::new("AgentBudgetNearlySpent", Severity::Warning, MINUTE, query)
        .text(
            "The budget {{ $labels.budget }} is nearly spent",
            format!(
                "{{{{ $value | humanizePercentage }}}} of the budget {{{{ $labels.budget }}}} on {{{{ $labels.instance }}}} is spent; \
                 the limit is {}.",
                percent(limit)
            ),
        )
        .means("A budget that the program sets itself is nearly used up. When it is, calls are refused with a typed error.")
        .look(&[
            "Its size and how fast it goes: `agent_budget_limit_usd`, `rate(agent_budget_spent_usd_total[1h])`.",
            "How long it lasts: `job_budget:agent_budget_usd:days_left`.",
            "What it goes for: `job_task_type:agent_task_cost_usd:mean1h`.",
        ])
        .act(&[
            "Raise it if the spending is wanted.",
            "Else find what spends (`AgentHighCost`, `AgentHighCostPerTask`) before calls are refused.",
        ])
}

fn budget_spent() -> Alert {
    let query = "max by (job, instance, budget) (agent_budget_used_ratio) >= 1".to_owned();
    Alert::new("AgentBudgetSpent", Severity::Critical, MINUTE, query)
        .text(
            "The budget {{ $labels.budget }} is spent",
            "{{ $value | humanizePercentage }} of the budget {{ $labels.budget }} on {{ $labels.instance }} is spent: its calls are \
             refused.",
        )
        .means("A budget that the program sets itself is used up. Calls under it fail with a typed error until it has room again.")
        .look(&[
            "Which tasks fail for it: `sum by (task_type, status) (rate(agent_tasks_total[5m]))`.",
            "What it went for: `sum by (model, cost_type) (increase(agent_cost_usd_total[1d]))`.",
        ])
        .act(&[
            "Raise it if users must be served; it takes hold with the next start.",
            "Else let it do its work: a rolling budget has room again as what was spent grows old.",
        ])
}

fn unpriced(settings: &Settings) -> Alert {
    let limit = settings.thresholds.unpriced_tokens_per_hour;
    let query = format!(
        "{} > {}",
        increase_with_new_series("job, model", "agent_llm_unpriced_tokens_total", HOUR, settings),
        number(limit)
    );
    Alert::new("AgentUnpricedTokens", Severity::Warning, 5 * MINUTE, query)
        .text(
            "{{ $labels.model }} has no price",
            "{{ $labels.job }} used {{ $value | humanize }} tokens of {{ $labels.model }} in the last hour, for which no price is \
             known: they are in no cost metric.",
        )
        .means(
            "A model is in use that the price table doesn't have. Its tokens are counted, and its cost isn't: every number in USD \
             is too low, budgets included.",
        )
        .look(&[
            "The model's name, and whether it is a deployment's own name for a known one.",
            "The date of the table: `agent_llm_price_table_info`.",
            "Which model answers for it: `agent_llm_served_model_total`.",
        ])
        .act(&[
            "Another name for a known model: `PriceTable::alias(..)`, or an alias in the price file.",
            "A new model: its price in the price file, or a newer version of this crate.",
            "A model that costs nothing: a price of 0, so that it is known.",
        ])
}

fn price_table(settings: &Settings) -> Alert {
    let days = settings.thresholds.price_table_days;
    // Not compressed in a rehearsal: prices don't age faster.
    let age = format!("{} * 86400", number(days));
    let query = format!("max by (job) (time() - agent_llm_price_table_timestamp_seconds) > {age}");
    Alert::new("AgentPriceTableOld", Severity::Info, HOUR, query)
        .text(
            "The price table of {{ $labels.job }} is old",
            format!(
                "{{{{ $labels.job }}}} bills by prices that are {{{{ $value | humanizeDuration }}}} old; the limit is {} days.",
                number(days)
            ),
        )
        .means("Prices change a few times a year. Those in use are older than the limit, so that costs may be wrong in either direction.")
        .look(&["`agent_llm_price_table_info`, and the provider's price page for the models in use (`agent_llm_calls_total`)."])
        .act(&[
            "Take a newer version of this crate, or of `genai-prices` where that feature is on.",
            "Or give the prices in a file of your own, with its date; `set_prices(..)` puts them in force without a restart.",
        ])
}
