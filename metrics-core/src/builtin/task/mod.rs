//! Tasks.

mod family;
mod observers;
mod series;
mod shared;
mod totals;

use std::collections::HashMap;
use std::sync::Arc;

use super::completion::Completion;
use super::{Budgets, DimensionPoint, EnabledFamilies, FamilyId as _, Group, Otel, Settings, Table};
use crate::clock::{self};
use crate::faults::FaultReporter;
use crate::label::{Interner, Labels};
use crate::metric::{CallShape, HistogramShape, in_flight};
use crate::sample::{FamilyInfo, Number, Source, Visitor};
use crate::status::TASK;
use crate::storage::{CellRange, start_times as storage_start_times};
pub(crate) use family::{TASK_TYPE, TaskFamily};
pub use observers::EndedTask;
pub(crate) use observers::{InFlight, TaskObservers};
pub use series::TaskSeries;
use shared::{ROOTS_ENDED, ROOTS_STARTED, Shared};
pub use totals::TaskTotals;

pub(crate) struct Tasks {
    table: Table<TaskSeries>,
    shared: Arc<Shared>,
    families: EnabledFamilies<TaskFamily>,
}

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
        let cost = HistogramShape::floats(TaskFamily::Cost.bounds(settings));
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
            observers: TaskObservers::default(),
            faults,
        };
        Self {
            families: EnabledFamilies::new(settings),
            table: Table::new(settings.task_types),
            shared: Arc::new(shared),
        }
    }

    /// The observers of the tasks.
    pub(crate) fn observers(&self) -> &TaskObservers {
        &self.shared.observers
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
