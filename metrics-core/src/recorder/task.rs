//! One task.

use std::sync::Arc;

use super::call::{Elapsed, Observed};
use super::scope;
use super::{Label, Scope, Site};
use crate::families::{Held, Hold, TaskSeries};
use crate::faults::{Faults, Watched};
use crate::instance::AgentMetrics;
use crate::ledger::{self, Ledger};
use crate::plane::Writer;
use crate::status::Status;

/// A call of a task.
pub struct TaskCall<H = Held<TaskSeries>> {
    series: H,
    /// Its own totals while it waits; while it runs, those of the task around it.
    ledger: Option<Arc<Ledger>>,
}

impl<H> TaskCall<H> {
    #[inline]
    fn of(series: H) -> Self {
        Self { series, ledger: None }
    }
}

impl TaskCall {
    pub(crate) fn by_hand(metrics: &AgentMetrics, task_type: &str) -> Self {
        Self::of(scope::held(metrics, task_type))
    }
}

/// The call of a tracked function.
#[inline]
pub fn task<M: Scope>(site: &'static Site, metrics: M, label: Label<'_>) -> TaskCall<M::Held<TaskSeries>> {
    TaskCall::of(metrics.hold(site, &site.task, label))
}

impl<H: Hold<TaskSeries>> Watched for TaskCall<H> {
    #[inline]
    fn faults(&self) -> &Faults {
        self.series.faults()
    }
}

impl<H: Hold<TaskSeries>> Observed for TaskCall<H> {
    #[inline]
    fn start(&mut self, writer: Writer) {
        let ledger = Ledger::begin(self.series.keep());
        self.series.start(writer, ledger.is_root());
        self.ledger = Some(ledger);
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
    fn end(&mut self, writer: Writer, status: Status, elapsed: Elapsed) {
        let Some(ledger) = self.ledger.take() else { return };
        self.series.observe_totals(status, &ledger.totals(), ledger.pico_usd(), ledger.own_pico_usd());
        self.series.end(writer, ledger.is_root(), status, elapsed.ticks(), elapsed.end());
        ledger.end();
    }
}
