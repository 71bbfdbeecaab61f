//! The series of one task type.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use once_cell::race::OnceBox;

use super::family::{TASK_TYPE, TaskFamily};
use super::observers::TaskObservers;
use super::shared::Shared;
use super::totals::TaskTotals;
use crate::builtin::{Budget, BundlesByPoint, DimensionPoint, DimensionedBundle, Dimensions};
use crate::clock::{self, Ticks};
use crate::faults::{FaultReporter, ReportsFaults};
use crate::label::{Labels, RenderedLabels};
use crate::metric::{CallShape, HistogramCells, HistogramShape};
use crate::sample::{MAX_EXACT_INTEGER, Number, Visitor};
use crate::status::{Status, TASK};
use crate::storage::{CellRange, Cells, ShardHandle};

/// The series of one task type.
pub struct TaskSeries {
    calls: HistogramCells,
    steps: HistogramCells,
    input_tokens: HistogramCells,
    output_tokens: HistogramCells,
    cost: HistogramCells,
    tool_calls: HistogramCells,
    distinct_tools: HistogramCells,
    /// Created with the first observation, so that it takes no storage where the time is not measured.
    queue: OnceBox<HistogramCells>,
    /// Costs in USD, at the indices below.
    costs: CellRange,
    /// The reading of the monotonic clock at which a task last succeeded; 0 before the first success.
    last_success: CellRange,
    /// The reading that was last converted, and the Unix time shown for it. The monotonic clock and the wall clock drift apart,
    /// so that a second conversion of the same reading could differ: the first result is kept until the reading changes.
    last_shown: Mutex<(u64, f64)>,
    task_type: Box<str>,
    labels: RenderedLabels,
    points: BundlesByPoint<Self>,
    shared: Arc<Shared>,
}

/// Cells of [`TaskSeries::costs`]: the cost that arrived after a task's end, then the cost of the tasks with each status,
/// without the tasks inside them.
const LATE: usize = 0;
const OWN: usize = 1;

const IN: &[(&str, &str)] = &[("direction", "input")];
const OUT: &[(&str, &str)] = &[("direction", "output")];

impl ReportsFaults for TaskSeries {
    fn faults(&self) -> &FaultReporter {
        &self.shared.faults
    }
}

impl DimensionedBundle for TaskSeries {
    fn dimensions(&self) -> &Arc<Dimensions> {
        &self.shared.dimensions
    }

    #[inline]
    fn points(&self) -> &BundlesByPoint<Self> {
        &self.points
    }

    fn create_at(&self, point: DimensionPoint) -> Self {
        Self::new(&self.task_type, point, self.shared.clone())
    }
}

impl TaskSeries {
    pub(super) fn new(task_type: &str, point: DimensionPoint, shared: Arc<Shared>) -> Self {
        let cells = |shape: &HistogramShape| HistogramCells::new(shape.cells_per_series());
        Self {
            calls: HistogramCells::new(shared.calls.cells_per_series()),
            steps: cells(&shared.steps),
            input_tokens: cells(&shared.tokens),
            output_tokens: cells(&shared.tokens),
            cost: cells(&shared.cost),
            tool_calls: cells(&shared.tool_calls),
            distinct_tools: cells(&shared.distinct_tools),
            queue: OnceBox::new(),
            costs: CellRange::new(OWN + TASK.names.len()),
            last_success: CellRange::new(1),
            last_shown: Mutex::default(),
            task_type: task_type.into(),
            labels: shared.dimensions.render((TASK_TYPE.name, task_type), point),
            points: BundlesByPoint::new(point, &shared.dimensions),
            shared,
        }
    }

    #[inline]
    pub(crate) fn start(&self, writer: ShardHandle, root: bool) {
        CallShape::start(writer, &self.calls, 0);
        if root {
            self.shared.add_root(writer);
        }
    }

    /// Exposes a budget that tasks of this type spend from, in the instance to which this series belongs.
    pub(crate) fn expose_budget(&self, budget: &Budget) {
        self.shared.budgets.expose(budget);
    }

    /// Returns whether the time from a future's creation to its first poll is measured.
    #[inline]
    pub(crate) fn measures_queue(&self) -> bool {
        self.shared.queue.is_some()
    }

    /// Observes the time from a future's creation to its first poll.
    pub(crate) fn observe_queue(&self, ticks: u64) {
        if let Some(shape) = &self.shared.queue {
            let cells = self.queue.get_or_init(|| Box::new(HistogramCells::new(shape.cells_per_series())));
            shape.observe_ticks(cells, ticks);
        }
    }

    #[inline(never)] // One copy for all tracked functions, its arguments in registers.
    pub(crate) fn end(&self, writer: ShardHandle, root: bool, status: Status, ticks: u64, end: Ticks) {
        self.shared.end(writer, root, status, end);
        if status == Status::Success {
            self.last_success.in_shard(writer, 0).raise(0, end.reading());
        }
        self.shared.calls.end(writer, &self.calls, 0, TASK.place(status), ticks);
    }

    /// Observes the totals of a task that ended with `status`. `own_usd` is the cost without the tasks inside it.
    #[inline(never)] // One copy for all tracked functions.
    pub(crate) fn observe_totals(&self, status: Status, totals: &TaskTotals, own_usd: f64) {
        let shared = &*self.shared;
        if totals.steps > 0 {
            self.observe_steps(totals.steps);
        }
        shared.tokens.observe_integer(&self.input_tokens, totals.input_tokens);
        shared.tokens.observe_integer(&self.output_tokens, totals.output_tokens);
        shared.cost.observe(&self.cost, 0, totals.cost_usd);
        shared.tool_calls.observe_integer(&self.tool_calls, totals.tool_calls);
        shared.distinct_tools.observe_integer(&self.distinct_tools, totals.distinct_tools);
        if own_usd > 0.0 {
            self.costs.cells(0).add_f64(OWN + TASK.place(status), own_usd);
        }
    }

    /// Records the task under OpenTelemetry's names, where a profile exposes them. `calls` returns the number of LLM calls and
    /// of tool calls that the task made itself.
    pub(crate) fn record_agent(&self, status: Status, ticks: u64, calls: impl FnOnce() -> [u64; 2]) {
        if let Some(otel) = &self.shared.otel {
            let [inferences, tools] = calls();
            otel.record_agent(&self.task_type, status, ticks, inferences, tools);
        }
    }

    /// The observers of the tasks of the instance.
    #[inline]
    pub(crate) fn observers(&self) -> &TaskObservers {
        &self.shared.observers
    }

    pub(crate) fn task_type(&self) -> &str {
        &self.task_type
    }

    /// Adds a cost that arrived after the end of its task, such as that of a stream that outlives it. The task's histograms
    /// have been observed by then, so that this cost is in a counter of its own.
    #[cold]
    pub(crate) fn add_late(&self, usd: f64) {
        self.costs.cells(0).add_f64(LATE, usd);
    }

    #[inline]
    pub(crate) fn observe_steps(&self, steps: u64) {
        if steps <= MAX_EXACT_INTEGER {
            self.shared.steps.observe_integer(&self.steps, steps);
        } else {
            self.shared.refused.cells(0).add(0, 1);
        }
    }

    /// Shows one family. `oldest` is the age in nanoseconds of the oldest task in flight.
    pub(super) fn show(&self, family: TaskFamily, oldest: Option<u64>, visitor: &mut dyn Visitor) {
        let shared = &*self.shared;
        let labels = Labels::new(&self.labels);
        match family {
            TaskFamily::Ended => shared.calls.show_ended(&self.calls, 0, &self.labels, visitor),
            TaskFamily::Duration => shared.calls.show_durations(&self.calls, 0, &self.labels, visitor),
            TaskFamily::Steps => shared.steps.show_at(&self.steps, 0, labels, visitor),
            TaskFamily::Tokens => {
                for (more, cells) in [(IN, &self.input_tokens), (OUT, &self.output_tokens)] {
                    shared.tokens.show_at(cells, 0, Labels::with(&self.labels, more), visitor);
                }
            }
            TaskFamily::Cost => shared.cost.show_at(&self.cost, 0, labels, visitor),
            TaskFamily::ToolCalls => shared.tool_calls.show_at(&self.tool_calls, 0, labels, visitor),
            TaskFamily::DistinctTools => {
                shared.distinct_tools.show_at(&self.distinct_tools, 0, labels, visitor);
            }
            TaskFamily::WastedCost => self.show_wasted(visitor),
            TaskFamily::LateCost => visitor.sample(labels, Number::Float(self.costs.read_f64(LATE))),
            TaskFamily::OwnCost => {
                let by_status = (0..TASK.names.len()).map(|status| self.costs.read_f64(OWN + status));
                visitor.sample(labels, Number::Float(by_status.sum()));
            }
            TaskFamily::OldestInFlight => {
                if let Some(nanos) = oldest {
                    visitor.sample(labels, Number::Nanos(nanos));
                }
            }
            TaskFamily::LastSuccess => {
                let reading = self.last_success.read_max(0);
                if reading > 0 {
                    let mut shown = self.last_shown.lock().unwrap_or_else(PoisonError::into_inner);
                    if shown.0 != reading {
                        *shown = (reading, unix_time(Ticks::from_reading(reading)));
                    }
                    visitor.sample(labels, Number::Float(shown.1));
                }
            }
            TaskFamily::Queue => {
                if let (Some(shape), Some(cells)) = (&shared.queue, self.queue.get()) {
                    shape.show_at(cells, 0, labels, visitor);
                }
            }
            TaskFamily::Active | TaskFamily::CompletionRate => {}
        }
    }

    fn show_wasted(&self, visitor: &mut dyn Visitor) {
        for (place, status) in TASK.names.iter().copied().enumerate().skip(1) {
            let usd = Number::Float(self.costs.read_f64(OWN + place));
            visitor.sample(Labels::with(&self.labels, &[("status", status)]), usd);
        }
    }
}

/// Converts a reading of the monotonic clock to Unix time, to a tenth of a second.
fn unix_time(reading: Ticks) -> f64 {
    let ago = Duration::from_nanos(clock::nanos(clock::now().since(reading)));
    let then = SystemTime::now().checked_sub(ago).and_then(|then| then.duration_since(UNIX_EPOCH).ok());
    (then.unwrap_or_default().as_secs_f64() * 10.0).round() / 10.0
}

impl std::fmt::Debug for TaskSeries {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TaskSeries")
            .field("task_type", &self.task_type)
            .field("point", &self.points.point())
            .finish_non_exhaustive()
    }
}
