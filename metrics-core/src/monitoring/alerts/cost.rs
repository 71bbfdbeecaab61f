//! Alerts on tokens and costs.

use super::conditions::{Contributors, DAY, HOUR, MINUTE, grown_by, increase, percent, words};
use crate::monitoring::prometheus::names as n;
use crate::monitoring::rule::Alert;
use crate::monitoring::severity::Severity;
use crate::monitoring::text::grouped;
use crate::monitoring::{Settings, number};

/// The names of the alerts that are left out when their limit is not set.
pub(super) const OPTIONAL: [&str; 2] = ["AgentHighTokenConsumption", "AgentHighCost"];

pub(super) fn alerts(settings: &Settings) -> Vec<Alert> {
    let thresholds = &settings.thresholds;
    let limits = [
        thresholds.tokens_per_hour.map(|limit| tokens(limit, settings)),
        thresholds.cost_per_hour_usd.map(|limit| cost_per_hour(limit, settings)),
    ];
    let others = [
        surge(&token_surge(settings), settings),
        surge(&cost_surge(settings), settings),
        cost_per_task(settings),
        budget_nearly_spent(settings),
        budget_spent(),
        unpriced(settings),
        price_table(settings),
    ];
    limits.into_iter().flatten().chain(others).collect()
}

fn contributors<'a>(of: &'a [&'a str], seconds: u64, settings: &'a Settings) -> Contributors<'a> {
    Contributors { of, window: settings.time(seconds), settings }
}

/// A quantity whose surge is an alert.
struct Surge {
    name: &'static str,
    counter: &'static str,
    /// The recorded rate by job.
    rate: &'static str,
    floor: f64,
    summary: &'static str,
    /// The text of the value and of the usual value.
    value: [&'static str; 2],
    verb: &'static str,
    split: (&'static str, &'static str),
}

fn token_surge(settings: &Settings) -> Surge {
    Surge {
        name: "AgentTokenSurge",
        counter: "agent_llm_tokens_total",
        rate: n::JOB_TOKEN_RATE,
        floor: settings.thresholds.surge_tokens,
        summary: "{{ $labels.job }} uses many more tokens than usual",
        value: ["{{ $value | humanize }} tokens", "{{ . | first | value | humanize }}"],
        verb: "used",
        split: ("direction", "direction"),
    }
}

fn cost_surge(settings: &Settings) -> Surge {
    Surge {
        name: "AgentCostSurge",
        counter: "agent_cost_usd_total",
        rate: n::JOB_COST_RATE,
        floor: settings.thresholds.surge_cost_usd,
        summary: "{{ $labels.job }} spends much more than usual",
        value: ["{{ $value | printf \"%.2f\" }} USD", "{{ . | first | value | printf \"%.4f\" }} USD"],
        verb: "spent",
        split: ("cost type", "cost_type"),
    }
}

/// Compares 5 minutes with the mean of the last 7 days, as far as there is history: at least of the 10 minutes before.
fn surge(surge: &Surge, settings: &Settings) -> Alert {
    let Surge { name, counter, rate, floor, summary, value, verb, split } = surge;
    let seconds = settings.window(name, 5 * MINUTE);
    let (time, days) = (settings.time(seconds), settings.time(7 * DAY));
    let mean = format!("avg_over_time({rate}[{days}] offset {})", settings.time(10 * MINUTE));
    // A second evaluator of the rules records the same series again.
    let query = format!(
        "{} > {}\nand on (job)\nsum by (job) (rate({counter}[{time}])) > {} * max by (job) ({mean})",
        increase("job", counter, &time),
        number(*floor),
        number(settings.thresholds.surge_factor),
    );
    let labels = [("model", "model"), ("instance", "instance"), *split];
    let most = contributors(&["job"], seconds, settings).counted(counter, &labels);
    let usual = mean.replace('[', "{job=%[1]q}[");
    let scaled = number(seconds as f64 / f64::from(settings.rehearsal));
    Alert::new(*name, Severity::Warning, MINUTE, query)
        .window(seconds)
        .text(
            *summary,
            format!(
                "{{{{ $labels.job }}}} {verb} {} in the last {words}.{{{{ with printf \"{scaled} * max(\
                 {usual})\" $labels.job | query }}}} The mean of the last 7 days is {} in {words}.{{{{ end }}}}{most}",
                value[0],
                value[1],
                words = words(seconds)
            ),
        )
        .means(
            "The consumption of a few minutes is many times the mean of the last days. The usual causes are an agent in a loop and a \
             sudden growth of the load. Without a history of 10 minutes the alert is silent.",
        )
        .dashboard("agent-llm", &[])
        .first("sum", format!("rate({counter}[5m])"), ["model", "instance", split.1])
        .look(&[
            "Loops: steps and tool calls per task, `agent_steps_per_task` and `agent_task_tool_calls`; tasks that don't end, `AgentTaskHung`.",
            "More tasks: `job_task_type_status:agent_tasks:rate5m`. Larger inputs: `agent_llm_input_tokens`.",
        ])
        .act(&[
            "A loop: restart the instance, and set `Budget::per_task(..)` or a maximum number of steps in the program.",
            "Unwanted load: limit the caller.",
            "Expected growth: the alert ends when the mean has grown. Set a rolling budget in the program as a hard limit.",
        ])
}

fn tokens(limit: f64, settings: &Settings) -> Alert {
    const NAME: &str = "AgentHighTokenConsumption";
    let seconds = settings.window(NAME, HOUR);
    let series = "agent_llm_tokens_total";
    let query = format!("{} > {}", increase("job", series, &settings.time(seconds)), number(limit));
    let most = contributors(&["job"], seconds, settings)
        .counted(series, &[("model", "model"), ("instance", "instance")]);
    Alert::new(NAME, Severity::Warning, 15 * MINUTE, query)
        .window(seconds)
        .text(
            "{{ $labels.job }} uses more tokens than the limit",
            format!(
                "{{{{ $labels.job }}}} used {{{{ $value | humanize }}}} tokens in the last {}; the limit is {}.{most}",
                words(seconds),
                grouped(limit.round() as u64)
            ),
        )
        .means("All replicas together used more input and output tokens than the limit in the settings.")
        .dashboard("agent-llm", &[])
        .first("sum", format!("rate({series}[5m])"), ["model", "direction", "instance"])
        .look(&[
            "Tokens by task type: `sum by (task_type) (rate(agent_task_tokens_sum[1h]))`.",
            "More tasks, or more tokens per task: compare `rate(agent_tasks_total[1h])` with `agent_steps_per_task`.",
        ])
        .act(&[
            "More tasks: raise the limit if the growth is expected.",
            "More tokens per task: look for a loop (many steps), a prompt that grew, or a conversation that is never shortened.",
            "Set a budget in the program. It stops tasks that spend too much.",
        ])
}

fn cost_per_hour(limit: f64, settings: &Settings) -> Alert {
    const NAME: &str = "AgentHighCost";
    let seconds = settings.window(NAME, HOUR);
    let series = "agent_cost_usd_total";
    let query = format!("{} > {}", increase("job", series, &settings.time(seconds)), number(limit));
    let most = contributors(&["job"], seconds, settings)
        .counted(series, &[("model", "model"), ("instance", "instance")]);
    Alert::new(NAME, Severity::Warning, 15 * MINUTE, query)
        .window(seconds)
        .text(
            "{{ $labels.job }} spends more than the limit",
            format!(
                "{{{{ $labels.job }}}} spent {{{{ $value | printf \"%.2f\" }}}} USD in the last {}; the limit is {} USD.{most}",
                words(seconds),
                number(limit)
            ),
        )
        .means("The models and tools of all replicas together cost more than the limit in the settings.")
        .dashboard("agent-llm", &[])
        .first("sum", format!("rate({series}[1h]) * 3600"), ["model", "cost_type", "instance"])
        .look(&[
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
    const NAME: &str = "AgentHighCostPerTask";
    let limit = settings.thresholds.cost_per_task_usd;
    let seconds = settings.window(NAME, HOUR);
    let time = settings.time(seconds);
    let (by, sum) = ("job, task_type", "agent_task_cost_usd_sum");
    let query = format!(
        "{}\n/\n(\n  {} >= {}\n)\n> {}",
        increase(by, sum, &time),
        increase(by, "agent_task_cost_usd_count", &time),
        number(settings.thresholds.minimum_calls),
        number(limit),
    );
    let most =
        contributors(&["job", "task_type"], seconds, settings).counted(sum, &[("instance", "instance")]);
    Alert::new(NAME, Severity::Warning, 15 * MINUTE, query)
        .window(seconds)
        .text(
            "{{ $labels.task_type }} tasks cost more than the limit",
            format!(
                "A {{{{ $labels.task_type }}}} task of {{{{ $labels.job }}}} cost {{{{ $value | printf \"%.3f\" }}}} USD on average in \
                 the last {}; the limit is {} USD.{most}",
                words(seconds),
                number(limit)
            ),
        )
        .means("The mean cost of the tasks of one type, including nested tasks, is above the limit. The number of tasks doesn't matter.")
        .dashboard("agent-tasks", &["task_type"])
        .first("sum", format!("increase({sum}[1h])"), ["task_type", "instance"])
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
        .dashboard("agent-slo", &["instance"])
        .first("max", "agent_budget_used_ratio", ["budget", "instance"])
        .look(&[
            "The limit and the spending rate: `agent_budget_limit_usd`, `rate(agent_budget_spent_usd_total[1h])`.",
            "Days until it is spent: `job_instance_budget:agent_budget_usd:days_left`.",
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
        .dashboard("agent-slo", &["instance"])
        .first("max", "agent_budget_used_ratio", ["budget", "instance"])
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
    const NAME: &str = "AgentUnpricedTokens";
    let limit = settings.thresholds.unpriced_tokens_per_hour;
    let seconds = settings.window(NAME, HOUR);
    let series = "agent_llm_unpriced_tokens_total";
    let query =
        format!("{} > {}", grown_by("job, model", series, &settings.time(seconds), settings), number(limit));
    Alert::new(NAME, Severity::Warning, 5 * MINUTE, query)
        .window(seconds)
        .text(
            "{{ $labels.model }} has no price",
            format!(
                "{{{{ $labels.job }}}} used {{{{ $value | humanize }}}} tokens of {{{{ $labels.model }}}} in the last {}. The model has \
                 no price, so these tokens are in no cost metric.",
                words(seconds)
            ),
        )
        .means(
            "The price table doesn't have a model that is in use. Its tokens are counted, but its cost is not: every amount in USD \
             is too low, including budgets.",
        )
        .dashboard("agent-llm", &["model"])
        .first("sum", format!("increase({series}[1h])"), ["model", "instance"])
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
        .dashboard("agent-llm", &[])
        .first("max", "(time() - agent_llm_price_table_timestamp_seconds) / 86400", ["instance"])
        .look(&["`agent_llm_price_table_info`, and the providers' price pages for the models in use (`agent_llm_calls_total`)."])
        .act(&[
            "Update the crate `agent-metrics`, or `genai-prices` if that feature is enabled.",
            "Or load prices from a file with a date; `set_prices(..)` replaces them without a restart.",
        ])
}
