//! Budgets: a limit on the cost of each task, or of all tasks in a rolling window.

mod exposed;
mod unpriced;
mod window;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::error::{BudgetSpent, Fault, InvalidBudget};
use crate::pricing::amount::{from_nano_usd, is_valid_usd, to_nano_usd};
use crate::sync::{AtomicU64, Ordering, add_saturating};
pub(crate) use exposed::{BudgetFamily, Budgets};
pub use unpriced::Unpriced;
use unpriced::UnpricedCalls;
use window::Window;

/// A limit on the cost of tasks, in USD.
///
/// A task with the key `budget = ..` charges the costs of its LLM calls and tools to the budget, and so do the tasks in it. The
/// cost of a call is known when the call ends. Concurrent calls can therefore exceed the limit together, unless they reserve
/// an estimate with [`reserve_budgets`](crate::reserve_budgets); calls that would begin after that are refused. The cost of a
/// model without a price is unknown: see [`on_unpriced`](Self::on_unpriced).
///
/// Create each budget once, in a static or beside the agent: a metrics instance exposes one budget of a name, and at most 128.
///
/// ```
/// use std::sync::LazyLock;
/// use std::time::Duration;
/// use agent_metrics::{Budget, BudgetSpent, track_task};
///
/// static SUPPORT: LazyLock<Budget> = LazyLock::new(|| {
///     let day = Duration::from_secs(24 * 3600);
///     Budget::rolling("support", day, 100.0).expect("a limit and a window").warn_at(0.8)
/// });
///
/// #[track_task(budget = SUPPORT)]
/// async fn answer(question: &str) -> Result<String, BudgetSpent> {
///     agent_metrics::check_budgets()?; // before a call that costs money
///     Ok(question.to_uppercase())
/// }
/// ```
#[derive(Clone)]
pub struct Budget(Arc<Inner>);

/// All amounts are billionths of a USD.
struct Inner {
    name: Box<str>,
    limit: u64,
    /// `None` for a budget per task.
    window: Option<Window>,
    warn_above: AtomicU64,
    /// The total since the budget was created.
    spent: AtomicU64,
    /// What calls under way have reserved; 0 for a budget per task, whose tasks count their own.
    reserved: AtomicU64,
    unpriced: UnpricedCalls,
    refused: AtomicU64,
    /// The identity of the [`Budgets`] that last exposed it; 0 before.
    exposed_by: AtomicU64,
}

/// What one task has spent of a budget, in billionths of a USD.
#[derive(Clone, Copy, Default)]
pub(crate) struct TaskSpending {
    pub(crate) spent: u64,
    pub(crate) reserved: u64,
    /// Whether the task has called a model without a price.
    pub(crate) unpriced: bool,
}

impl Budget {
    /// A limit of `usd` for each task, including the tasks in it.
    ///
    /// # Errors
    /// The limit is not above 0, or is over a million USD.
    pub fn per_task(name: &str, usd: f64) -> Result<Self, InvalidBudget> {
        Self::new(name, usd, None)
    }

    /// A limit of `usd` for all tasks of the budget together, in the last `window` up to now. Earlier amounts are forgotten in
    /// steps of a sixtieth of the window.
    ///
    /// # Errors
    /// The limit is not above 0, or is over a million USD; or the window is shorter than a second.
    pub fn rolling(name: &str, window: Duration, usd: f64) -> Result<Self, InvalidBudget> {
        if window < Duration::from_secs(1) {
            return Err(InvalidBudget {
                budget: name.to_owned(),
                why: "its window must be a second or more",
            });
        }
        Self::new(name, usd, Some(Window::new(window)))
    }

    fn new(name: &str, usd: f64, window: Option<Window>) -> Result<Self, InvalidBudget> {
        if !(is_valid_usd(usd) && usd > 0.0) {
            let why = "its limit must be above 0 and at most 1,000,000 USD";
            return Err(InvalidBudget { budget: name.to_owned(), why });
        }
        Ok(Self(Arc::new(Inner {
            name: name.into(),
            limit: to_nano_usd(usd),
            window,
            warn_above: AtomicU64::new(u64::MAX),
            spent: AtomicU64::new(0),
            reserved: AtomicU64::new(0),
            unpriced: UnpricedCalls::default(),
            refused: AtomicU64::new(0),
            exposed_by: AtomicU64::new(0),
        })))
    }

    /// Reports [`Fault::BudgetNearlySpent`](crate::Fault::BudgetNearlySpent) to the fault hook
    /// ([`Builder::on_fault`](crate::Builder::on_fault)) each time the spent share of the limit rises above `share`, 0 to 1.
    #[must_use]
    pub fn warn_at(self, share: f64) -> Self {
        let above = (self.0.limit as f64 * share.clamp(0.0, 1.0)) as u64;
        self.0.warn_above.store(above, Ordering::Relaxed);
        self
    }

    /// Sets what the budget does after a call of a model without a price; [`Unpriced::Refuse`] unless set. Either way the
    /// call is counted in `agent_budget_unpriced_calls_total`, and the first one is reported to the fault hook as
    /// [`Fault::BudgetUnpriced`](crate::Fault::BudgetUnpriced).
    #[must_use]
    pub fn on_unpriced(self, reaction: Unpriced) -> Self {
        self.0.unpriced.set_reaction(reaction);
        self
    }

    /// Returns the name.
    pub fn name(&self) -> &str {
        &self.0.name
    }

    /// Returns the limit in USD.
    pub fn limit_usd(&self) -> f64 {
        from_nano_usd(self.0.limit)
    }

    /// Returns the amount spent in the window up to now, in USD; for a budget per task, the total since it was created.
    pub fn spent_usd(&self) -> f64 {
        from_nano_usd(self.spent())
    }

    /// Returns what calls under way have reserved of a rolling budget, in USD; 0 for a budget per task, where every task has
    /// its own.
    pub fn reserved_usd(&self) -> f64 {
        from_nano_usd(self.0.reserved.load(Ordering::Relaxed))
    }

    fn spent(&self) -> u64 {
        let total = self.0.spent.load(Ordering::Relaxed);
        match &self.0.window {
            // A total that has reached the largest number says nothing about the window: the budget counts as spent.
            Some(window) if total < u64::MAX => total.saturating_sub(window.base(total)),
            _ => total,
        }
    }

    fn total_spent_usd(&self) -> f64 {
        from_nano_usd(self.0.spent.load(Ordering::Relaxed))
    }

    /// Checks that the budget is not spent, for code without the key `budget = ..`. A budget per task always passes, since this
    /// method knows no task: use [`check_budgets`](crate::check_budgets) there.
    ///
    /// # Errors
    /// The budget is spent.
    pub fn check(&self) -> Result<(), BudgetSpent> {
        self.exceeded_by(TaskSpending::default()).map_or(Ok(()), Err)
    }

    /// Returns the error for a task that has spent `task` itself, if nothing is left for it.
    pub(crate) fn exceeded_by(&self, task: TaskSpending) -> Option<BudgetSpent> {
        let now = self.now(task);
        (now.spent >= self.0.limit || now.unpriced).then(|| self.spent_error(now))
    }

    /// Returns what is spent and reserved of the budget, for a task that has spent `task` itself.
    fn now(&self, task: TaskSpending) -> TaskSpending {
        match &self.0.window {
            None => TaskSpending { unpriced: task.unpriced && self.0.unpriced.is_refused(), ..task },
            Some(window) => TaskSpending {
                spent: self.spent(),
                reserved: self.0.reserved.load(Ordering::Relaxed),
                unpriced: self.0.unpriced.is_within(window),
            },
        }
    }

    fn spent_error(&self, now: TaskSpending) -> BudgetSpent {
        BudgetSpent {
            budget: self.0.name.to_string(),
            limit_usd: self.limit_usd(),
            spent_usd: from_nano_usd(now.spent),
            reserved_usd: from_nano_usd(now.reserved),
            window: self.0.window.as_ref().map(|window| window.length),
            unpriced_model: now.unpriced.then(|| self.0.unpriced.model()),
        }
    }

    /// Reserves an amount, for a task that has spent and reserved `task` itself, which includes the amount for a budget per
    /// task. Of calls that reserve at the same time at most those succeed for which the limit suffices.
    pub(crate) fn reserve(&self, nano: u64, task: TaskSpending) -> Result<(), BudgetSpent> {
        if self.is_rolling() {
            add_saturating(&self.0.reserved, nano, u64::MAX);
        }
        let now = self.now(task);
        if now.spent.saturating_add(now.reserved) <= self.0.limit && !now.unpriced {
            return Ok(());
        }
        self.release(nano);
        Err(self.spent_error(TaskSpending { reserved: now.reserved.saturating_sub(nano), ..now }))
    }

    /// Releases an amount that was reserved.
    pub(crate) fn release(&self, nano: u64) {
        if self.is_rolling() {
            self.0.reserved.fetch_sub(nano, Ordering::Relaxed);
        }
    }

    /// Counts a task or a call that was refused because the budget is spent.
    pub(crate) fn count_refusal(&self) {
        self.0.refused.fetch_add(1, Ordering::Relaxed);
    }

    /// Counts a call of a model without a price. Returns the fault to report if it is the first one.
    pub(crate) fn charge_unpriced(&self, model: &str) -> Option<Fault> {
        let is_first = self.0.unpriced.add(model, self.0.window.as_ref());
        is_first.then(|| Fault::BudgetUnpriced {
            budget: self.name().to_owned(),
            model: model.to_owned(),
            refuses: self.0.unpriced.is_refused(),
        })
    }

    /// Charges `nano` to the budget, for a task that has spent `by_task` including this amount. Returns the spent amount if it
    /// rises above the threshold of [`warn_at`](Self::warn_at) by this charge.
    ///
    /// `again` is set if a task in this one has charged the same amount already: the totals then stay as they are, and only the
    /// threshold of a budget per task is compared, with this task's own amount.
    ///
    /// The window records the total before the amount is added, so that an amount at the beginning of a slot counts in that slot.
    /// Two threads that charge at once add their amounts in some order, and each compares the total before and after its own
    /// amount: exactly one of them sees the threshold passed.
    pub(crate) fn charge(&self, nano: u64, by_task: u64, again: bool) -> Option<BudgetSpent> {
        let inner = &*self.0;
        let mut before = by_task.saturating_sub(nano);
        if !again {
            if let Some(window) = &inner.window {
                window.record(inner.spent.load(Ordering::Relaxed));
            }
            let total = add_saturating(&inner.spent, nano, u64::MAX);
            if let Some(window) = &inner.window {
                before = total.saturating_sub(window.base(total));
            }
        } else if inner.window.is_some() {
            return None;
        }
        let above = inner.warn_above.load(Ordering::Relaxed);
        let spent = before.saturating_add(nano);
        let passes = before <= above && spent > above;
        passes.then(|| self.spent_error(TaskSpending { spent, ..TaskSpending::default() }))
    }

    /// Returns whether all tasks of the budget share one limit.
    pub(crate) fn is_rolling(&self) -> bool {
        self.0.window.is_some()
    }

    /// Returns whether both are handles to one budget.
    pub(crate) fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl fmt::Debug for Budget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Budget")
            .field("name", &self.name())
            .field("limit_usd", &self.limit_usd())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DOLLAR: u64 = 1_000_000_000;

    #[test]
    fn invalid_limits_and_windows_are_refused() {
        for usd in [0.0, -1.0, f64::NAN, f64::INFINITY, 2e6] {
            assert!(Budget::per_task("each", usd).is_err(), "{usd}");
        }
        let error = Budget::rolling("short", Duration::from_millis(999), 1.0).unwrap_err();
        assert_eq!(error.to_string(), "budget `short`: its window must be a second or more");
    }

    #[test]
    fn a_warning_is_reported_each_time_the_threshold_is_passed() {
        let budget = Budget::rolling("b", Duration::from_secs(60), 10.0).unwrap().warn_at(0.5);
        let warnings: Vec<_> = [4, 2, 3, 2]
            .into_iter()
            .map(|usd| {
                assert_eq!(budget.check().is_ok(), budget.spent_usd() < 10.0);
                budget.charge(usd * DOLLAR, 0, false).map(|spent| spent.spent_usd)
            })
            .collect();
        assert_eq!(warnings, [None, Some(6.0), None, None]);
        let error = budget.check().unwrap_err();
        assert_eq!(error.to_string(), "budget `b` is spent: 11.0000 of 10 USD in the last 60s");
    }

    #[test]
    fn a_budget_per_task_compares_the_threshold_with_each_task() {
        let budget = Budget::per_task("each", 10.0).unwrap().warn_at(0.5);
        let charge = |usd: u64, by_task: u64, again| {
            budget.charge(usd * DOLLAR, by_task * DOLLAR, again).map(|spent| spent.spent_usd)
        };
        assert_eq!([charge(4, 4, false), charge(2, 6, false), charge(1, 7, false)], [None, Some(6.0), None]);
        assert_eq!(charge(6, 6, true), Some(6.0), "the enclosing task, which has the same budget");
        assert!((budget.spent_usd() - 7.0).abs() < 1e-9);
    }
}
