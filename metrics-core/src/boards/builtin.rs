//! The boards for the built-in families.

use super::{
    Aggregate, Board, Column, Expression, Fold, Limit, Panel, Panels, Selection, Table, Unit, View,
    user_defined,
};
use crate::sample::FamilyInfo;

/// The window of rates, in seconds.
const RATE: u32 = 60;
/// The window of quantiles, ratios and tables, in seconds. It is longer than that of rates, since an agent may run only
/// a few tasks a minute.
const RECENT: u32 = 300;
const HOUR: u32 = 3600;

const TASKS: &str = "agent_tasks_total";
const TASK_DURATION: &str = "agent_task_duration_seconds";
const TASK_COST: &str = "agent_task_cost_usd";
const ACTIVE: &str = "agent_active_tasks";
const COMPLETION: &str = "agent_task_completion_rate";
const WASTED: &str = "agent_task_wasted_cost_usd_total";
const LLM_CALLS: &str = "agent_llm_calls_total";
const LLM_DURATION: &str = "agent_llm_call_duration_seconds";
const FIRST_TOKEN: &str = "agent_llm_time_to_first_token_seconds";
const TOKENS: &str = "agent_llm_tokens_total";
const DETAILS: &str = "agent_llm_token_details_total";
const SAVINGS: &str = "agent_llm_cache_savings_usd_total";
const COST: &str = "agent_cost_usd_total";
const TOOL_CALLS: &str = "agent_tool_calls_total";
const TOOL_DURATION: &str = "agent_tool_call_duration_seconds";
const HTTP: &str = "agent_http_requests_total";
const HTTP_DURATION: &str = "agent_http_request_duration_seconds";
const HTTP_ACTIVE: &str = "agent_http_requests_in_progress";
const BUDGET_LIMIT: &str = "agent_budget_limit_usd";
const BUDGET_USED: &str = "agent_budget_used_ratio";
const BUDGET_SPENT: &str = "agent_budget_spent_usd_total";
const BUDGET_REFUSED: &str = "agent_budget_refused_total";

/// Returns the boards for the families of an instance. Panels of families that the instance does not have are left out.
pub(crate) fn boards(families: &[FamilyInfo]) -> Vec<Board> {
    let mut boards = vec![
        overview(families),
        models(families),
        tools(families),
        tasks(families),
        http(families),
        budgets(families),
        user_defined::board(families),
    ];
    boards.retain(|board| !(board.stats.is_empty() && board.charts.is_empty() && board.tables.is_empty()));
    boards
}

fn select(family: &str) -> Selection {
    Selection::of(family)
}

fn per_minute(selection: Selection) -> Expression {
    selection.rate(RATE).times(60.0)
}

/// The share of calls whose status is not `success`.
fn failed(family: &str, by: &[&'static str], window: u32) -> Expression {
    select(family).without("status", "success").by(by).rate(window).ratio(select(family).by(by).rate(window))
}

fn quantile(family: &str, by: &[&'static str], quantile: f64) -> Expression {
    Selection::buckets(family).by(by).quantile(quantile, RECENT)
}

/// The lines of the usual quantiles.
fn quantiles(family: &str) -> Vec<(&'static str, Expression)> {
    [("p50", 0.5), ("p95", 0.95), ("p99", 0.99)].map(|(name, q)| (name, quantile(family, &[], q))).into()
}

fn mean_of(family: &str) -> Expression {
    Selection::sum(family).rate(RECENT).ratio(Selection::count(family).rate(RECENT))
}

fn overview(families: &[FamilyInfo]) -> Board {
    let (stats, charts) = (overview_stats(families), overview_charts(families));
    Board { id: "overview", title: "Overview", stats, charts, tables: Vec::new() }
}

fn overview_stats(families: &[FamilyInfo]) -> Vec<Panel> {
    let mut stats = Panels::new(families);
    stats
        .add(View::Stat, Unit::PerMinute, "tasks_per_minute", ["Tasks", "Tasks that ended, per minute."], vec![("", per_minute(select(TASKS)))])
        .add(View::Stat, Unit::Share, "task_error_ratio", ["Failed tasks", "Share of the tasks in the last 5 minutes that did not succeed."], vec![("", failed(TASKS, &[], RECENT))])
        .limit(Limit::Above(0.1))
        .add(View::Stat, Unit::Seconds, "task_p95", ["Task p95", "95 % of the tasks in the last 5 minutes took at most this long."], vec![("", quantile(TASK_DURATION, &[], 0.95))])
        .add(View::Stat, Unit::Number, "active", ["Tasks in flight", "Tasks that have started and not ended, not counting tasks inside other tasks."], vec![("", select(ACTIVE).last())])
        .fold(Fold::Max)
        .add(View::Stat, Unit::Usd, "cost_last_hour", ["Cost, last hour", "Cost of LLM calls and tools in the last hour, or since the start of the program if that is later."], vec![("", select(COST).increase(HOUR))])
        .fold(Fold::Last)
        .add(View::Stat, Unit::Usd, "cost_total", ["Cost, total", "Cost of LLM calls and tools since the start of the program."], vec![("", select(COST).last())])
        .fold(Fold::Last)
        .add(View::Stat, Unit::TokensPerMinute, "tokens_now", ["Tokens", "Input and output tokens of LLM calls, per minute."], vec![("", per_minute(select(TOKENS)))])
        .add(View::Stat, Unit::Usd, "savings", ["Cache savings", "USD saved since the start by input tokens that providers read from their caches."], vec![("", select(SAVINGS).last())])
        .fold(Fold::Last);
    stats.made
}

#[allow(clippy::too_many_lines)] // One list.
fn overview_charts(families: &[FamilyInfo]) -> Vec<Panel> {
    let mut charts = Panels::new(families);
    charts
        .add(
            View::Stacked,
            Unit::PerMinute,
            "tasks",
            ["Tasks by status", "Tasks that ended, per minute."],
            vec![("", per_minute(select(TASKS).by(&["status"])))],
        )
        .add(
            View::Lines,
            Unit::Share,
            "errors",
            ["Failed calls", "Share of calls in the last 5 minutes that did not succeed."],
            vec![
                ("tasks", failed(TASKS, &[], RECENT)),
                ("LLM calls", failed(LLM_CALLS, &[], RECENT)),
                ("tools", failed(TOOL_CALLS, &[], RECENT)),
            ],
        )
        .limit(Limit::Above(0.1))
        .add(
            View::Lines,
            Unit::Seconds,
            "task_duration",
            ["Task duration", "Quantiles of the tasks in the last 5 minutes."],
            quantiles(TASK_DURATION),
        )
        .add(
            View::Heat,
            Unit::Seconds,
            "task_heat",
            ["Task durations", "Tasks by duration: the darker a cell, the more tasks ended in that range."],
            vec![("", Selection::buckets(TASK_DURATION).rate(RATE).times(60.0))],
        )
        .add(
            View::Lines,
            Unit::Number,
            "in_flight",
            ["In flight", "Tasks, LLM calls and tool calls that have started and not ended."],
            vec![
                ("tasks", select(ACTIVE).last()),
                ("LLM calls", select("agent_llm_calls_in_progress").last()),
                ("tools", select("agent_tool_calls_in_progress").last()),
            ],
        )
        .fold(Fold::Max)
        .add(
            View::Stacked,
            Unit::TokensPerMinute,
            "tokens",
            ["Tokens by direction", "Tokens of LLM calls, per minute."],
            vec![("", per_minute(select(TOKENS).by(&["direction"])))],
        )
        .add(
            View::Stacked,
            Unit::UsdPerHour,
            "cost",
            ["Cost by model", "USD per hour at the rate of the last 5 minutes."],
            vec![("", select(COST).by(&["model"]).rate(RECENT).times(3600.0))],
        )
        .add(
            View::Lines,
            Unit::Usd,
            "cost_per_task",
            [
                "Cost per task",
                "Mean cost in the last 5 minutes: of all tasks, and the total cost for each successful one.",
            ],
            vec![
                ("per task", mean_of(TASK_COST)),
                (
                    "per successful task",
                    Selection::sum(TASK_COST)
                        .rate(RECENT)
                        .ratio(select(TASKS).with("status", "success").rate(RECENT)),
                ),
            ],
        )
        .add(
            View::Lines,
            Unit::Share,
            "completion",
            ["Completion rate", "Share of successful tasks in rolling windows, not counting cancelled ones."],
            vec![("", select(COMPLETION).by(&["window"]).aggregate(Aggregate::Avg).last())],
        )
        .limit(Limit::Below(0.9))
        .fold(Fold::Last)
        .add(
            View::Lines,
            Unit::Seconds,
            "llm_duration",
            ["LLM call duration", "Quantiles of the calls in the last 5 minutes."],
            quantiles(LLM_DURATION),
        )
        .add(
            View::Stacked,
            Unit::PerMinute,
            "llm_calls",
            ["LLM calls by status", "Calls that ended, per minute."],
            vec![("", per_minute(select(LLM_CALLS).by(&["status"])))],
        )
        .add(
            View::Stacked,
            Unit::PerMinute,
            "tool_calls",
            ["Tool calls", "Calls that ended, per minute."],
            vec![("", per_minute(select(TOOL_CALLS).by(&["tool_name"])))],
        );
    charts.made
}

fn models(families: &[FamilyInfo]) -> Board {
    let model: &[&'static str] = &["model"];
    let mut charts = Panels::new(families);
    charts
        .add(
            View::Stacked,
            Unit::TokensPerMinute,
            "model_tokens",
            ["Tokens by model", "Input and output tokens, per minute."],
            vec![("", per_minute(select(TOKENS).by(model)))],
        )
        .add(
            View::Lines,
            Unit::Seconds,
            "model_p95",
            ["Duration by model, p95", "95 % of the calls in the last 5 minutes took at most this long."],
            vec![("", quantile(LLM_DURATION, model, 0.95))],
        )
        .add(
            View::Lines,
            Unit::Share,
            "model_errors",
            ["Failed calls by model", "Share of calls in the last 5 minutes that did not succeed."],
            vec![("", failed(LLM_CALLS, model, RECENT))],
        )
        .limit(Limit::Above(0.1))
        .add(
            View::Lines,
            Unit::Seconds,
            "first_token",
            ["Time to first token", "Quantiles of the streamed calls in the last 5 minutes."],
            quantiles(FIRST_TOKEN),
        );
    let column = columns(
        families,
        vec![
            ("Calls", Unit::Number, select(LLM_CALLS).by(model).last(), None),
            ("per minute", Unit::PerMinute, per_minute(select(LLM_CALLS).by(model)), None),
            ("in flight", Unit::Number, select("agent_llm_calls_in_progress").by(model).last(), None),
            ("failed", Unit::Share, failed(LLM_CALLS, model, RECENT), Some(Limit::Above(0.1))),
            ("p50", Unit::Seconds, quantile(LLM_DURATION, model, 0.5), None),
            ("p95", Unit::Seconds, quantile(LLM_DURATION, model, 0.95), None),
            ("Input tokens", Unit::Tokens, select(TOKENS).with("direction", "input").by(model).last(), None),
            ("cached", Unit::Tokens, select(DETAILS).with("kind", "cache_read").by(model).last(), None),
            (
                "Output tokens",
                Unit::Tokens,
                select(TOKENS).with("direction", "output").by(model).last(),
                None,
            ),
            ("Cost", Unit::Usd, select(COST).by(model).last(), None),
            ("per hour", Unit::UsdPerHour, select(COST).by(model).rate(RECENT).times(3600.0), None),
        ],
    );
    let table =
        Table { id: "models", title: "Models", heading: "Model", columns: column, empty: "No LLM call yet." };
    Board {
        id: "models",
        title: "Models",
        stats: Vec::new(),
        charts: charts.made,
        tables: with_columns(table),
    }
}

fn tools(families: &[FamilyInfo]) -> Board {
    let tool: &[&'static str] = &["tool_name"];
    let mut charts = Panels::new(families);
    charts
        .add(
            View::Lines,
            Unit::Seconds,
            "tool_p95",
            ["Duration by tool, p95", "95 % of the calls in the last 5 minutes took at most this long."],
            vec![("", quantile(TOOL_DURATION, tool, 0.95))],
        )
        .add(
            View::Lines,
            Unit::Share,
            "tool_errors",
            ["Failed calls by tool", "Share of calls in the last 5 minutes that did not succeed."],
            vec![("", failed(TOOL_CALLS, tool, RECENT))],
        )
        .limit(Limit::Above(0.1));
    let column = columns(
        families,
        vec![
            ("Calls", Unit::Number, select(TOOL_CALLS).by(tool).last(), None),
            ("per minute", Unit::PerMinute, per_minute(select(TOOL_CALLS).by(tool)), None),
            ("in flight", Unit::Number, select("agent_tool_calls_in_progress").by(tool).last(), None),
            ("failed", Unit::Share, failed(TOOL_CALLS, tool, RECENT), Some(Limit::Above(0.1))),
            ("p50", Unit::Seconds, quantile(TOOL_DURATION, tool, 0.5), None),
            ("p95", Unit::Seconds, quantile(TOOL_DURATION, tool, 0.95), None),
            ("p99", Unit::Seconds, quantile(TOOL_DURATION, tool, 0.99), None),
        ],
    );
    let table =
        Table { id: "tools", title: "Tools", heading: "Tool", columns: column, empty: "No tool call yet." };
    Board { id: "tools", title: "Tools", stats: Vec::new(), charts: charts.made, tables: with_columns(table) }
}

fn tasks(families: &[FamilyInfo]) -> Board {
    let kind: &[&'static str] = &["task_type"];
    let mut charts = Panels::new(families);
    charts
        .add(
            View::Stacked,
            Unit::PerMinute,
            "task_types",
            ["Tasks by type", "Tasks that ended, per minute."],
            vec![("", per_minute(select(TASKS).by(kind)))],
        )
        .add(
            View::Lines,
            Unit::Seconds,
            "task_type_p95",
            ["Duration by type, p95", "95 % of the tasks in the last 5 minutes took at most this long."],
            vec![("", quantile(TASK_DURATION, kind, 0.95))],
        )
        .add(
            View::Lines,
            Unit::Number,
            "steps",
            ["Steps per task", "Quantiles of the tasks in the last 5 minutes."],
            quantiles("agent_steps_per_task"),
        )
        .add(
            View::Stacked,
            Unit::UsdPerHour,
            "wasted",
            [
                "Wasted cost by status",
                "Cost of tasks that did not succeed, in USD per hour at the rate of the last 5 minutes.",
            ],
            vec![("", select(WASTED).by(&["status"]).rate(RECENT).times(3600.0))],
        );
    let column = columns(
        families,
        vec![
            ("Tasks", Unit::Number, select(TASKS).by(kind).last(), None),
            ("per minute", Unit::PerMinute, per_minute(select(TASKS).by(kind)), None),
            ("failed", Unit::Share, failed(TASKS, kind, RECENT), Some(Limit::Above(0.1))),
            ("p50", Unit::Seconds, quantile(TASK_DURATION, kind, 0.5), None),
            ("p95", Unit::Seconds, quantile(TASK_DURATION, kind, 0.95), None),
            ("succeeded", Unit::Share, Expression::Number(1.0).minus(failed(TASKS, kind, HOUR)), None),
            (
                "Steps, mean",
                Unit::Number,
                Selection::sum("agent_steps_per_task")
                    .by(kind)
                    .last()
                    .ratio(Selection::count("agent_steps_per_task").by(kind).last()),
                None,
            ),
            ("Cost", Unit::Usd, Selection::sum(TASK_COST).by(kind).last(), None),
            (
                "per task",
                Unit::Usd,
                Selection::sum(TASK_COST).by(kind).last().ratio(Selection::count(TASK_COST).by(kind).last()),
                None,
            ),
            ("wasted", Unit::Usd, select(WASTED).by(kind).last(), None),
        ],
    );
    let table = Table {
        id: "task_types",
        title: "Task types",
        heading: "Task type",
        columns: column,
        empty: "No task has ended yet.",
    };
    Board {
        id: "types",
        title: "Task types",
        stats: Vec::new(),
        charts: charts.made,
        tables: with_columns(table),
    }
}

fn http(families: &[FamilyInfo]) -> Board {
    let endpoint: &[&'static str] = &["endpoint"];
    let mut charts = Panels::new(families);
    charts
        .add(
            View::Stacked,
            Unit::PerMinute,
            "http_requests",
            ["Requests by status code", "Requests that ended, per minute."],
            vec![("", per_minute(select(HTTP).by(&["status_code"])))],
        )
        .add(
            View::Lines,
            Unit::Seconds,
            "http_duration",
            ["Request duration", "Quantiles of the requests in the last 5 minutes."],
            quantiles(HTTP_DURATION),
        );
    let column = columns(
        families,
        vec![
            ("Requests", Unit::Number, select(HTTP).by(endpoint).last(), None),
            ("per minute", Unit::PerMinute, per_minute(select(HTTP).by(endpoint)), None),
            ("in flight", Unit::Number, select(HTTP_ACTIVE).by(endpoint).last(), None),
            ("p50", Unit::Seconds, quantile(HTTP_DURATION, endpoint, 0.5), None),
            ("p95", Unit::Seconds, quantile(HTTP_DURATION, endpoint, 0.95), None),
        ],
    );
    let table = Table {
        id: "endpoints",
        title: "Endpoints",
        heading: "Endpoint",
        columns: column,
        empty: "No HTTP request is measured.",
    };
    Board { id: "http", title: "HTTP", stats: Vec::new(), charts: charts.made, tables: with_columns(table) }
}

fn budgets(families: &[FamilyInfo]) -> Board {
    let budget: &[&'static str] = &["budget"];
    let mut charts = Panels::new(families);
    charts
        .add(
            View::Lines,
            Unit::Share,
            "budget_used",
            ["Use of budgets", "Spent share of each budget in its rolling window."],
            vec![("", select(BUDGET_USED).by(budget).aggregate(Aggregate::Max).last())],
        )
        .limit(Limit::Above(0.8))
        .fold(Fold::Last);
    let column = columns(
        families,
        vec![
            ("Limit", Unit::Usd, select(BUDGET_LIMIT).by(budget).last(), None),
            ("used", Unit::Share, select(BUDGET_USED).by(budget).last(), Some(Limit::Above(0.8))),
            ("Spent, total", Unit::Usd, select(BUDGET_SPENT).by(budget).last(), None),
            ("Refused", Unit::Number, select(BUDGET_REFUSED).by(budget).last(), Some(Limit::Above(0.0))),
        ],
    );
    let table = Table {
        id: "budgets",
        title: "Budgets",
        heading: "Budget",
        columns: column,
        empty: "No task has a budget.",
    };
    Board {
        id: "budgets",
        title: "Budgets and objectives",
        stats: Vec::new(),
        charts: charts.made,
        tables: with_columns(table),
    }
}

type ColumnOf = (&'static str, Unit, Expression, Option<Limit>);

/// The columns whose families the instance has.
fn columns(families: &[FamilyInfo], columns: Vec<ColumnOf>) -> Vec<Column> {
    let checked = columns.into_iter().filter_map(|(title, unit, expression, limit)| {
        Some(Column { title, unit, query: expression.checked(families).ok()?, limit })
    });
    checked.collect()
}

/// The table, unless it has no columns.
fn with_columns(table: Table) -> Vec<Table> {
    if table.columns.is_empty() { Vec::new() } else { vec![table] }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::AgentMetrics;

    #[test]
    fn every_panel_and_column_fits_the_families_of_the_defaults() {
        let families = AgentMetrics::builder().build().expect("the defaults are valid").families();
        let boards = boards(&families);
        let ids: Vec<_> = boards.iter().map(|board| board.id).collect();
        assert_eq!(ids, ["overview", "models", "tools", "types", "http", "budgets"]);
        let counts: Vec<_> = boards.iter().map(|board| (board.stats.len(), board.charts.len())).collect();
        assert_eq!(counts, [(8, 12), (0, 4), (0, 2), (0, 4), (0, 2), (0, 1)]);
        let queries = boards.iter().flat_map(|board| board.stats.iter().chain(&board.charts));
        assert_eq!(queries.map(|panel| panel.queries.len()).sum::<usize>(), 48);
        let columns = boards.iter().flat_map(|board| &board.tables).map(|table| table.columns.len());
        assert_eq!(columns.collect::<Vec<_>>(), [11, 7, 10, 5, 4]);
    }

    #[test]
    fn panels_of_absent_families_are_left_out() {
        let families: Vec<_> = AgentMetrics::builder().build().expect("the defaults are valid").families();
        let only_http: Vec<_> =
            families.into_iter().filter(|info| info.name.starts_with("agent_http")).collect();
        let ids: Vec<_> = boards(&only_http).iter().map(|board| board.id).collect();
        assert_eq!(ids, ["http"]);
    }

    #[test]
    fn ids_are_unique() {
        let families = AgentMetrics::builder().build().expect("the defaults are valid").families();
        let boards = boards(&families);
        let mut ids: Vec<_> = boards
            .iter()
            .flat_map(|board| board.stats.iter().chain(&board.charts))
            .map(|panel| &panel.id)
            .collect();
        let count = ids.len();
        ids.sort();
        ids.dedup();
        assert_eq!(ids.len(), count);
    }
}
