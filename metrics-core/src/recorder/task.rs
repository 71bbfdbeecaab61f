//! One task.

use super::call::{Elapsed, Observed};
use super::{Label, Site, Status};
use crate::families::{Held, TaskSeries, find};
use crate::ledger::{self, Ledger};
use crate::registry::{AgentMetrics, global_of};

/// A call of a task.
pub struct TaskCall {
    series: Held<TaskSeries>,
    /// Its own totals while it waits; while it runs, those of the task around it.
    ledger: Option<Ledger>,
    root: bool,
}

impl TaskCall {
    fn of(series: Held<TaskSeries>) -> Self {
        Self { series, ledger: Some(Ledger::default()), root: true }
    }

    pub(crate) fn by_hand(metrics: &AgentMetrics, task_type: &str) -> Self {
        Self::of(Held::of(metrics, task_type))
    }
}

/// The call of a tracked function.
#[inline]
pub fn task(site: &'static Site, metrics: Option<&AgentMetrics>, label: Label<'_>) -> TaskCall {
    TaskCall::of(match metrics {
        None => Held::Static(site.task.resolve(label, |text| find(global_of(site), text))),
        Some(metrics) => Held::of(metrics, label.text()),
    })
}

impl Observed for TaskCall {
    #[inline]
    fn start(&mut self) {
        self.root = !ledger::in_task();
        self.series.start(self.root);
    }

    #[inline]
    fn enter(&mut self) {
        ledger::swap(&mut self.ledger);
    }

    #[inline]
    fn leave(&mut self) {
        ledger::swap(&mut self.ledger);
    }

    #[inline]
    fn end(&mut self, status: Status, elapsed: Elapsed) {
        let steps = self.ledger.map_or(0, Ledger::steps);
        if steps > 0 {
            self.series.observe_steps(u64::from(steps));
        }
        self.series.end(self.root, status, elapsed.nanos(), elapsed.end());
    }
}
