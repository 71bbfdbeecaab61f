//! The series of one task type.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use once_cell::race::OnceBox;

use super::{Shared, TaskTotals, family::Family};
use crate::builtin::{Budget, Bundle, BundlesByPoint, DimensionPoint, Dimensions, Families, Group};
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
    /// Where that is measured.
    queue: OnceBox<HistogramCells>,
    /// Millionths of a millionth of a USD: spent after a task's end, then in vain by status.
    lost: CellRange,
    /// The reading of the clock at which a task last succeeded: 0 before the first.
    last_success: CellRange,
    /// Such a reading, and the Unix time that it was taken for: clocks drift apart, and what has been shown stays.
    last_shown: Mutex<(u64, f64)>,
    task_type: Box<str>,
    labels: RenderedLabels,
    points: BundlesByPoint<Self>,
    shared: Arc<Shared>,
}

/// Cells of [`TaskSeries::lost`]: the late ones, and a status's.
const LATE: usize = 0;
const WASTED: usize = 1;

const IN: &[(&str, &str)] = &[("direction", "input")];
const OUT: &[(&str, &str)] = &[("direction", "output")];

impl ReportsFaults for TaskSeries {
    fn faults(&self) -> &FaultReporter {
        &self.shared.faults
    }
}

impl Bundle for TaskSeries {
    fn group(families: &Families) -> &impl Group<Self> {
        &*families.tasks
    }

    fn dimensions(&self) -> &Arc<Dimensions> {
        &self.shared.dimensions
    }

    #[inline]
    fn points(&self) -> &BundlesByPoint<Self> {
        &self.points
    }

    fn made_at(&self, point: DimensionPoint) -> Self {
        Self::new(&self.task_type, point, self.shared.clone())
    }
}

impl TaskSeries {
    pub(super) fn new(task_type: &str, point: DimensionPoint, shared: Arc<Shared>) -> Self {
        let row = |shape: &HistogramShape| HistogramCells::new(shape.cells_per_series());
        Self {
            calls: HistogramCells::new(shared.calls.cells_per_series()),
            steps: row(&shared.steps),
            input_tokens: row(&shared.tokens),
            output_tokens: row(&shared.tokens),
            cost: row(&shared.cost),
            tool_calls: row(&shared.tool_calls),
            distinct_tools: row(&shared.distinct_tools),
            queue: OnceBox::new(),
            lost: CellRange::new(WASTED + TASK.names.len()),
            last_success: CellRange::new(1),
            last_shown: Mutex::default(),
            task_type: task_type.into(),
            labels: shared.dimensions.render(("task_type", task_type), point),
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

    /// A budget that a task of this type spends from is shown where it records.
    pub(crate) fn expose_budget(&self, budget: &Budget) {
        self.shared.budgets.show(budget);
    }

    /// Whether the time is measured that futures wait for their first poll.
    #[inline]
    pub(crate) fn measures_queue(&self) -> bool {
        self.shared.queue.is_some()
    }

    /// Observes how long a future waited for its first poll.
    pub(crate) fn observe_queue(&self, ticks: u64) {
        if let Some(shape) = &self.shared.queue {
            let row = self.queue.get_or_init(|| Box::new(HistogramCells::new(shape.cells_per_series())));
            shape.observe_ticks(row, ticks);
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

    /// Observes what a task did that ended so; its money in millionths of a millionth of a USD.
    #[inline(never)] // One copy for all tracked functions.
    pub(crate) fn observe_totals(
        &self,
        status: Status,
        totals: &TaskTotals,
        pico_usd: u64,
        own_pico_usd: u64,
    ) {
        let shared = &*self.shared;
        if totals.steps > 0 {
            self.observe_steps(totals.steps);
        }
        shared.tokens.observe_integer(&self.input_tokens, totals.input_tokens);
        shared.tokens.observe_integer(&self.output_tokens, totals.output_tokens);
        shared.cost.observe_pico_usd(&self.cost, pico_usd);
        shared.tool_calls.observe_integer(&self.tool_calls, totals.tool_calls);
        shared.distinct_tools.observe_integer(&self.distinct_tools, totals.distinct_tools);
        if status != Status::Success && own_pico_usd > 0 {
            self.lost.cells(0).add(WASTED + TASK.place(status), own_pico_usd);
        }
    }

    /// Records it as the conventions of OpenTelemetry have it, if that is asked for: how many calls of models and of tools
    /// it made itself.
    pub(crate) fn record_agent(&self, status: Status, ticks: u64, calls: impl FnOnce() -> [u64; 2]) {
        if let Some(otel) = &self.shared.otel {
            let [inferences, tools] = calls();
            otel.record_agent(&self.task_type, status, ticks, inferences, tools);
        }
    }

    /// Its task type.
    pub(crate) fn task_type(&self) -> &str {
        &self.task_type
    }

    /// Adds what was spent after a task's end.
    #[cold]
    pub(crate) fn add_late(&self, pico_usd: u64) {
        self.lost.cells(0).add(LATE, pico_usd);
    }

    #[inline]
    pub(crate) fn observe_steps(&self, steps: u64) {
        if steps <= MAX_EXACT_INTEGER {
            self.shared.steps.observe_integer(&self.steps, steps);
        } else {
            self.shared.refused.cells(0).add(0, 1);
        }
    }

    /// `oldest` is for how many nanoseconds the oldest task in flight has run.
    pub(super) fn show(&self, family: Family, oldest: Option<u64>, visitor: &mut dyn Visitor) {
        let shared = &*self.shared;
        let labels = Labels::new(&self.labels);
        match family {
            Family::Tasks => shared.calls.show_ended(&self.calls, 0, &self.labels, visitor),
            Family::Duration => shared.calls.show_durations(&self.calls, 0, &self.labels, visitor),
            Family::Steps => shared.steps.show_at(&self.steps, 0, labels, visitor),
            Family::Tokens => {
                for (more, row) in [(IN, &self.input_tokens), (OUT, &self.output_tokens)] {
                    shared.tokens.show_at(row, 0, Labels::with(&self.labels, more), visitor);
                }
            }
            Family::Cost => shared.cost.show_at(&self.cost, 0, labels, visitor),
            Family::ToolCalls => shared.tool_calls.show_at(&self.tool_calls, 0, labels, visitor),
            Family::DistinctTools => shared.distinct_tools.show_at(&self.distinct_tools, 0, labels, visitor),
            Family::WastedCost => self.show_wasted(visitor),
            Family::LateCost => visitor.sample(labels, Number::Float(self.lost.read(LATE) as f64 / 1e12)),
            Family::OldestInFlight => {
                if let Some(nanos) = oldest {
                    visitor.sample(labels, Number::Nanos(nanos));
                }
            }
            Family::LastSuccess => {
                let reading = self.last_success.read_max(0);
                if reading > 0 {
                    let mut shown = self.last_shown.lock().unwrap_or_else(PoisonError::into_inner);
                    if shown.0 != reading {
                        *shown = (reading, unix_time(Ticks::from_reading(reading)));
                    }
                    visitor.sample(labels, Number::Float(shown.1));
                }
            }
            Family::Queue => {
                if let (Some(shape), Some(row)) = (&shared.queue, self.queue.get()) {
                    shape.show_at(row, 0, labels, visitor);
                }
            }
            Family::Active | Family::CompletionRate => {}
        }
    }

    fn show_wasted(&self, visitor: &mut dyn Visitor) {
        for (place, status) in TASK.names.iter().copied().enumerate().skip(1) {
            let usd = Number::Float(self.lost.read(WASTED + place) as f64 / 1e12);
            visitor.sample(Labels::with(&self.labels, &[("status", status)]), usd);
        }
    }
}

/// A reading of the clock as Unix time, to a tenth of a second.
fn unix_time(reading: Ticks) -> f64 {
    let ago = Duration::from_nanos(clock::nanos(clock::now().since(reading)));
    let then = SystemTime::now().checked_sub(ago).and_then(|then| then.duration_since(UNIX_EPOCH).ok());
    (then.unwrap_or_default().as_secs_f64() * 10.0).round() / 10.0
}
