//! Tasks.

use std::sync::Arc;
use std::time::Duration;

use super::call::{CallRecorder, Elapsed, guard};
use super::held::{BundleHandle, HoldsBundle, WithBudget, WithDimensions};
use super::ledger::{self, Ledger};
use super::nesting;
use super::scope;
use super::{CallLabel, Scope, Site};
use crate::builtin::{Budget, DimensionValue, EndedTask, InFlight, LabelText, TaskSeries, TaskTotals};
use crate::clock::{self, Ticks};
use crate::faults::{FaultReporter, ReportsFaults};
use crate::instance::AgentMetrics;
use crate::pricing::amount::from_pico_usd;
use crate::status::Status;
use crate::storage::ShardHandle;

/// One task.
pub struct TaskCall<H = BundleHandle<TaskSeries>>(Stage<H>);

enum Stage<H> {
    New(H),
    /// Holds the ledger, which has the series, while the task waits. While its body runs, it holds the ledger of the
    /// enclosing task.
    Begun(Option<Arc<Ledger>>),
}

impl TaskCall {
    pub(crate) fn by_hand(metrics: &AgentMetrics, task_type: &str) -> Self {
        Self(Stage::New(scope::held(metrics, LabelText::AtRuntime(task_type))))
    }
}

/// Creates the call of a tracked function.
#[inline]
pub fn task<M: Scope>(
    site: &'static Site,
    metrics: M,
    label: CallLabel<'_>,
) -> TaskCall<M::BundleHandle<TaskSeries>> {
    TaskCall(Stage::New(metrics.hold(site, &site.task, label)))
}

impl<H: HoldsBundle<TaskSeries>> TaskCall<H> {
    fn holding<I>(self, hold: impl FnOnce(H) -> I) -> TaskCall<I> {
        TaskCall(match self.0 {
            Stage::New(series) => Stage::New(hold(series)),
            Stage::Begun(ledger) => Stage::Begun(ledger),
        })
    }

    /// Sets the dimension values of the task.
    pub fn in_dimensions(self, values: &[DimensionValue]) -> TaskCall<WithDimensions<H>> {
        self.holding(|series| WithDimensions::new(series, values))
    }

    /// Sets the budget that the task spends from.
    pub fn with_budget(self, budget: &Budget) -> TaskCall<WithBudget<H>> {
        let budget = budget.clone();
        self.holding(|series| WithBudget::new(series, budget))
    }
}

impl<H: HoldsBundle<TaskSeries>> ReportsFaults for TaskCall<H> {
    #[inline]
    fn faults(&self) -> &FaultReporter {
        match &self.0 {
            Stage::New(series) => series.faults(),
            Stage::Begun(Some(ledger)) => ledger.series().map_or(&SILENT, |series| series.faults()),
            Stage::Begun(None) => &SILENT,
        }
    }
}

/// Reports the faults of a task whose ledger is gone, as it may be while the locals of a thread are being destroyed.
static SILENT: FaultReporter = FaultReporter::silent();

impl<H: HoldsBundle<TaskSeries>> CallRecorder for TaskCall<H> {
    #[inline]
    fn start(&mut self, writer: ShardHandle) {
        if let Stage::New(series) = &mut self.0 {
            series.place(ledger::point);
            let ledger = Ledger::begin(series.keep(), series.budget());
            series.start(writer, ledger.is_root());
            self.0 = Stage::Begun(Some(ledger));
        }
    }

    #[inline]
    fn made(&self) -> Ticks {
        match &self.0 {
            Stage::New(series) if series.measures_queue() => clock::now(),
            _ => Ticks::default(),
        }
    }

    #[inline]
    fn started(&mut self, at: Ticks, made: Ticks) {
        let Stage::Begun(Some(ledger)) = &mut self.0 else { return };
        if made != Ticks::default()
            && let Some(series) = ledger.series()
        {
            series.observe_queue(at.since(made));
        }
        Ledger::note_begin(ledger, at);
        if let Some(series) = ledger.series() {
            series.observers().start(ledger, series.task_type(), at, ledger.is_root());
        }
    }

    #[inline]
    fn enter(&mut self) {
        nesting::enter();
        if let Stage::Begun(ledger) = &mut self.0 {
            ledger::swap(ledger);
        }
    }

    #[inline]
    fn leave(&mut self) {
        nesting::leave();
        if let Stage::Begun(ledger) = &mut self.0 {
            ledger::swap(ledger);
        }
    }

    #[inline]
    fn end(&mut self, writer: ShardHandle, status: Status, elapsed: Elapsed) {
        let Stage::Begun(ledger) = &mut self.0 else { return };
        let Some(ledger) = ledger.take() else { return };
        let own_pico_usd = ledger.end();
        if let Some(series) = ledger.series() {
            let totals = ledger.totals_with(own_pico_usd);
            series.observe_totals(status, &totals, from_pico_usd(own_pico_usd));
            series.record_agent(status, elapsed.ticks(), || [ledger.inferences(), ledger.own_tool_calls()]);
            series.end(writer, ledger.is_root(), status, elapsed.ticks(), elapsed.end());
            series.observers().end(&ledger, || ended(&ledger, totals, status, elapsed), series.faults());
        }
        ledger.recycle();
    }
}

/// Describes a task that has ended.
fn ended(ledger: &Ledger, totals: TaskTotals, status: Status, elapsed: Elapsed) -> EndedTask {
    EndedTask {
        task_type: ledger.series().map_or("", |series| series.task_type()).to_owned(),
        status,
        duration: Duration::from_nanos(clock::nanos(elapsed.ticks())),
        totals,
        is_root: ledger.is_root(),
    }
}

impl InFlight for Ledger {
    fn totals_so_far(&self) -> TaskTotals {
        self.totals()
    }
}

impl AgentMetrics {
    /// Calls `hook` at the end of every task from now on, with its status, its duration and its totals.
    ///
    /// The hook runs on the thread on which the task ends, after the task has been recorded, and delays that thread. A panic
    /// of the hook is reported to the fault hook and does not reach the task. It is called until the instance is dropped.
    ///
    /// ```
    /// use agent_metrics::{AgentMetrics, Status};
    ///
    /// let metrics = AgentMetrics::builder().build()?;
    /// metrics.on_task_end(|task| {
    ///     println!("{} ended with {} for {} USD", task.task_type, task.status, task.totals.cost_usd);
    /// });
    /// metrics.track_task("search").finish(Status::Success);
    /// # Ok::<(), agent_metrics::BuildError>(())
    /// ```
    pub fn on_task_end(&self, hook: impl Fn(&EndedTask) + Send + Sync + 'static) {
        self.families_ref().tasks.observers().add_hook(hook);
    }
}

guard! {
    /// A task that is recorded by hand: it lasts from [`track_task`](AgentMetrics::track_task) to
    /// [`finish`](Self::finish).
    TaskGuard [] [] TaskCall
}

debug_by_name! { TaskCall [H] [H]; }
