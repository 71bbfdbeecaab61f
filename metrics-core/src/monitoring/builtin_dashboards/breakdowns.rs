//! Tables that break the agents down by model, task type, tool, instance and version, over the displayed time range.

use crate::monitoring::dashboard::Panel;
use crate::monitoring::{Settings, outcomes};

const TASKS_BOARD: &str = "agent-tasks";
const MODELS_BOARD: &str = "agent-llm";
const OVERVIEW: &str = "agent-overview";

/// Returns the calls, failures, duration and cost of each model.
pub(super) fn models(settings: &Settings) -> Panel {
    let limits = &settings.thresholds;
    Panel::table(
        "Models",
        "LLM calls of the displayed time range, by model. A click on a model shows its dashboard.",
    )
    .filters("model", MODELS_BOARD)
    .of_range("Calls", "sum by (model) (increase(agent_llm_calls_total{..model}[range]))", "short")
    .failures_of_range("model", "agent_llm_calls_total", "..model", &outcomes::LLM)
    .bad_above(limits.llm_error_ratio)
    .percentile_of_range("Duration", "model", "agent_llm_call_duration_seconds", "{..model}", "s")
    .bad_above(limits.llm_latency_seconds)
    .of_range("Cost", COST, "currencyUSD")
    .no_value("No calls")
}

/// The cost of each model, without tools.
const COST: &str = "sum by (model) (increase(agent_cost_usd_total{..model, cost_type!=\"tool\"}[range]))";

/// Returns the models with their tokens, their time to the first token, and their cost in detail.
pub(super) fn models_in_detail(settings: &Settings) -> Panel {
    let tokens = |direction: &str| {
        format!(
            "sum by (model) (increase(agent_llm_tokens_total{{..model, direction=\"{direction}\"}}[range]))"
        )
    };
    let all_tokens = "sum by (model) (increase(agent_llm_tokens_total{..model}[range]))";
    let all_cost = "sum(increase(agent_cost_usd_total{..model, cost_type!=\"tool\"}[range]))";
    let cached =
        "sum by (model) (increase(agent_llm_token_details_total{..model, kind=\"cache_read\"}[range]))";
    models(settings)
        .percentile_of_range(
            "First token",
            "model",
            "agent_llm_time_to_first_token_seconds",
            "{..model}",
            "s",
        )
        .of_range("Input tokens", &tokens("input"), "count:tok")
        .of_range("Output tokens", &tokens("output"), "count:tok")
        .of_range("Cached input", &format!("{cached} / ({} > 0)", tokens("input")), "percentunit")
        .of_range("Share of cost", &format!("{COST} / on () group_left () ({all_cost} > 0)"), "percentunit")
        .of_range("Cost per 1,000 tokens", &format!("1000 * {COST} / ({all_tokens} > 0)"), "currencyUSD")
        .width(24)
}

/// Returns the number, success, duration and cost of each task type.
pub(super) fn task_types(settings: &Settings) -> Panel {
    let limits = &settings.thresholds;
    let tasks = |matcher: &str| {
        format!("sum by (task_type) (increase(agent_tasks_total{{..task_type, {matcher}}}[range]))")
    };
    let (succeeded, counted) = (tasks(outcomes::SUCCESS), tasks(outcomes::CALLS.all));
    let cost = "sum by (task_type) (increase(agent_task_cost_usd_sum{..task_type}[range]))";
    Panel::table(
        "Task types",
        "Tasks that ended in the displayed time range, by type. Cancelled tasks do not count for the success. The cost per \
         success includes the cost of the tasks that did not succeed. A click on a type shows its dashboard.",
    )
    .filters("task_type", TASKS_BOARD)
    .of_range("Tasks", "sum by (task_type) (increase(agent_tasks_total{..task_type}[range]))", "short")
    .of_range("Success", &format!("{succeeded} / ({counted} > 0)"), "percentunit")
    .bad_below(limits.completion_ratio)
    .percentile_of_range("Duration", "task_type", "agent_task_duration_seconds", "{..task_type}", "s")
    .of_range("Cost per success", &format!("{cost} / ({succeeded} > 0)"), "currencyUSD")
    .no_value("No task ended")
}

/// Returns the task types with the steps, tokens and cost of a task.
pub(super) fn task_types_in_detail(settings: &Settings) -> Panel {
    let mean = |family: &str| {
        let of = |part: &str| format!("sum by (task_type) (increase({family}_{part}{{..task_type}}[range]))");
        format!("{} / ({} > 0)", of("sum"), of("count"))
    };
    let tokens = "sum by (task_type) (increase(agent_task_tokens_sum{..task_type}[range])) \
         / (sum by (task_type) (increase(agent_tasks_total{..task_type}[range])) > 0)";
    task_types(settings)
        .of_range("Cost per task", &mean("agent_task_cost_usd"), "currencyUSD")
        .bad_above(settings.thresholds.cost_per_task_usd)
        .of_range("Tokens per task", tokens, "count:tok")
        .of_range("Steps per task", &mean("agent_steps_per_task"), "short")
        .of_range("Tool calls per task", &mean("agent_task_tool_calls"), "short")
        .width(24)
}

/// Returns the calls, failures and duration of each tool.
pub(super) fn tools(settings: &Settings) -> Panel {
    Panel::table(
        "Tools",
        "Tool calls of the displayed time range, by tool. A click on a tool shows its dashboard.",
    )
    .filters("tool_name", TASKS_BOARD)
    .of_range("Calls", "sum by (tool_name) (increase(agent_tool_calls_total{..tool_name}[range]))", "short")
    .failures_of_range("tool_name", "agent_tool_calls_total", "..tool_name", &outcomes::CALLS)
    .bad_above(settings.thresholds.tool_error_ratio)
    .percentile_of_range("Duration", "tool_name", "agent_tool_call_duration_seconds", "{..tool_name}", "s")
    .of_range("In flight", "sum by (tool_name) (agent_tool_calls_in_progress{..tool_name})", "short")
    .no_value("No calls")
}

/// Returns the state and the load of each instance. Instances that Prometheus cannot scrape are listed, too.
pub(super) fn instances(settings: &Settings) -> Panel {
    let limits = &settings.thresholds;
    let about = "The state of each instance now, and its tasks in the displayed time range. An instance that Prometheus cannot \
                 scrape is not reachable (`up` is 0). A click on an instance filters this dashboard.";
    let mut panel =
        Panel::table("Instances", about).filters("instance", OVERVIEW).no_value("No agent is scraped");
    if settings.scraped {
        // Only the jobs of agents, in the displayed time range.
        let agents = "count by (job) (last_over_time(agent_active_tasks{..}[range]))";
        panel = panel
            .of_range(
                "Reachable",
                &format!("max by (job, instance) (up{{..}}) and on (job) {agents}"),
                "bool_yes_no",
            )
            .bad_below(1.0);
    }
    panel
        .of_range("Active tasks", "sum by (job, instance) (agent_active_tasks{..})", "short")
        .bad_above(limits.active_tasks)
        .of_range("Tasks", "sum by (job, instance) (increase(agent_tasks_total{..}[range]))", "short")
        .failures_of_range("job, instance", "agent_tasks_total", "..", &outcomes::CALLS)
        .percentile_of_range("Duration", "job, instance", "agent_task_duration_seconds", "{..}", "s")
}

/// Returns the number of instances of each version.
pub(super) fn versions() -> Panel {
    Panel::table("Versions", "The number of instances that run each version now.")
        .of_range("Instances", "count by (job, version) (agent_app_info{..})", "short")
        .no_value("No version reported")
        .width(8)
}
