//! Alerts on tokens and costs.

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
            "{{ $labels.job }} uses more tokens than the limit",
            format!(
                "{{{{ $labels.job }}}} used {{{{ $value | humanize }}}} tokens in the last hour; the limit is {}.",
                grouped(limit.round() as u64)
            ),
        )
        .means("All replicas together used more input and output tokens in the last hour than the limit.")
        .look(&[
            "Tokens by model and direction: `job_model_direction:agent_llm_tokens:rate5m`.",
            "Tokens by task type: `sum by (task_type) (rate(agent_task_tokens_sum[1h]))`.",
            "More tasks, or more tokens per task: compare `rate(agent_tasks_total[1h])` with `agent_steps_per_task`.",
        ])
        .act(&[
            "More tasks: raise the limit if the growth is expected.",
            "More tokens per task: look for a loop (many steps), a prompt that grew, or a conversation that is never shortened.",
            "Set a budget in the program. It stops tasks that spend too much.",
        ])
}

fn cost_per_hour(settings: &Settings) -> Alert {
    let limit = settings.thresholds.cost_per_hour_usd;
    let query =
        format!("{} > {}", increase("job", "agent_cost_usd_total", &settings.time(HOUR)), number(limit));
    Alert::new("AgentHighCost", Severity::Warning, 15 * MINUTE, query)
        .text(
            "{{ $labels.job }} spends more than the limit",
            format!(
                "{{{{ $labels.job }}}} spent {{{{ $value | printf \"%.2f\" }}}} USD in the last hour; the limit is {} USD.",
                number(limit)
            ),
        )
        .means("The models and tools of all replicas together cost more in the last hour than the limit.")
        .look(&[
            "Cost by model and type (input, output, tool): `job_model_cost_type:agent_cost_usd:rate5m`.",
            "Cost by task type: `job_task_type:agent_task_cost_usd:mean1h`. Cost of unsuccessful tasks: `agent_task_wasted_cost_usd_total`.",
            "A router that chose a more expensive model: `agent_llm_served_model_total`.",
        ])
        .act(&[
            "Use a cheaper model for the calls that don't need the expensive one.",
            "Large inputs: use the provider's prompt cache. `agent_llm_cache_savings_usd_total` shows the savings.",
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
            "{{ $labels.task_type }} tasks cost more than the limit",
            format!(
                "A {{{{ $labels.task_type }}}} task of {{{{ $labels.job }}}} cost {{{{ $value | printf \"%.3f\" }}}} USD on average in \
                 the last hour; the limit is {} USD.",
                number(limit)
            ),
        )
        .means("The mean cost of the tasks of one type, including nested tasks, is above the limit. The number of tasks doesn't matter.")
        .look(&[
            "All tasks or only a few expensive ones: `histogram_quantile(0.95, sum by (task_type, le) (rate(agent_task_cost_usd_bucket[1h])))`.",
            "Steps and tool calls per task: `agent_steps_per_task`, `agent_task_tool_calls`.",
            "Tokens per task by direction: `agent_task_tokens`.",
        ])
        .act(&[
            "Many steps: limit them, and find out why the agent doesn't finish.",
            "Large inputs: shorten the context that is carried from step to step.",
            "Set `Budget::per_task(..)` in the program. It stops runaway tasks.",
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
        .means("A budget that the program defines is nearly spent. When it is spent, calls under it fail with the error `BudgetSpent`.")
        .look(&[
            "The limit and the spending rate: `agent_budget_limit_usd`, `rate(agent_budget_spent_usd_total[1h])`.",
            "Days until it is spent: `job_budget:agent_budget_usd:days_left`.",
            "Cost by task type: `job_task_type:agent_task_cost_usd:mean1h`.",
        ])
        .act(&[
            "Raise the budget if the spending is expected.",
            "Otherwise find the source of the cost (`AgentHighCost`, `AgentHighCostPerTask`) before calls are refused.",
        ])
}

fn budget_spent() -> Alert {
    let query = "max by (job, instance, budget) (agent_budget_used_ratio) >= 1".to_owned();
    Alert::new("AgentBudgetSpent", Severity::Critical, MINUTE, query)
        .text(
            "The budget {{ $labels.budget }} is spent",
            "{{ $value | humanizePercentage }} of the budget {{ $labels.budget }} on {{ $labels.instance }} is spent. Calls under it are \
             refused.",
        )
        .means("A budget that the program defines is spent. Calls under it fail with the error `BudgetSpent` until enough of the spending has left its rolling window.")
        .look(&[
            "Failing task types: `sum by (task_type, status) (rate(agent_tasks_total[5m]))`.",
            "Cost by model and type: `sum by (model, cost_type) (increase(agent_cost_usd_total[1d]))`.",
        ])
        .act(&[
            "Raise the budget in the program if users must be served, and restart the instances: budgets are read at start.",
            "Otherwise wait: a rolling budget allows calls again when old spending leaves its window.",
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
            "{{ $labels.job }} used {{ $value | humanize }} tokens of {{ $labels.model }} in the last hour. The model has no price, so \
             these tokens are in no cost metric.",
        )
        .means(
            "The price table doesn't have a model that is in use. Its tokens are counted, but its cost is not: every amount in USD \
             is too low, including budgets.",
        )
        .look(&[
            "The name of the model: it may be a deployment's name for a known model.",
            "The date of the price table: `agent_llm_price_table_info`.",
            "The model that serves these calls: `agent_llm_served_model_total`.",
        ])
        .act(&[
            "Another name of a known model: add `PriceTable::alias(..)`, or an alias in the price file.",
            "A new model: add its price to the price file, or update the crate `agent-metrics`.",
            "A free model: add it with a price of 0.",
        ])
}

fn price_table(settings: &Settings) -> Alert {
    let days = settings.thresholds.price_table_days;
    // The rehearsal mode doesn't compress this time, since prices don't age faster.
    let age = format!("{} * 86400", number(days));
    let query = format!("max by (job) (time() - agent_llm_price_table_timestamp_seconds) > {age}");
    Alert::new("AgentPriceTableOld", Severity::Info, HOUR, query)
        .text(
            "The price table of {{ $labels.job }} is old",
            format!(
                "{{{{ $labels.job }}}} uses prices that are {{{{ $value | humanizeDuration }}}} old; the limit is {} days.",
                number(days)
            ),
        )
        .means("Providers change prices a few times a year. The prices in use are older than the limit, so costs may be too high or too low.")
        .look(&["`agent_llm_price_table_info`, and the providers' price pages for the models in use (`agent_llm_calls_total`)."])
        .act(&[
            "Update the crate `agent-metrics`, or `genai-prices` if that feature is enabled.",
            "Or load prices from a file with a date; `set_prices(..)` replaces them without a restart.",
        ])
}
