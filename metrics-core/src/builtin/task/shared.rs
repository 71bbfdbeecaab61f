//! The parts that all task types share.

use std::sync::Arc;

use super::observers::TaskObservers;
use crate::builtin::budget::Budgets;
use crate::builtin::completion::{Completion, Totals};
use crate::builtin::dimensions::Dimensions;
use crate::builtin::otel::Otel;
use crate::clock::Ticks;
use crate::faults::FaultReporter;
use crate::metric::{CallShape, HistogramShape};
use crate::status::Status;
use crate::storage::{CellRange, ShardHandle};

/// The shapes, totals and collaborators that all task types share.
pub(super) struct Shared {
    pub(super) calls: CallShape,
    pub(super) steps: HistogramShape,
    pub(super) tokens: HistogramShape,
    pub(super) cost: HistogramShape,
    pub(super) tool_calls: HistogramShape,
    pub(super) distinct_tools: HistogramShape,
    /// Present only with `task_queue_duration()`.
    pub(super) queue: Option<HistogramShape>,
    /// Counts of tasks, at the indices below.
    pub(super) totals: CellRange,
    pub(super) completion: Completion,
    /// The number of refused step counts, which were too large.
    pub(super) refused: CellRange,
    pub(super) dimensions: Arc<Dimensions>,
    pub(super) budgets: Arc<Budgets>,
    pub(super) otel: Option<Arc<Otel>>,
    pub(super) observers: TaskObservers,
    pub(super) faults: Arc<FaultReporter>,
}

/// Cells of [`Shared::totals`]: root tasks that ended and that started, tasks that count for the completion rate, and the
/// successful ones among the latter.
pub(super) const ROOTS_ENDED: usize = 0;
pub(super) const ROOTS_STARTED: usize = 1;
pub(super) const COUNTED: usize = 2;
pub(super) const SUCCEEDED: usize = 3;

impl Shared {
    #[inline]
    pub(super) fn add_root(&self, writer: ShardHandle) {
        self.totals.add(writer, ROOTS_STARTED, 1);
    }

    #[inline]
    pub(super) fn end(&self, writer: ShardHandle, root: bool, status: Status, end: Ticks) {
        self.completion.record(end, || self.totals());
        let add = |cell, condition: bool| self.totals.add(writer, cell, u64::from(condition));
        add(ROOTS_ENDED, root);
        add(COUNTED, status != Status::Cancelled);
        add(SUCCEEDED, status == Status::Success);
    }

    pub(super) fn totals(&self) -> Totals {
        Totals { succeeded: self.totals.read(SUCCEEDED), counted: self.totals.read(COUNTED) }
    }
}
