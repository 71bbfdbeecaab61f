//! Ledgers: the running totals of tasks.
//!
//! When the future of a task is polled, its ledger is exchanged with the one in a thread-local variable, and exchanged
//! back when the poll returns. The ledger therefore follows the future across `.await` and across threads, on any
//! executor. It is shared with futures that the task has spawned, and what a task does is added to the ledgers of its
//! enclosing tasks too. Ledgers are pooled by thread, so that in the steady state none is allocated.

use std::cell::{Cell, RefCell};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use super::held::{BundleHandle, HoldsBundle as _};
use super::own_cost::OwnCost;
use crate::builtin::{
    Budget, DimensionPoint, DimensionedBundle as _, Dimensions, LlmSeries, Spent, TaskSeries, TaskSpending,
    TaskTotals,
};
use crate::clock::Ticks;
use crate::error::{BudgetSpent, Fault, ReserveError};
use crate::faults::ReportsFaults as _;
use crate::pricing::amount::{from_nano_usd, from_pico_usd, to_nano_usd, to_pico_usd};
use crate::storage::start_times::{self, StartTimeCell};
use crate::sync::add_saturating;

/// The running totals of a task.
#[derive(Default)]
pub(crate) struct Ledger {
    parent: Parent,
    /// The series of the task, which also count the cost that is spent after its end.
    series: Option<BundleHandle<TaskSeries>>,
    start_time: StartTimeCell,
    budget: Option<Budget>,
    /// What calls of the task and of its inner tasks have reserved of a budget per task, in billionths of a USD.
    reserved_nano_usd: AtomicU64,
    /// Whether the task or an inner task has called a model without a price.
    has_unpriced: AtomicBool,
    steps: AtomicU64,
    llm_calls: AtomicU64,
    /// The LLM calls that are inferences, counted only with profiles.
    inferences: AtomicU64,
    // The cost in millionths of a millionth of a USD and the tool calls, each of the task alone and of its inner tasks.
    own_cost: OwnCost,
    inner_pico_usd: AtomicU64,
    own_tool_calls: AtomicU64,
    inner_tool_calls: AtomicU64,
    // The tokens of the task and of its inner tasks.
    input_tokens: AtomicU64,
    output_tokens: AtomicU64,
    cache_read_tokens: AtomicU64,
    tools: Tools,
}

/// The enclosing task.
#[derive(Default)]
struct Parent(Option<Arc<Ledger>>);

impl Drop for Parent {
    /// Drops the chain of parents in a loop. Tasks that each spawn the next make a chain of any length, and dropping it
    /// recursively would overflow the stack.
    fn drop(&mut self) {
        let mut next = self.0.take();
        while let Some(mut ledger) = next.and_then(Arc::into_inner) {
            next = ledger.parent.0.take();
        }
    }
}

/// The set of called tools: one bit for the slot of each name.
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

/// The number of unused ledgers that a thread keeps.
const MAX_UNUSED: usize = 32;

thread_local! {
    static CURRENT: Cell<Option<Arc<Ledger>>> = const { Cell::new(None) };
    static UNUSED: RefCell<Vec<Arc<Ledger>>> = const { RefCell::new(Vec::new()) };
}

/// A fault to report to the hook of a series.
type Warning = (BundleHandle<TaskSeries>, Fault);

impl Ledger {
    /// Returns the ledger of a task that begins on this thread, and that spends from `budget` if there is one.
    pub(crate) fn begin(series: BundleHandle<TaskSeries>, budget: Option<Budget>) -> Arc<Self> {
        if let Some(budget) = &budget {
            series.expose_budget(budget);
        }
        let parent = Parent(current().and_then(|enclosing| enclosing.innermost_to_update(budget.as_ref())));
        let unused = UNUSED.try_with(|unused| unused.borrow_mut().pop()).ok().flatten();
        let mut ledger = unused.unwrap_or_default();
        if let Some(ledger) = Arc::get_mut(&mut ledger) {
            let start_time = std::mem::take(&mut ledger.start_time);
            *ledger = Self { parent, series: Some(series), start_time, budget, ..Self::default() };
        }
        ledger
    }

    /// Returns the innermost task, from this one outwards, whose totals an inner task must still be added to: one that
    /// hasn't ended, or one that spends from another budget than the inner task.
    fn innermost_to_update(self: Arc<Self>, budget: Option<&Budget>) -> Option<Arc<Self>> {
        let mut next = Some(self);
        while let Some(ledger) = next.take() {
            let spends = ledger.budget.as_ref().is_some_and(|own| budget.is_none_or(|inner| !inner.is(own)));
            if !ledger.own_cost.has_ended() || spends {
                return Some(ledger);
            }
            next.clone_from(&ledger.parent.0);
        }
        None
    }

    /// Stores the start time of the task, for scrapes while it runs.
    #[inline]
    pub(crate) fn note_begin(this: &mut Arc<Self>, at: Ticks) {
        // The ledger has just been created or taken from the pool, so this handle is the only one.
        if let Some(ledger) = Arc::get_mut(this)
            && let Some(series) = &ledger.series
        {
            ledger.start_time.set(start_times::kind_id::<TaskSeries>(series), at);
        }
    }

    /// Marks the task as ended: cost added from now on is late cost. Returns the cost of the task up to now, without its
    /// inner tasks, in millionths of a millionth of a USD.
    pub(crate) fn end(&self) -> u64 {
        self.own_cost.end()
    }

    /// Returns the ledger of a task that has ended to the pool, unless another handle to it exists.
    pub(crate) fn recycle(mut self: Arc<Self>) {
        self.start_time.clear();
        if let Some(ledger) = Arc::get_mut(&mut self) {
            // The handles are released now instead of when the ledger is reused.
            ledger.parent = Parent(None);
            (ledger.series, ledger.budget) = (None, None);
            let _ = UNUSED.try_with(|unused| {
                let mut unused = unused.borrow_mut();
                if unused.len() < MAX_UNUSED {
                    unused.push(self);
                }
            });
        }
    }

    /// Returns the number of recorded steps, or the number of LLM calls in a task without recorded steps.
    pub(crate) fn steps(&self) -> u64 {
        match self.steps.load(Ordering::Relaxed) {
            0 => self.llm_calls.load(Ordering::Relaxed),
            steps => steps,
        }
    }

    /// Returns the number of inferences of the task, without its inner tasks.
    pub(crate) fn inferences(&self) -> u64 {
        self.inferences.load(Ordering::Relaxed)
    }

    /// Returns the number of tool calls of the task, without its inner tasks.
    pub(crate) fn own_tool_calls(&self) -> u64 {
        self.own_tool_calls.load(Ordering::Relaxed)
    }

    pub(crate) fn is_root(&self) -> bool {
        self.parent.0.is_none()
    }

    /// Returns the series of the task.
    pub(crate) fn series(&self) -> Option<&BundleHandle<TaskSeries>> {
        self.series.as_ref()
    }

    fn inner_pico_usd(&self) -> u64 {
        self.inner_pico_usd.load(Ordering::Relaxed)
    }

    /// Returns the cost of the task in millionths of a millionth of a USD, with its inner tasks.
    fn pico_usd(&self) -> u64 {
        self.own_cost.get().saturating_add(self.inner_pico_usd())
    }

    /// Returns the totals up to now.
    pub(crate) fn totals(&self) -> TaskTotals {
        self.totals_with(self.own_cost.get())
    }

    /// Returns the totals, with `own_pico_usd` as the cost of the task without its inner tasks.
    pub(crate) fn totals_with(&self, own_pico_usd: u64) -> TaskTotals {
        let read = |word: &AtomicU64| word.load(Ordering::Relaxed);
        TaskTotals {
            input_tokens: read(&self.input_tokens),
            output_tokens: read(&self.output_tokens),
            cache_read_tokens: read(&self.cache_read_tokens),
            cost_usd: from_pico_usd(own_pico_usd.saturating_add(self.inner_pico_usd())),
            tool_calls: self.own_tool_calls() + read(&self.inner_tool_calls),
            distinct_tools: self.tools.count(),
            steps: self.steps(),
        }
    }

    /// Returns this task and its enclosing tasks, from the inside out.
    fn chain(&self) -> impl Iterator<Item = &Self> {
        std::iter::successors(Some(self), |ledger| ledger.parent.0.as_deref())
    }

    /// Returns the tasks with a budget, from this one outwards, each with whether an inner task has the same budget.
    fn budgets(&self) -> impl Iterator<Item = (&Self, &Budget, bool)> {
        self.chain().filter_map(|ledger| {
            let budget = ledger.budget.as_ref()?;
            let mut inner = self.chain().take_while(|inner| !std::ptr::eq(*inner, ledger));
            let again = inner.any(|inner| inner.budget.as_ref().is_some_and(|other| other.is(budget)));
            Some((ledger, budget, again))
        })
    }

    /// Adds a valid amount in USD, and returns the faults to report.
    fn add_usd(&self, usd: f64) -> Vec<Warning> {
        // An empty vector allocates nothing.
        let mut warnings = Vec::new();
        let pico = to_pico_usd(usd);
        if pico == 0 {
            return warnings;
        }
        let is_late = self.own_cost.add(pico);
        for ledger in self.chain().skip(1) {
            add_saturating(&ledger.inner_pico_usd, pico, u64::MAX);
        }
        let nano = to_nano_usd(usd);
        for (ledger, budget, again) in self.budgets() {
            // Nested tasks may share a budget. The amount is charged to it once, for the innermost of them.
            if let (Some(spent), Some(series)) =
                (budget.charge(nano, ledger.nano_usd(), again), &ledger.series)
            {
                warnings.push((series.keep(), Fault::BudgetNearlySpent(spent)));
            }
        }
        if is_late && let Some(series) = &self.series {
            series.add_late(from_pico_usd(pico));
        }
        warnings
    }

    /// Adds the tokens and the cost of a call of `model`, and returns the faults to report.
    #[inline]
    fn add_spent(&self, spent: Spent, model: &str) -> Vec<Warning> {
        for ledger in self.chain() {
            for (sum, tokens) in [
                (&ledger.input_tokens, spent.input_tokens),
                (&ledger.output_tokens, spent.output_tokens),
                (&ledger.cache_read_tokens, spent.cache_read_tokens),
            ] {
                if tokens > 0 {
                    add_saturating(sum, tokens, u64::MAX);
                }
            }
        }
        let mut warnings = self.add_usd(spent.usd);
        if spent.is_unpriced {
            warnings.extend(self.add_unpriced(model));
        }
        warnings
    }

    /// Notes a call of a model without a price, and returns the faults to report.
    #[cold]
    fn add_unpriced(&self, model: &str) -> Vec<Warning> {
        let mut warnings = Vec::new();
        for (ledger, budget, again) in self.budgets() {
            ledger.has_unpriced.store(true, Ordering::Relaxed);
            let fault = if again { None } else { budget.charge_unpriced(model) };
            if let (Some(fault), Some(series)) = (fault, &ledger.series) {
                warnings.push((series.keep(), fault));
            }
        }
        warnings
    }

    fn nano_usd(&self) -> u64 {
        self.pico_usd() / 1000
    }

    fn spending(&self) -> TaskSpending {
        TaskSpending {
            spent: self.nano_usd(),
            reserved: self.reserved_nano_usd.load(Ordering::Relaxed),
            unpriced: self.has_unpriced.load(Ordering::Relaxed),
        }
    }

    /// Returns the innermost budget that is spent, with its amounts.
    fn spent_budget(&self) -> Option<(&Budget, BudgetSpent)> {
        self.budgets().find_map(|(ledger, budget, _)| Some((budget, budget.exceeded_by(ledger.spending())?)))
    }

    /// Reserves an amount of all budgets, or of none of them.
    pub(super) fn reserve(&self, nano: u64) -> Result<(), ReserveError> {
        for (reserved, (ledger, budget, again)) in self.budgets().enumerate() {
            add_saturating(&ledger.reserved_nano_usd, nano, u64::MAX);
            if again && budget.is_rolling() {
                continue;
            }
            let too_large = budget.limit_usd() < from_nano_usd(nano);
            let result = if too_large {
                Err(ReserveError::AboveLimit {
                    budget: budget.name().to_owned(),
                    limit_usd: budget.limit_usd(),
                    usd: from_nano_usd(nano),
                })
            } else {
                budget.reserve(nano, ledger.spending()).map_err(ReserveError::Spent)
            };
            if let Err(error) = result {
                ledger.reserved_nano_usd.fetch_sub(nano, Ordering::Relaxed);
                self.release_first(reserved, nano);
                budget.count_refusal();
                return Err(error);
            }
        }
        Ok(())
    }

    /// Releases an amount that was reserved.
    pub(super) fn release(&self, nano: u64) {
        self.release_first(usize::MAX, nano);
    }

    fn release_first(&self, count: usize, nano: u64) {
        for (ledger, budget, again) in self.budgets().take(count) {
            ledger.reserved_nano_usd.fetch_sub(nano, Ordering::Relaxed);
            if !again {
                budget.release(nano);
            }
        }
    }
}

/// Returns the ledger of the task that runs on this thread.
pub(crate) fn current() -> Option<Arc<Ledger>> {
    with_current(Arc::clone)
}

/// Returns whether a ledger is that of the task that runs on this thread.
#[cfg(feature = "stream")]
#[inline]
pub(super) fn is_current(ledger: &Arc<Ledger>) -> bool {
    with_current(|current| Arc::ptr_eq(current, ledger)).unwrap_or(false)
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

/// Returns the point of the innermost task on this thread that records in an instance with these dimensions.
pub(crate) fn point(dimensions: &Arc<Dimensions>) -> DimensionPoint {
    let point = |ledger: &Ledger| {
        let series = ledger.series.as_ref()?;
        Arc::ptr_eq(series.dimensions(), dimensions).then(|| series.points().point())
    };
    with_current(|ledger| ledger.chain().find_map(point)).flatten().unwrap_or_default()
}

/// Calls `use_type` with the type of the innermost task on this thread, or with an empty text outside of any task.
pub(crate) fn with_task_type(use_type: &dyn Fn(&str)) {
    let used =
        with_current(|ledger| ledger.series.as_ref().map(|series| use_type(series.task_type()))).flatten();
    if used.is_none() {
        use_type("");
    }
}

/// Exchanges the ledger of the current task with this one: once to enter a task, once to leave it.
#[inline]
pub(crate) fn swap(ledger: &mut Option<Arc<Ledger>>) {
    // The variable is out of reach only while the thread's locals are being destroyed. No task is current then.
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

/// Adds an LLM call. Returns false outside of any task.
#[inline]
pub(crate) fn add_llm_call() -> bool {
    with_current(|ledger| ledger.llm_calls.fetch_add(1, Ordering::Relaxed)).is_some()
}

/// Adds an inference.
pub(crate) fn add_inference() {
    with_current(|ledger| ledger.inferences.fetch_add(1, Ordering::Relaxed));
}

/// Adds a tool call, by the slot of the tool's name.
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

/// Adds a valid cost of a tool. Returns false outside of any task.
pub(crate) fn add_tool_cost(usd: f64) -> bool {
    warn(with_current(|ledger| ledger.add_usd(usd)))
}

/// Charges a call of `model`, which is recorded in `series`, to `task`, or else to the current task. The cost of a call
/// outside of any task is counted in the series.
#[inline]
pub(crate) fn charge(task: Option<&Ledger>, series: &LlmSeries, model: &str, spent: Spent) {
    let warnings = match task {
        Some(ledger) => Some(ledger.add_spent(spent, model)),
        None => with_current(|ledger| ledger.add_spent(spent, model)),
    };
    if !warn(warnings) && spent.usd > 0.0 {
        series.add_cost_outside_tasks(spent.usd);
    }
}

/// Reports faults, and returns whether there was a task. The ledger must be in the thread-local variable again, since the
/// fault hook may read the totals of the current task.
#[inline]
fn warn(warnings: Option<Vec<Warning>>) -> bool {
    let Some(warnings) = warnings else { return false };
    for (series, fault) in warnings {
        series.faults().report(&fault);
    }
    true
}

/// Returns the amounts of the innermost spent budget of the tasks on this thread, or `None` if no budget is spent.
/// `refuse` counts a call that does not begin for that reason.
pub(crate) fn spent_budget(refuse: bool) -> Option<BudgetSpent> {
    let find = |ledger: &Arc<Ledger>| {
        let (budget, spent) = ledger.spent_budget()?;
        if refuse {
            budget.count_refusal();
        }
        Some(spent)
    };
    with_current(find).flatten()
}
