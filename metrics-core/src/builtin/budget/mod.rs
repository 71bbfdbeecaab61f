//! Budgets: a limit on the cost of each task, or of all tasks in a rolling window.

mod exposed;
mod window;

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crate::error::{BudgetSpent, InvalidBudget};
pub(crate) use exposed::{BudgetFamily, Budgets};
use window::Window;

/// A limit on the cost of tasks, in USD.
///
/// A task with the key `budget = ..` charges the costs of its LLM calls and tools to the budget, and so do the tasks in it. The
/// cost of a call is known when the call ends. Concurrent calls can therefore exceed the limit together; calls that would begin
/// after that are refused.
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

/// All amounts are millionths of a millionth of a USD.
struct Inner {
    name: Box<str>,
    limit: u64,
    /// `None` for a budget per task.
    window: Option<Window>,
    warn_above: AtomicU64,
    /// The total since the budget was created.
    spent: AtomicU64,
    refused: AtomicU64,
    /// The identity of the [`Budgets`] that last exposed it; 0 before.
    exposed_by: AtomicU64,
}

/// Millionths of a millionth in one.
const PICO: f64 = 1e12;

/// The largest limit. Sums of larger amounts in 64 bits could wrap around.
const LARGEST_USD: f64 = 1e6;

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
        // The condition is negated so that NaN, which compares false, is refused as well.
        if !(usd > 0.0 && usd <= LARGEST_USD) {
            let why = "its limit must be above 0 and at most 1,000,000 USD";
            return Err(InvalidBudget { budget: name.to_owned(), why });
        }
        Ok(Self(Arc::new(Inner {
            name: name.into(),
            limit: (usd * PICO).round() as u64,
            window,
            warn_above: AtomicU64::new(u64::MAX),
            spent: AtomicU64::new(0),
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

    /// Returns the name.
    pub fn name(&self) -> &str {
        &self.0.name
    }

    /// Returns the limit in USD.
    pub fn limit_usd(&self) -> f64 {
        self.0.limit as f64 / PICO
    }

    /// Returns the amount spent in the window up to now, in USD; for a budget per task, the total since it was created.
    pub fn spent_usd(&self) -> f64 {
        let total = self.0.spent.load(Ordering::Relaxed);
        let spent = self.0.window.as_ref().map_or(total, |window| total.saturating_sub(window.base(total)));
        spent as f64 / PICO
    }

    fn total_spent_usd(&self) -> f64 {
        self.0.spent.load(Ordering::Relaxed) as f64 / PICO
    }

    /// Checks that the budget is not spent, for code without the key `budget = ..`. A budget per task always passes, since this
    /// method knows no task: use [`check_budgets`](crate::check_budgets) there.
    ///
    /// # Errors
    /// The budget is spent.
    pub fn check(&self) -> Result<(), BudgetSpent> {
        self.exceeded_by(0).map_or(Ok(()), Err)
    }

    /// Returns the error for a task that has spent `by_task` itself, if nothing is left for it.
    pub(crate) fn exceeded_by(&self, by_task: u64) -> Option<BudgetSpent> {
        let spent = match &self.0.window {
            None => by_task,
            Some(window) => {
                let total = self.0.spent.load(Ordering::Relaxed);
                total.saturating_sub(window.base(total))
            }
        };
        (spent >= self.0.limit).then(|| self.spent_error(spent))
    }

    fn spent_error(&self, spent: u64) -> BudgetSpent {
        BudgetSpent {
            budget: self.0.name.to_string(),
            limit_usd: self.limit_usd(),
            spent_usd: spent as f64 / PICO,
            window: self.0.window.as_ref().map(|window| window.length),
        }
    }

    /// Counts a task or a call that was refused because the budget is spent.
    pub(crate) fn count_refusal(&self) {
        self.0.refused.fetch_add(1, Ordering::Relaxed);
    }

    /// Charges `pico` to the budget, for a task that has spent `by_task` including this amount. Returns the spent amount if it
    /// rises above the threshold of [`warn_at`](Self::warn_at) by this charge.
    ///
    /// `again` is set if a task in this one has charged the same amount already: the totals then stay as they are, and only the
    /// threshold of a budget per task is compared, with this task's own amount.
    ///
    /// The window records the total before the amount is added, so that an amount at the beginning of a slot counts in that slot.
    /// Two threads that charge at once add their amounts in some order, and each compares the total before and after its own
    /// amount: exactly one of them sees the threshold passed.
    pub(crate) fn charge(&self, pico: u64, by_task: u64, again: bool) -> Option<BudgetSpent> {
        let inner = &*self.0;
        let mut before = by_task.saturating_sub(pico);
        if !again {
            if let Some(window) = &inner.window {
                window.record(inner.spent.load(Ordering::Relaxed));
            }
            let total = inner.spent.fetch_add(pico, Ordering::Relaxed);
            if let Some(window) = &inner.window {
                before = total.saturating_sub(window.base(total));
            }
        } else if inner.window.is_some() {
            return None;
        }
        let above = inner.warn_above.load(Ordering::Relaxed);
        let passes = before <= above && before.saturating_add(pico) > above;
        passes.then(|| self.spent_error(before + pico))
    }

    /// Returns whether both are handles to one budget.
    pub(crate) fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

/// Converts USD to millionths of a millionth of a USD. Returns `None` for an amount that is not above 0.
pub(crate) fn to_pico_usd(usd: f64) -> Option<u64> {
    (usd > 0.0).then(|| (usd.min(LARGEST_USD) * PICO).round() as u64)
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

    const DOLLAR: u64 = 1_000_000_000_000;

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
