//! The task that encloses what runs now, and its running totals.
//!
//! A task's ledger is put in this thread's place when its future is polled and taken back when it
//! returns, so that it follows the future across `.await` and across threads on any executor. It is
//! shared with what the task spawned, and with the tasks around it, whose totals include it. Ledgers are
//! used again, so that in the steady state none is allocated.

use std::cell::{Cell, RefCell};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use super::held::{BundleHandle, HoldsBundle as _};
use crate::builtin::{
    Budget, DimensionPoint, DimensionedBundle as _, Dimensions, Spent, TaskSeries, TaskTotals,
};
use crate::clock::Ticks;
use crate::error::{BudgetSpent, Fault};
use crate::faults::ReportsFaults as _;
use crate::storage::start_times::{self, StartTimeCell};

/// What a task has done so far.
#[derive(Default)]
pub(crate) struct Ledger {
    parent: Parent,
    /// For what is spent after the task's end.
    series: Option<BundleHandle<TaskSeries>>,
    ended: AtomicBool,
    begun: StartTimeCell,
    budget: Option<Budget>,
    steps: AtomicU64,
    llm_calls: AtomicU64,
    /// Those of them that infer, where that matters.
    inferences: AtomicU64,
    /// What it did itself, and what the tasks in it did: spent, in millionths of a millionth of a USD, and called.
    own_pico_usd: AtomicU64,
    inner_pico_usd: AtomicU64,
    own_tool_calls: AtomicU64,
    inner_tool_calls: AtomicU64,
    /// With the tasks in it.
    input_tokens: AtomicU64,
    output_tokens: AtomicU64,
    cache_read_tokens: AtomicU64,
    tools: Tools,
}

/// The task around a task.
#[derive(Default)]
struct Parent(Option<Arc<Ledger>>);

impl Drop for Parent {
    /// One after the other: tasks that each spawned the next make a chain as long as they like.
    fn drop(&mut self) {
        let mut next = self.0.take();
        while let Some(mut ledger) = next.and_then(Arc::into_inner) {
            next = ledger.parent.0.take();
        }
    }
}

/// The tools that were called, by the slots of their names: a bit for each.
#[derive(Default)]
struct Tools([AtomicU64; 9]);

impl Tools {
    fn add(&self, slot: usize) {
        if let Some(word) = self.0.get(slot / 64) {
            word.fetch_or(1 << (slot % 64), Ordering::Relaxed);
        }
    }

    fn count(&self) -> u64 {
        self.0.iter().map(|word| u64::from(word.load(Ordering::Relaxed).count_ones())).sum()
    }
}

/// Ledgers that a thread keeps.
const KEPT: usize = 32;

thread_local! {
    static CURRENT: Cell<Option<Arc<Ledger>>> = const { Cell::new(None) };
    static UNUSED: RefCell<Vec<Arc<Ledger>>> = const { RefCell::new(Vec::new()) };
}

/// A USD amount in millionths of a millionth; more than 10,000 USD at once are taken for so many, so that
/// no sum wraps.
fn pico(usd: f64) -> u64 {
    (usd.min(1e4) * 1e12).round() as u64
}

/// Who is to be told that a budget is nearly spent.
type Warning = (BundleHandle<TaskSeries>, BudgetSpent);

impl Ledger {
    /// The ledger of a task that begins here, and spends from a budget if it is given one.
    pub(crate) fn begin(series: BundleHandle<TaskSeries>, budget: Option<Budget>) -> Arc<Self> {
        if let Some(budget) = &budget {
            series.expose_budget(budget);
        }
        let parent = Parent(current().and_then(|around| around.still_counts(budget.as_ref())));
        let unused = UNUSED.try_with(|unused| unused.borrow_mut().pop()).ok().flatten();
        let mut ledger = unused.unwrap_or_default();
        if let Some(ledger) = Arc::get_mut(&mut ledger) {
            let begun = std::mem::take(&mut ledger.begun);
            *ledger = Self { parent, series: Some(series), begun, budget, ..Self::default() };
        }
        ledger
    }

    /// The innermost task from this one outwards to which it still matters what a task in it does: it hasn't ended, or
    /// has a budget of its own.
    fn still_counts(self: Arc<Self>, budget: Option<&Budget>) -> Option<Arc<Self>> {
        let mut next = Some(self);
        while let Some(ledger) = next.take() {
            let spends = ledger.budget.as_ref().is_some_and(|own| budget.is_none_or(|inner| !inner.is(own)));
            if !ledger.ended.load(Ordering::Relaxed) || spends {
                return Some(ledger);
            }
            next.clone_from(&ledger.parent.0);
        }
        None
    }

    /// Notes when the task began, for who looks while it runs.
    #[inline]
    pub(crate) fn note_begin(this: &mut Arc<Self>, at: Ticks) {
        // Nobody else has it yet.
        if let Some(ledger) = Arc::get_mut(this)
            && let Some(series) = &ledger.series
        {
            ledger.begun.set(start_times::kind_id::<TaskSeries>(series), at);
        }
    }

    /// The task has ended: what is spent from now on is late. It is kept for another, unless something still holds it.
    pub(crate) fn end(mut self: Arc<Self>) {
        self.ended.store(true, Ordering::Relaxed);
        self.begun.clear();
        if let Some(ledger) = Arc::get_mut(&mut self) {
            // What it holds is given back now, not when it is used again.
            ledger.parent = Parent(None);
            (ledger.series, ledger.budget) = (None, None);
            let _ = UNUSED.try_with(|unused| {
                let mut unused = unused.borrow_mut();
                if unused.len() < KEPT {
                    unused.push(self);
                }
            });
        }
    }

    /// The steps that were marked, or, in a task that marked none, its LLM calls.
    pub(crate) fn steps(&self) -> u64 {
        match self.steps.load(Ordering::Relaxed) {
            0 => self.llm_calls.load(Ordering::Relaxed),
            steps => steps,
        }
    }

    /// Its own calls of models that infer.
    pub(crate) fn inferences(&self) -> u64 {
        self.inferences.load(Ordering::Relaxed)
    }

    /// Its own calls of tools.
    pub(crate) fn own_tool_calls(&self) -> u64 {
        self.own_tool_calls.load(Ordering::Relaxed)
    }

    pub(crate) fn is_root(&self) -> bool {
        self.parent.0.is_none()
    }

    /// The series of the task.
    pub(crate) fn series(&self) -> Option<&BundleHandle<TaskSeries>> {
        self.series.as_ref()
    }

    /// What it spent itself, in millionths of a millionth of a USD.
    pub(crate) fn own_pico_usd(&self) -> u64 {
        self.own_pico_usd.load(Ordering::Relaxed)
    }

    pub(crate) fn pico_usd(&self) -> u64 {
        self.own_pico_usd() + self.inner_pico_usd.load(Ordering::Relaxed)
    }

    pub(crate) fn totals(&self) -> TaskTotals {
        let read = |word: &AtomicU64| word.load(Ordering::Relaxed);
        TaskTotals {
            input_tokens: read(&self.input_tokens),
            output_tokens: read(&self.output_tokens),
            cache_read_tokens: read(&self.cache_read_tokens),
            cost_usd: self.pico_usd() as f64 / 1e12,
            tool_calls: self.own_tool_calls() + read(&self.inner_tool_calls),
            distinct_tools: self.tools.count(),
            steps: self.steps(),
        }
    }

    /// This task, and those around it.
    fn chain(&self) -> impl Iterator<Item = &Self> {
        std::iter::successors(Some(self), |ledger| ledger.parent.0.as_deref())
    }

    /// Adds money; gives who is to be warned of what.
    fn add_usd(&self, usd: f64) -> Vec<Warning> {
        // Nothing is allocated until somebody is to be warned.
        let mut warnings = Vec::new();
        let pico = pico(usd);
        if pico == 0 {
            return warnings;
        }
        self.own_pico_usd.fetch_add(pico, Ordering::Relaxed);
        for ledger in self.chain().skip(1) {
            ledger.inner_pico_usd.fetch_add(pico, Ordering::Relaxed);
        }
        for ledger in self.chain() {
            let (Some(budget), Some(series)) = (&ledger.budget, &ledger.series) else { continue };
            // A budget that several tasks in each other have is spent from once.
            let mut inner = self.chain().take_while(|inner| !std::ptr::eq(*inner, ledger));
            let again = inner.any(|inner| inner.budget.as_ref().is_some_and(|other| other.is(budget)));
            if let Some(spent) = budget.charge(pico, ledger.pico_usd(), again) {
                warnings.push((series.keep(), spent));
            }
        }
        if self.ended.load(Ordering::Relaxed)
            && let Some(series) = &self.series
        {
            series.add_late(pico);
        }
        warnings
    }

    /// The innermost of the budgets here that is spent, and what is spent of it.
    fn spent_budget(&self) -> Option<(&Budget, BudgetSpent)> {
        let budgets = self.chain().filter_map(|ledger| Some((ledger, ledger.budget.as_ref()?)));
        let mut spent =
            budgets.filter_map(|(ledger, budget)| Some((budget, budget.exceeded_by(ledger.pico_usd())?)));
        spent.next()
    }
}

/// The ledger of the task that runs on this thread.
pub(crate) fn current() -> Option<Arc<Ledger>> {
    with_current(Arc::clone)
}

#[inline]
fn with_current<T>(read: impl FnOnce(&Arc<Ledger>) -> T) -> Option<T> {
    CURRENT
        .try_with(|current| {
            let ledger = current.take()?;
            let read = read(&ledger);
            current.set(Some(ledger));
            Some(read)
        })
        .ok()
        .flatten()
}

/// Where the innermost task that runs here is in an instance's dimensions.
pub(crate) fn point(dimensions: &Arc<Dimensions>) -> DimensionPoint {
    let of = |ledger: &Ledger| {
        let series = ledger.series.as_ref()?;
        Arc::ptr_eq(series.dimensions(), dimensions).then(|| series.points().point())
    };
    with_current(|ledger| ledger.chain().find_map(of)).flatten().unwrap_or_default()
}

/// Tells the type of the innermost task that runs here, empty where none does.
pub(crate) fn with_task_type(tell: &dyn Fn(&str)) {
    let told = with_current(|ledger| ledger.series.as_ref().map(|series| tell(series.task_type()))).flatten();
    if told.is_none() {
        tell("");
    }
}

/// Exchanges the current task's ledger with this one: once to enter a task, once to leave it.
#[inline]
pub(crate) fn swap(ledger: &mut Option<Arc<Ledger>>) {
    // Out of reach only while the thread's locals are being destroyed: then nothing is current.
    let mine = Cell::new(ledger.take());
    if let Ok(other) = CURRENT.try_with(|current| current.replace(mine.take())) {
        *ledger = other;
    } else {
        *ledger = mine.take();
    }
}

#[inline]
pub(crate) fn add_step() {
    with_current(|ledger| ledger.steps.fetch_add(1, Ordering::Relaxed));
}

/// Adds a call of a model; `false` outside of any task.
#[inline]
pub(crate) fn add_llm_call() -> bool {
    with_current(|ledger| ledger.llm_calls.fetch_add(1, Ordering::Relaxed)).is_some()
}

/// Says that the call is an inference.
pub(crate) fn add_inference() {
    with_current(|ledger| ledger.inferences.fetch_add(1, Ordering::Relaxed));
}

/// Adds a call of a tool, by the slot of its name.
#[inline]
pub(crate) fn add_tool_call(slot: impl FnOnce() -> usize) {
    with_current(|ledger| {
        let slot = slot();
        ledger.own_tool_calls.fetch_add(1, Ordering::Relaxed);
        ledger.tools.add(slot);
        for ledger in ledger.chain().skip(1) {
            ledger.inner_tool_calls.fetch_add(1, Ordering::Relaxed);
            ledger.tools.add(slot);
        }
    });
}

pub(crate) fn add_tool_cost(usd: f64) {
    warn(with_current(|ledger| ledger.add_usd(usd)));
}

/// Adds what a call of a model used.
#[inline]
pub(crate) fn add_spent(spent: Spent) {
    warn(with_current(|ledger| {
        for ledger in ledger.chain() {
            ledger.input_tokens.fetch_add(spent.input_tokens, Ordering::Relaxed);
            ledger.output_tokens.fetch_add(spent.output_tokens, Ordering::Relaxed);
            if spent.cache_read_tokens > 0 {
                ledger.cache_read_tokens.fetch_add(spent.cache_read_tokens, Ordering::Relaxed);
            }
        }
        ledger.add_usd(spent.usd)
    }));
}

/// Warns when the ledger is back in its place: the hook may look at it.
#[inline]
fn warn(warnings: Option<Vec<Warning>>) {
    for (series, spent) in warnings.into_iter().flatten() {
        series.faults().report(&Fault::BudgetNearlySpent(spent));
    }
}

/// What is spent of the innermost budget that is, of the tasks that run here. Outside of any there is none. `refuse`
/// says that something doesn't begin for that.
pub(crate) fn spent_budget(refuse: bool) -> Option<BudgetSpent> {
    let look = |ledger: &Arc<Ledger>| {
        let (budget, spent) = ledger.spent_budget()?;
        if refuse {
            budget.count_refusal();
        }
        Some(spent)
    };
    with_current(look).flatten()
}
