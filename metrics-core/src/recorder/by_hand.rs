//! Recording by hand: what the attributes do, as plain calls.

use std::fmt;
use std::time::Duration;

use super::held::HoldsBundle as _;
use super::ledger;
use super::scope::held;
use super::{Guard, LlmCall, RequestGuard, TaskCall, ToolCall};
use crate::builtin::{
    Budget, CacheLabels, CacheResult, CallFacts, LabelText, LlmSeries, MemoryLabels, TaskSeries, ToolSeries,
    to_pico_usd,
};
use crate::clock;
use crate::error::Fault;
use crate::instance::AgentMetrics;
use crate::label::Bounded;
use crate::metric::InvalidFact;
use crate::status::Status;
use crate::storage;
use crate::usage::Usage;

impl AgentMetrics {
    /// Starts a task, which ends with its guard.
    ///
    /// A guard does not enter the task: what runs meanwhile is not added to it. A function with
    /// `#[track_task]` does.
    pub fn track_task(&self, task_type: &str) -> Guard<TaskCall> {
        Guard::start(TaskCall::by_hand(self, task_type))
    }

    /// Starts a call of a tool, which ends with its guard.
    pub fn track_tool(&self, tool_name: &str) -> Guard<ToolCall> {
        Guard::start(ToolCall::by_hand(self, tool_name))
    }

    /// Starts a call of a model, which ends with its guard.
    pub fn track_llm(&self, model: &str) -> Guard<LlmCall> {
        Guard::start(LlmCall::by_hand(self, model))
    }

    /// Starts the answer to an HTTP request, which ends with its guard. `endpoint` is the route's
    /// template (`/tasks/{id}`), not the path.
    pub fn track_request(&self, method: &str, endpoint: &str) -> RequestGuard {
        RequestGuard::new(self.families_ref().clone(), method, endpoint)
    }

    /// Records an LLM call that has ended. Without a usage no tokens are observed; one that no call
    /// can have is cut to size, and counted in `agent_llm_usage_anomalies_total`. A duration over a year
    /// counts as a year.
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
        if !ledger::add_llm_call() {
            series.add_orphan(writer);
        }
        let facts = CallFacts::of(usage.into());
        ledger::add_spent(series.end(writer, status, ticks(duration), &facts));
    }

    /// Records a call of a tool that has ended. A duration over a year counts as a year.
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

    /// Adds what a tool cost, in USD. An amount that is negative, not a number or past 1e300 is refused,
    /// and counted in `agent_metrics_refused_observations_total`.
    pub fn record_tool_cost_usd(&self, usd: f64) {
        let cost = &self.families_ref().tool_cost;
        cost.add(usd, ledger::point(cost.dimensions()));
        ledger::add_tool_cost(usd);
    }

    /// Records how many steps a task took, where no `#[track_step]` counts them.
    pub fn record_agent_steps(&self, task_type: &str, steps: u64) {
        let mut series = held::<TaskSeries>(self, LabelText::AtRuntime(task_type));
        series.place(ledger::point);
        series.observe_steps(steps);
    }

    /// Shows a budget before the first task that spends from it, which shows it as well. Of two with one name the first
    /// is shown.
    pub fn expose_budget(&self, budget: &Budget) {
        self.families_ref().budgets.expose(budget);
    }

    /// Adds to a budget what was spent elsewhere, in USD: what no tracked call or tool tells. Where each task has the
    /// limit for itself it is no task's. An amount that is negative or not a number is ignored.
    pub fn record_budget_spent_usd(&self, budget: &Budget, usd: f64) {
        self.expose_budget(budget);
        let Some(pico) = to_pico_usd(usd) else { return };
        // Nobody's task passes anything by it.
        if let Some(spent) = budget.charge(pico, u64::MAX, false) {
            self.families_ref().faults.report(&Fault::BudgetNearlySpent(spent));
        }
    }

    /// Records a look-up in a cache.
    pub fn record_cache_result(&self, hit: bool) {
        let result = if hit { CacheResult::Hit } else { CacheResult::Miss };
        self.families_ref().business.cache.with(CacheLabels { result }).inc();
    }

    /// Sets the completion rate of a window (`1h`, `24h` or `7d`), 0 to 1. It is no longer computed
    /// for that window.
    ///
    /// # Errors
    /// An unknown window, or a rate that is none.
    pub fn update_completion_rate(&self, window: &str, rate: f64) -> Result<(), InvalidRate> {
        if (0.0..=1.0).contains(&rate) && self.families_ref().tasks.set_completion_rate(window, rate) {
            return Ok(());
        }
        Err(InvalidRate { window: window.to_owned(), rate })
    }

    /// Records a user's score, 1 to 5.
    pub fn record_user_satisfaction(&self, score: f64) {
        self.families_ref().business.satisfaction.with(()).observe(score);
    }

    /// Sets how many entries the agent's memory of a type has. Past 64 types they are one.
    pub fn set_memory_entries(&self, memory_type: &str, entries: u64) {
        let labels = MemoryLabels { memory_type: Bounded::from(memory_type) };
        self.families_ref().business.memory.with(labels).set(entries as f64);
    }

    /// States facts about the application, as the labels of `agent_app_info`.
    ///
    /// # Errors
    /// A name that is no label, is repeated, or is that of a constant label; the facts stay as they were.
    pub fn set_app_info(&self, facts: &[(&str, &str)]) -> Result<(), InvalidFact> {
        self.families_ref().business.app.set(facts)
    }
}

/// The longest duration of a call: a nonsense one must not make the sum of all wrap.
const LONGEST: Duration = Duration::from_secs(366 * 86_400);

fn ticks(duration: Duration) -> u64 {
    clock::ticks(duration.min(LONGEST))
}

/// A completion rate that cannot be set.
#[derive(Clone, PartialEq, Debug)]
#[non_exhaustive]
pub struct InvalidRate {
    /// The window as given.
    pub window: String,
    /// The rate as given.
    pub rate: f64,
}

impl fmt::Display for InvalidRate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { window, rate } = self;
        write!(
            f,
            "completion rate {rate} of window `{window}`: the window is `1h`, `24h` or `7d`, the rate 0 to 1"
        )
    }
}

impl std::error::Error for InvalidRate {}
