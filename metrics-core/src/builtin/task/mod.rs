//! Tasks.

mod family;
mod series;

use std::collections::HashMap;
use std::sync::Arc;

use super::completion::{Completion, Totals};
use super::{Budgets, DimensionPoint, Dimensions, Group, Otel, Settings, Table};
use crate::clock::{self, Ticks};
use crate::faults::FaultReporter;
use crate::label::{Interner, Labels};
use crate::metric::{CallShape, HistogramShape, in_flight};
use crate::sample::{FamilyInfo, Number, Source, Visitor};
use crate::status::{Status, TASK};
use crate::storage::{CellRange, ShardHandle, start_times};
use family::Family;
pub use series::TaskSeries;

pub(crate) struct Tasks {
    table: Table<TaskSeries>,
    shared: Arc<Shared>,
    infos: Vec<FamilyInfo>,
}

/// What a task and the tasks in it have done so far.
#[derive(Clone, Copy, PartialEq, Default, Debug)]
#[non_exhaustive]
pub struct TaskTotals {
    /// Input tokens of its calls of models.
    pub input_tokens: u64,
    /// Their output tokens.
    pub output_tokens: u64,
    /// Of the input tokens: read from a provider's cache.
    pub cache_read_tokens: u64,
    /// What they and its tools cost in USD.
    pub cost_usd: f64,
    /// Its calls of tools.
    pub tool_calls: u64,
    /// How many different tools those were, up to 576.
    pub distinct_tools: u64,
    /// Its own steps, without those of the tasks in it.
    pub steps: u64,
}

/// What all task types have in common.
struct Shared {
    calls: CallShape,
    steps: HistogramShape,
    tokens: HistogramShape,
    cost: HistogramShape,
    tool_calls: HistogramShape,
    distinct_tools: HistogramShape,
    /// If that is measured.
    queue: Option<HistogramShape>,
    /// See the constants below.
    totals: CellRange,
    completion: Completion,
    /// Numbers of steps that were none.
    refused: CellRange,
    dimensions: Arc<Dimensions>,
    budgets: Arc<Budgets>,
    otel: Option<Arc<Otel>>,
    faults: Arc<FaultReporter>,
}

/// Cells of [`Shared::totals`]: root tasks that started and ended, tasks that count for the
/// completion rate, and those of them that succeeded.
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
        let bounds: &[f64] = &family::DURATION;
        let bounds = if settings.compact_buckets { &bounds[..family::SEED_DURATION] } else { bounds };
        let shared = Shared {
            calls: CallShape::new(TASK.names, bounds, settings.duration_by_status).with(histogram_options),
            steps: HistogramShape::integers(&family::STEPS).with(histogram_options),
            tokens: HistogramShape::integers(&family::TOKENS).with(histogram_options),
            cost: HistogramShape::pico_usd(&family::COST).with(histogram_options),
            tool_calls: HistogramShape::integers(&family::TOOL_CALLS).with(histogram_options),
            distinct_tools: HistogramShape::integers(&family::DISTINCT_TOOLS).with(histogram_options),
            queue: settings.task_queue.then(|| HistogramShape::ticks(&family::QUEUE).with(histogram_options)),
            totals: CellRange::new(4),
            completion: Completion::new(clock::now()),
            refused: CellRange::new(1),
            dimensions: settings.dimensions.clone(),
            budgets,
            otel,
            faults,
        };
        let kept = Family::ALL.into_iter().filter(|family| *family != Family::Queue || settings.task_queue);
        let info = |family: Family| {
            if family.is_by_type() {
                family.info(&shared).with_labels(shared.dimensions.names())
            } else {
                family.info(&shared)
            }
        };
        Self {
            infos: kept.map(info).map(|info| histogram_options.info(info)).collect(),
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
        self.completion.note(end, || self.totals());
        let add = |word, amount: bool| self.totals.add(writer, word, u64::from(amount));
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
        &self.infos
    }

    fn parts(&self, _: usize) -> usize {
        self.table.parts()
    }

    fn visit_part(&self, family: usize, part: usize, visitor: &mut dyn Visitor) {
        let shared = &*self.shared;
        let family = Family::ALL[family];
        let mut begun = HashMap::new();
        match family {
            // What is of no task type comes first.
            Family::Active | Family::CompletionRate if part > 0 => return,
            Family::Active => {
                let read = |word| move || shared.totals.read(word);
                let active = in_flight(read(ROOTS_ENDED), read(ROOTS_STARTED));
                visitor.sample(Labels::NONE, Number::Integer(active));
            }
            Family::CompletionRate => {
                for (window, rate) in shared.completion.rates(clock::now(), shared.totals()) {
                    visitor.sample(Labels::only(&[("window", window)]), Number::Float(rate));
                }
            }
            Family::OldestInFlight => begun = start_times::oldest_by_kind(),
            _ => {}
        }
        let now = clock::now();
        for task in self.table.iter_all_in(part) {
            let age = begun.get(&start_times::kind_id(task)).map(|begun| clock::nanos(now.since(*begun)));
            task.show(family, age, visitor);
        }
    }

    fn interners(&self) -> Vec<(&str, &str, &Arc<Interner>)> {
        vec![("agent_tasks_total", "task_type", &self.table.values)]
    }

    fn refused(&self) -> Vec<(&str, u64)> {
        vec![("agent_steps_per_task", self.shared.refused.read(0))]
    }
}
