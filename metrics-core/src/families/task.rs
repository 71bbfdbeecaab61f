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
/// Tokens: those of a call, and above them what many calls add up to.
const TOKENS: [f64; 12] = [100.0, 500.0, 1e3, 5e3, 1e4, 5e4, 1e5, 2.5e5, 5e5, 1e6, 5e6, 2.5e7];
/// USD.
const COST: [f64; 13] = [0.0001, 0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0, 25.0, 100.0];
const TOOL_CALLS: [f64; 9] = [0.0, 1.0, 2.0, 3.0, 5.0, 10.0, 20.0, 50.0, 100.0];
const DISTINCT_TOOLS: [f64; 7] = [0.0, 1.0, 2.0, 3.0, 5.0, 8.0, 13.0];
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
    input_tokens: Row,
    output_tokens: Row,
    cost: Row,
    tool_calls: Row,
    distinct_tools: Row,
    /// Millionths of a millionth of a USD: spent after a task's end, then in vain by status.
    lost: Row,
    labels: Box<str>,
    shared: Arc<Shared>,
}

/// What a task and the tasks in it have done so far.
#[derive(Clone, Copy, PartialEq, Default, Debug)]
#[non_exhaustive]
pub struct TaskTotals {
    /// Input tokens of its calls of models.
    pub input_tokens: u64,
    /// Their output tokens.
    pub output_tokens: u64,
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
const COMPLETION_RATE: usize = 4;
const TASK_TOKENS: usize = 5;
const TASK_COST: usize = 6;
const TASK_TOOL_CALLS: usize = 7;
const TASK_DISTINCT_TOOLS: usize = 8;
const WASTED_COST: usize = 9;

/// Words of [`TaskSeries::lost`]: the late ones, and a status's.
const LATE: usize = 0;
const WASTED: usize = 1;

const IN: &[(&str, &str)] = &[("direction", "input")];
const OUT: &[(&str, &str)] = &[("direction", "output")];

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
            FamilyInfo::new(
                Kind::Histogram,
                "agent_task_tokens",
                "Tokens that a task used, with the tasks in it.",
                &["task_type", "direction"],
            )
            .with_buckets(&TOKENS),
            FamilyInfo::new(
                Kind::Histogram,
                "agent_task_cost_usd",
                "USD that a task cost, with the tasks in it.",
                &["task_type"],
            )
            .with_buckets(&COST),
            FamilyInfo::new(
                Kind::Histogram,
                "agent_task_tool_calls",
                "Tool calls of a task, with the tasks in it.",
                &["task_type"],
            )
            .with_buckets(&TOOL_CALLS),
            FamilyInfo::new(
                Kind::Histogram,
                "agent_task_distinct_tools",
                "Different tools that a task called, with the tasks in it.",
                &["task_type"],
            )
            .with_buckets(&DISTINCT_TOOLS),
            FamilyInfo::new(
                Kind::Counter,
                "agent_task_wasted_cost_usd_total",
                "USD that tasks spent which didn't succeed, without those of the tasks in them.",
                &["task_type", "status"],
            ),
            FamilyInfo::new(
                Kind::Counter,
                "agent_task_late_cost_usd_total",
                "USD spent for a task after its end.",
                &["task_type"],
            ),
        ];
        let shared = Shared {
            calls,
            steps: HistogramShape::whole_numbers(&STEPS),
            tokens: HistogramShape::whole_numbers(&TOKENS),
            cost: HistogramShape::pico_usd(&COST),
            tool_calls: HistogramShape::whole_numbers(&TOOL_CALLS),
            distinct_tools: HistogramShape::whole_numbers(&DISTINCT_TOOLS),
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
    fn values(&self) -> &Interner {
        &self.table.values
    }

    #[inline]
    fn bundle(&self, slot: usize) -> &TaskSeries {
        self.table.bundle(slot, |task_type| {
            let shared = self.shared.clone();
            let row = |shape: &HistogramShape| Row::new(1 + shape.bounds.buckets());
            TaskSeries {
                calls: Row::new(shared.calls.words()),
                steps: row(&shared.steps),
                input_tokens: row(&shared.tokens),
                output_tokens: row(&shared.tokens),
                cost: row(&shared.cost),
                tool_calls: row(&shared.tool_calls),
                distinct_tools: row(&shared.distinct_tools),
                lost: Row::new(WASTED + TASK.names.len()),
                labels: render([("task_type", task_type)]),
                shared,
            }
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
        shared.tokens.observe_whole(&self.input_tokens, totals.input_tokens);
        shared.tokens.observe_whole(&self.output_tokens, totals.output_tokens);
        shared.cost.observe_pico_usd(&self.cost, pico_usd);
        shared.tool_calls.observe_whole(&self.tool_calls, totals.tool_calls);
        shared.distinct_tools.observe_whole(&self.distinct_tools, totals.distinct_tools);
        if status != Status::Success && own_pico_usd > 0 {
            self.lost.words(0).add(WASTED + TASK.place(status), own_pico_usd);
        }
    }

    /// Adds what was spent after a task's end.
    #[cold]
    pub(crate) fn add_late(&self, pico_usd: u64) {
        self.lost.words(0).add(LATE, pico_usd);
    }

    fn show_wasted(&self, visitor: &mut dyn Visitor) {
        for (place, status) in TASK.names.iter().copied().enumerate().skip(1) {
            let usd = Number::Float(self.lost.read(WASTED + place) as f64 / 1e12);
            visitor.sample(Labels::with(&self.labels, &[("status", status)]), usd);
        }
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
            ACTIVE => {
                let read = |word| move || shared.totals.read(word);
                let active = in_flight(read(ROOTS_ENDED), read(ROOTS_STARTED));
                return visitor.sample(Labels::NONE, Number::Integer(active));
            }
            COMPLETION_RATE => {
                for (window, rate) in shared.completion.rates(clock::now(), shared.totals()) {
                    visitor.sample(Labels::with("", &[("window", window)]), Number::Float(rate));
                }
                return;
            }
            _ => {}
        }
        for task in self.table.iter() {
            let labels = Labels::of(&task.labels);
            match family {
                TASKS => shared.calls.show_ended(&task.calls, 0, &task.labels, visitor),
                TASK_DURATION => shared.calls.show_durations(&task.calls, 0, &task.labels, visitor),
                STEPS_PER_TASK => shared.steps.show_row(&task.steps, 0, labels, visitor),
                TASK_TOKENS => {
                    for (more, row) in [(IN, &task.input_tokens), (OUT, &task.output_tokens)] {
                        shared.tokens.show_row(row, 0, Labels::with(&task.labels, more), visitor);
                    }
                }
                TASK_COST => shared.cost.show_row(&task.cost, 0, labels, visitor),
                TASK_TOOL_CALLS => shared.tool_calls.show_row(&task.tool_calls, 0, labels, visitor),
                TASK_DISTINCT_TOOLS => {
                    shared.distinct_tools.show_row(&task.distinct_tools, 0, labels, visitor);
                }
                WASTED_COST => task.show_wasted(visitor),
                _ => visitor.sample(labels, Number::Float(task.lost.read(LATE) as f64 / 1e12)),
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
