//! Recording by hand: the attributes' work as plain method calls.

use std::fmt;
use std::time::Duration;

use super::facts::{begin_inside, note_bill};
use super::held::HoldsBundle as _;
use super::ledger;
use super::scope::held;
use super::{LlmCall, LlmGuard, RequestGuard, TaskCall, TaskGuard, ToolCall, ToolGuard};
use crate::builtin::{
    Budget, CacheLabels, CacheResult, CallFacts, LabelText, LlmSeries, MemoryLabels, TaskSeries, ToolSeries,
};
use crate::clock;
use crate::error::Fault;
use crate::instance::AgentMetrics;
use crate::label::Bounded;
use crate::metric::InvalidFact;
use crate::pricing::amount::{is_valid_usd, to_nano_usd};
use crate::status::Status;
use crate::storage;
use crate::usage::Usage;

impl AgentMetrics {
    /// Starts a task, which ends with its guard.
    ///
    /// A guard does not enter the task: calls that run meanwhile are not added to it, as they are in a function with
    /// `#[track_task]`.
    pub fn track_task(&self, task_type: &str) -> TaskGuard {
        TaskGuard::start(TaskCall::by_hand(self, task_type))
    }

    /// Starts a tool call, which ends with its guard.
    pub fn track_tool(&self, tool_name: &str) -> ToolGuard {
        ToolGuard::start(ToolCall::by_hand(self, tool_name))
    }

    /// Starts an LLM call, which ends with its guard. Its cost is charged to the task in which it starts.
    pub fn track_llm(&self, model: &str) -> LlmGuard {
        let mut guard = LlmGuard::start(LlmCall::by_hand(self, model));
        guard.facts().keep_task();
        guard
    }

    /// Starts an HTTP request that the service answers, which ends with its guard. `endpoint` is the route's
    /// template (`/tasks/{id}`), not the path.
    pub fn track_request(&self, method: &str, endpoint: &str) -> RequestGuard {
        RequestGuard::new(self.families_ref().clone(), method, endpoint)
    }

    /// Records an LLM call that has ended. Without a usage no tokens are observed. An impossible usage is corrected and
    /// counted in `agent_llm_usage_anomalies_total`. A duration over a year counts as a year.
    pub fn record_llm_call(
        &self,
        model: &str,
        usage: impl Into<Option<Usage>>,
        duration: Duration,
        status: Status,
    ) {
        let mut series = held::<LlmSeries>(self, LabelText::AtRuntime(model));
        series.place(ledger::point);
        let writer = storage::current_shard();
        series.start(writer);
        let mut facts = CallFacts::with_usage(usage.into());
        if !begin_inside(&series, &facts) && !ledger::add_llm_call() {
            series.add_orphan(writer);
        }
        if series.is_other() {
            facts.set_requested(model);
        }
        let spent = series.end(writer, status, ticks(duration), &facts);
        if facts.is_billed() {
            note_bill(&series, &facts);
        }
        ledger::charge(None, &series, series.requested(&facts), spent);
    }

    /// Records a tool call that has ended. A duration over a year counts as a year.
    pub fn record_tool_call(&self, tool_name: &str, duration: Duration, status: Status) {
        let mut series = held::<ToolSeries>(self, LabelText::AtRuntime(tool_name));
        series.place(ledger::point);
        let writer = storage::current_shard();
        series.start(writer);
        ledger::add_tool_call(|| series.slot());
        let ticks = ticks(duration);
        series.record_execution(status, ticks, ledger::with_task_type);
        series.end(writer, status, ticks);
    }

    /// Adds the cost of a tool, in USD. An amount that is negative, not a number or over a million is refused, and counted in
    /// `agent_metrics_refused_observations_total`.
    pub fn record_tool_cost_usd(&self, usd: f64) {
        let cost = &self.families_ref().tool_cost;
        cost.add(usd, ledger::point(cost.dimensions()), ledger::add_tool_cost);
    }

    /// Records the number of steps of a task, where no `#[track_step]` counts them.
    pub fn record_agent_steps(&self, task_type: &str, steps: u64) {
        let mut series = held::<TaskSeries>(self, LabelText::AtRuntime(task_type));
        series.place(ledger::point);
        series.observe_steps(steps);
    }

    /// Exposes a budget before a task spends from it; the first such task exposes it as well. Of two budgets with one name
    /// the first is exposed.
    pub fn expose_budget(&self, budget: &Budget) {
        self.families_ref().budgets.expose(budget);
    }

    /// Adds to a budget an amount in USD that no tracked call reports. It is not part of the amount of any task, so a
    /// limit per task is not affected. An amount that is negative, not a number or over a million is refused, and counted in
    /// `agent_metrics_refused_observations_total`.
    pub fn record_budget_spent_usd(&self, budget: &Budget, usd: f64) {
        self.expose_budget(budget);
        if !is_valid_usd(usd) {
            return self.families_ref().budgets.refuse();
        }
        // The amount belongs to no task: the largest number never crosses a limit per task.
        if let Some(spent) = budget.charge(to_nano_usd(usd), u64::MAX, false) {
            self.families_ref().faults.report(&Fault::BudgetNearlySpent(spent));
        }
    }

    /// Records a look-up in a cache.
    pub fn record_cache_result(&self, hit: bool) {
        let result = if hit { CacheResult::Hit } else { CacheResult::Miss };
        self.families_ref().business.cache.with(CacheLabels { result }).inc();
    }

    /// Sets the completion rate of a window, 0 to 1. From then on it is not computed for that window.
    ///
    /// # Errors
    /// When the rate is not between 0 and 1.
    pub fn update_completion_rate(&self, window: CompletionWindow, rate: f64) -> Result<(), InvalidRate> {
        if (0.0..=1.0).contains(&rate) && self.families_ref().tasks.set_completion_rate(window.as_str(), rate)
        {
            return Ok(());
        }
        Err(InvalidRate { window, rate })
    }

    /// Records a user's score, 1 to 5.
    pub fn record_user_satisfaction(&self, score: f64) {
        self.families_ref().business.satisfaction.with(()).observe(score);
    }

    /// Sets the number of entries in the agent's memory of a type. Types past the first 64 share one series.
    pub fn set_memory_entries(&self, memory_type: &str, entries: u64) {
        let labels = MemoryLabels { memory_type: Bounded::from(memory_type) };
        self.families_ref().business.memory.with(labels).set(entries as f64);
    }

    /// Sets facts about the application, as the labels of `agent_app_info`.
    ///
    /// # Errors
    /// When a name is not a label name, is repeated, or is the name of a constant label. The facts are not changed then.
    pub fn set_app_info(&self, facts: &[(&str, &str)]) -> Result<(), InvalidFact> {
        self.families_ref().business.app.set(facts)
    }
}

/// The maximum duration of a call. A larger one could make the sum of all durations wrap.
const MAX_DURATION: Duration = Duration::from_secs(366 * 86_400);

fn ticks(duration: Duration) -> u64 {
    clock::ticks(duration.min(MAX_DURATION))
}

/// A window of `agent_task_completion_rate`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub enum CompletionWindow {
    /// The last hour, `1h`.
    OneHour,
    /// The last 24 hours, `24h`.
    OneDay,
    /// The last seven days, `7d`.
    SevenDays,
}

impl CompletionWindow {
    /// Returns the value of the label `window`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::OneHour => "1h",
            Self::OneDay => "24h",
            Self::SevenDays => "7d",
        }
    }
}

impl fmt::Display for CompletionWindow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A completion rate that cannot be set.
#[derive(Clone, Copy, PartialEq, Debug)]
#[non_exhaustive]
pub struct InvalidRate {
    /// The window.
    pub window: CompletionWindow,
    /// The rejected rate.
    pub rate: f64,
}

impl fmt::Display for InvalidRate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { window, rate } = self;
        write!(f, "completion rate {rate} of the window `{window}` is not between 0 and 1")
    }
}

impl std::error::Error for InvalidRate {}
