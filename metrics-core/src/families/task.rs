//! Tasks.

use std::sync::Arc;

use super::completion::{Completion, Totals};
use super::{Bundle, Families, Group, Settings, Table};
use crate::catalogue::FamilyInfo;
use crate::clock::{self, Ticks};
use crate::faults::{Faults, Watched};
use crate::label::{Interner, Labels, render};
use crate::metric::{CallShape, HistogramShape, LARGEST_WHOLE, Number, in_flight};
use crate::name::Kind;
use crate::plane::{Row, Words, Writer};
use crate::status::{Status, TASK};
use crate::visit::{Source, Visitor};

/// Seconds: the seed's bounds, and above them what long tasks take.
const DURATION: [f64; 10] = [1.0, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1800.0, 3600.0];
const SEED_DURATION: usize = 8;
const STEPS: [f64; 9] = [1.0, 2.0, 3.0, 5.0, 8.0, 10.0, 15.0, 20.0, 30.0];

pub(crate) struct Tasks {
    table: Table<TaskSeries>,
    shared: Arc<Shared>,
    infos: Vec<FamilyInfo>,
}

/// The series of one task type.
pub struct TaskSeries {
    calls: Row,
    steps: Row,
    labels: Box<str>,
    shared: Arc<Shared>,
}

/// What all task types have in common.
struct Shared {
    calls: CallShape,
    steps: HistogramShape,
    /// See the constants below.
    totals: Row,
    completion: Completion,
    /// Numbers of steps that were none.
    refused: Row,
    faults: Arc<Faults>,
}

/// Words of [`Shared::totals`]: root tasks that started and ended, tasks that count for the
/// completion rate, and those of them that succeeded.
const ROOTS_ENDED: usize = 0;
const ROOTS_STARTED: usize = 1;
const COUNTED: usize = 2;
const SUCCEEDED: usize = 3;

const TASKS: usize = 0;
const TASK_DURATION: usize = 1;
const STEPS_PER_TASK: usize = 2;
const ACTIVE: usize = 3;

impl Tasks {
    pub(crate) fn new(settings: &Settings, faults: Arc<Faults>) -> Self {
        let bounds = if settings.seed_buckets { &DURATION[..SEED_DURATION] } else { &DURATION };
        let calls = CallShape::new(TASK.names, bounds, settings.duration_by_status);
        let by_status: &[_] = if calls.by_status() { &["task_type", "status"] } else { &["task_type"] };
        let infos = vec![
            FamilyInfo::new(
                Kind::Counter,
                "agent_tasks_total",
                "Tasks that ended.",
                &["task_type", "status"],
            ),
            FamilyInfo::new(
                Kind::Histogram,
                "agent_task_duration_seconds",
                "Time from a task's start to its end.",
                by_status,
            )
            .with_buckets(bounds),
            FamilyInfo::new(
                Kind::Histogram,
                "agent_steps_per_task",
                "Steps that a task took.",
                &["task_type"],
            )
            .with_buckets(&STEPS),
            FamilyInfo::new(
                Kind::Gauge,
                "agent_active_tasks",
                "Tasks that run now, those inside of other tasks aside.",
                &[],
            ),
            FamilyInfo::new(
                Kind::Gauge,
                "agent_task_completion_rate",
                "Share of the tasks that ended in the rolling window, cancelled ones aside, that succeeded.",
                &["window"],
            ),
        ];
        let shared = Shared {
            calls,
            steps: HistogramShape::whole_numbers(&STEPS),
            totals: Row::new(4),
            completion: Completion::new(clock::now()),
            refused: Row::new(1),
            faults,
        };
        Self { table: Table::new(settings.task_types), shared: Arc::new(shared), infos }
    }

    pub(crate) fn set_completion_rate(&self, window: &str, rate: f64) -> bool {
        self.shared.completion.set(window, rate)
    }
}

impl Group<TaskSeries> for Tasks {
    #[inline]
    fn slot(&self, value: &str) -> usize {
        let slot = self.table.values.slot(value);
        self.bundle(slot);
        slot
    }

    #[inline]
    fn bundle(&self, slot: usize) -> &TaskSeries {
        self.table.bundle(slot, |task_type| TaskSeries {
            calls: Row::new(self.shared.calls.words()),
            steps: Row::new(1 + self.shared.steps.bounds.buckets()),
            labels: render([("task_type", task_type)]),
            shared: self.shared.clone(),
        })
    }
}

impl Bundle for TaskSeries {
    fn group(families: &Families) -> &impl Group<Self> {
        &*families.tasks
    }
}

impl Watched for TaskSeries {
    fn faults(&self) -> &Faults {
        &self.shared.faults
    }
}

impl TaskSeries {
    #[inline]
    pub(crate) fn start(&self, writer: Writer, root: bool) {
        CallShape::start(writer, &self.calls, 0);
        if root {
            self.shared.totals.add(writer, ROOTS_STARTED, 1);
        }
    }

    #[inline(never)] // One copy for all tracked functions, its arguments in registers.
    pub(crate) fn end(&self, writer: Writer, root: bool, status: Status, ticks: u64, end: Ticks) {
        let shared = &*self.shared;
        shared.completion.note(end, || shared.totals());
        let add = |word, amount: bool| shared.totals.add(writer, word, u64::from(amount));
        add(ROOTS_ENDED, root);
        add(COUNTED, status != Status::Cancelled);
        add(SUCCEEDED, status == Status::Success);
        shared.calls.end(writer, &self.calls, 0, TASK.place(status), ticks);
    }

    #[inline]
    pub(crate) fn observe_steps(&self, steps: u64) {
        if steps <= LARGEST_WHOLE {
            self.shared.steps.observe_whole(&self.steps, steps);
        } else {
            self.shared.refused.words(0).add(0, 1);
        }
    }
}

impl Shared {
    fn totals(&self) -> Totals {
        Totals { succeeded: self.totals.read(SUCCEEDED), counted: self.totals.read(COUNTED) }
    }
}

impl Source for Tasks {
    fn families(&self) -> &[FamilyInfo] {
        &self.infos
    }

    fn visit(&self, family: usize, visitor: &mut dyn Visitor) {
        let shared = &*self.shared;
        match family {
            TASKS => {
                for task in self.table.iter() {
                    shared.calls.show_ended(&task.calls, 0, &task.labels, visitor);
                }
            }
            TASK_DURATION => {
                for task in self.table.iter() {
                    shared.calls.show_durations(&task.calls, 0, &task.labels, visitor);
                }
            }
            STEPS_PER_TASK => {
                for task in self.table.iter() {
                    shared.steps.show_row(&task.steps, 0, Labels::of(&task.labels), visitor);
                }
            }
            ACTIVE => {
                let read = |word| move || shared.totals.read(word);
                let active = in_flight(read(ROOTS_ENDED), read(ROOTS_STARTED));
                visitor.sample(Labels::NONE, Number::Integer(active));
            }
            _ => {
                for (window, rate) in shared.completion.rates(clock::now(), shared.totals()) {
                    visitor.sample(Labels::with("", &[("window", window)]), Number::Float(rate));
                }
            }
        }
    }

    fn interners(&self) -> Vec<(&str, &str, &Arc<Interner>)> {
        vec![("agent_tasks_total", "task_type", &self.table.values)]
    }

    fn refused(&self) -> Vec<(&str, u64)> {
        vec![("agent_steps_per_task", self.shared.refused.read(0))]
    }
}
