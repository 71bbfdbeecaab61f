//! Tasks.

mod family;
mod series;

use std::collections::HashMap;
use std::sync::Arc;

use super::completion::{Completion, Totals};
use super::{
    Budgets, DimensionPoint, Dimensions, EnabledFamilies, FamilyId as _, Group, Otel, Settings, Table,
};
use crate::clock::{self, Ticks};
use crate::faults::FaultReporter;
use crate::label::{Interner, Labels};
use crate::metric::{CallShape, HistogramShape, in_flight};
use crate::sample::{FamilyInfo, Number, Source, Visitor};
use crate::status::{Status, TASK};
use crate::storage::{CellRange, ShardHandle, start_times as storage_start_times};
pub(crate) use family::{TASK_TYPE, TaskFamily};
pub use series::TaskSeries;

pub(crate) struct Tasks {
    table: Table<TaskSeries>,
    shared: Arc<Shared>,
    families: EnabledFamilies<TaskFamily>,
}

/// The running totals of a task, with the tasks in it.
#[derive(Clone, Copy, PartialEq, Default, Debug)]
#[non_exhaustive]
pub struct TaskTotals {
    /// Input tokens of LLM calls.
    pub input_tokens: u64,
    /// Output tokens of LLM calls.
    pub output_tokens: u64,
    /// The part of the input tokens that was read from a provider's cache.
    pub cache_read_tokens: u64,
    /// The cost of LLM calls and tools in USD.
    pub cost_usd: f64,
    /// Tool calls.
    pub tool_calls: u64,
    /// The number of different tools that were called, up to 576.
    pub distinct_tools: u64,
    /// Steps of the task itself, without those of the tasks in it.
    pub steps: u64,
}

/// The shapes, totals and collaborators that all task types share.
struct Shared {
    calls: CallShape,
    steps: HistogramShape,
    tokens: HistogramShape,
    cost: HistogramShape,
    tool_calls: HistogramShape,
    distinct_tools: HistogramShape,
    /// Present only with `task_queue_duration()`.
    queue: Option<HistogramShape>,
    /// Counts of tasks, at the indices below.
    totals: CellRange,
    completion: Completion,
    /// The number of refused step counts, which were too large.
    refused: CellRange,
    dimensions: Arc<Dimensions>,
    budgets: Arc<Budgets>,
    otel: Option<Arc<Otel>>,
    faults: Arc<FaultReporter>,
}

/// Cells of [`Shared::totals`]: root tasks that ended and that started, tasks that count for the completion rate, and the
/// successful ones among the latter.
const ROOTS_ENDED: usize = 0;
const ROOTS_STARTED: usize = 1;
const COUNTED: usize = 2;
const SUCCEEDED: usize = 3;

impl Tasks {
    pub(crate) fn new(
        settings: &Settings,
        budgets: Arc<Budgets>,
        otel: Option<Arc<Otel>>,
        faults: Arc<FaultReporter>,
    ) -> Self {
        let histogram_options = &settings.histogram_options;
        let whole_numbers =
            |family: TaskFamily| HistogramShape::integers(family.bounds(settings)).with(histogram_options);
        let cost = HistogramShape::pico_usd(TaskFamily::Cost.bounds(settings));
        let queue = || HistogramShape::ticks(TaskFamily::Queue.bounds(settings)).with(histogram_options);
        let duration = TaskFamily::Duration.bounds(settings);
        let shared = Shared {
            calls: CallShape::new(TASK.names, duration, settings.duration_by_status).with(histogram_options),
            steps: whole_numbers(TaskFamily::Steps),
            tokens: whole_numbers(TaskFamily::Tokens),
            cost: cost.with(histogram_options),
            tool_calls: whole_numbers(TaskFamily::ToolCalls),
            distinct_tools: whole_numbers(TaskFamily::DistinctTools),
            queue: settings.task_queue.then(queue),
            totals: CellRange::new(4),
            completion: Completion::new(clock::now()),
            refused: CellRange::new(1),
            dimensions: settings.dimensions.clone(),
            budgets,
            otel,
            faults,
        };
        Self {
            families: EnabledFamilies::new(settings),
            table: Table::new(settings.task_types),
            shared: Arc::new(shared),
        }
    }

    pub(crate) fn set_completion_rate(&self, window: &str, rate: f64) -> bool {
        self.shared.completion.set(window, rate)
    }
}

impl Group<TaskSeries> for Tasks {
    #[inline]
    fn values(&self) -> &Interner {
        &self.table.values
    }

    #[inline]
    fn bundle(&self, slot: usize) -> &TaskSeries {
        self.table.bundle(slot, |task_type| {
            TaskSeries::new(task_type, DimensionPoint::default(), self.shared.clone())
        })
    }
}

impl Shared {
    #[inline]
    fn add_root(&self, writer: ShardHandle) {
        self.totals.add(writer, ROOTS_STARTED, 1);
    }

    #[inline]
    fn end(&self, writer: ShardHandle, root: bool, status: Status, end: Ticks) {
        self.completion.record(end, || self.totals());
        let add = |cell, condition: bool| self.totals.add(writer, cell, u64::from(condition));
        add(ROOTS_ENDED, root);
        add(COUNTED, status != Status::Cancelled);
        add(SUCCEEDED, status == Status::Success);
    }

    fn totals(&self) -> Totals {
        Totals { succeeded: self.totals.read(SUCCEEDED), counted: self.totals.read(COUNTED) }
    }
}

impl Source for Tasks {
    fn families(&self) -> &[FamilyInfo] {
        self.families.infos()
    }

    fn parts(&self, _: usize) -> usize {
        self.table.parts()
    }

    fn visit_part(&self, family: usize, part: usize, visitor: &mut dyn Visitor) {
        let shared = &*self.shared;
        let family = self.families.id(family);
        let mut start_times = HashMap::new();
        match family {
            // These two have one series each, not one for each task type.
            TaskFamily::Active | TaskFamily::CompletionRate if part > 0 => return,
            TaskFamily::Active => {
                let read = |cell| move || shared.totals.read(cell);
                let active = in_flight(read(ROOTS_ENDED), read(ROOTS_STARTED));
                visitor.sample(Labels::NONE, Number::Integer(active));
            }
            TaskFamily::CompletionRate => {
                for (window, rate) in shared.completion.rates(clock::now(), shared.totals()) {
                    visitor.sample(Labels::only(&[("window", window)]), Number::Float(rate));
                }
            }
            // The start times of tasks in flight are in cells of the recording threads and not in the series. They are collected
            // once per part, before the series are visited: a task that ends meanwhile is still shown with its age, and one
            // that starts meanwhile is younger than those collected, so that the oldest is at most one scrape out of date.
            TaskFamily::OldestInFlight => start_times = storage_start_times::oldest_by_kind(),
            _ => {}
        }
        let now = clock::now();
        for task in self.table.iter_all_in(part) {
            let oldest = start_times.get(&storage_start_times::kind_id(task));
            let age = oldest.map(|start| clock::nanos(now.since(*start)));
            task.show(family, age, visitor);
        }
    }

    fn interners(&self) -> Vec<(&str, &str, &Arc<Interner>)> {
        vec![(TaskFamily::Ended.name(), TASK_TYPE.name, &self.table.values)]
    }

    fn refused(&self) -> Vec<(&str, u64)> {
        vec![(TaskFamily::Steps.name(), self.shared.refused.read(0))]
    }
}
