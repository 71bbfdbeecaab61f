//! Budgets: how much tasks may spend, each of them or all in a rolling window.

mod shown;
mod window;

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crate::error::{BudgetSpent, InvalidBudget};
pub(crate) use shown::Budgets;
use window::Window;

/// How much tasks may spend, in USD.
///
/// A task with the key `budget = ..` spends from it what its calls and tools cost, and so do the tasks in it. What is
/// spent is known when a call ends, so that calls which run side by side may pass the limit together; none begins after.
///
/// Make each once, in a static or beside the agent: a metrics instance shows one budget of a name, and 128 at most.
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
///     agent_metrics::check_budgets()?; // before something that costs
///     Ok(question.to_uppercase())
/// }
/// ```
#[derive(Clone)]
pub struct Budget(Arc<Inner>);

/// All amounts are millionths of a millionth of a USD.
struct Inner {
    name: Box<str>,
    limit: u64,
    /// `None` where each task has the limit for itself.
    window: Option<Window>,
    warn_above: AtomicU64,
    /// All that was ever spent.
    spent: AtomicU64,
    refused: AtomicU64,
    /// The number of who last showed it.
    shown_by: AtomicU64,
}

const PICO: f64 = 1e12;

/// The largest limit: more can't be counted without a risk to wrap.
const LARGEST_USD: f64 = 1e6;

impl Budget {
    /// So much by each task, with the tasks in it.
    ///
    /// # Errors
    /// A limit that is not above 0, or over a million USD.
    pub fn per_task(name: &str, usd: f64) -> Result<Self, InvalidBudget> {
        Self::new(name, usd, None)
    }

    /// So much by all its tasks together, in the last `window` up to now. What was spent earlier is forgotten in steps
    /// of a sixtieth of it.
    ///
    /// # Errors
    /// A limit that is not above 0 or over a million USD, or a window under a second.
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
        // As a negation, so that what is no number fails as well.
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
            shown_by: AtomicU64::new(0),
        })))
    }

    /// Tells the hook ([`Builder::on_fault`](crate::Builder::on_fault)) each time when the share of the limit that is
    /// spent passes this one, 0 to 1, upwards.
    #[must_use]
    pub fn warn_at(self, share: f64) -> Self {
        let above = (self.0.limit as f64 * share.clamp(0.0, 1.0)) as u64;
        self.0.warn_above.store(above, Ordering::Relaxed);
        self
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.0.name
    }

    /// What it allows, in USD.
    pub fn limit_usd(&self) -> f64 {
        self.0.limit as f64 / PICO
    }

    /// What is spent in its window now, in USD; where each task has the limit for itself, all that was ever spent.
    pub fn spent_usd(&self) -> f64 {
        let total = self.0.spent.load(Ordering::Relaxed);
        let spent = self.0.window.as_ref().map_or(total, |window| total.saturating_sub(window.base(total)));
        spent as f64 / PICO
    }

    fn ever_spent_usd(&self) -> f64 {
        self.0.spent.load(Ordering::Relaxed) as f64 / PICO
    }

    /// Whether there is something left, for who doesn't ask by an attribute. Where each task has the limit for itself
    /// there is, as far as this can tell: see [`check_budgets`](crate::check_budgets).
    ///
    /// # Errors
    /// It is spent.
    pub fn check(&self) -> Result<(), BudgetSpent> {
        self.spent_by(0).map_or(Ok(()), Err)
    }

    /// What is spent, if nothing is left for a task that has spent so much.
    pub(crate) fn spent_by(&self, by_task: u64) -> Option<BudgetSpent> {
        let spent = match &self.0.window {
            None => by_task,
            Some(window) => {
                let total = self.0.spent.load(Ordering::Relaxed);
                total.saturating_sub(window.base(total))
            }
        };
        (spent >= self.0.limit).then(|| self.told(spent))
    }

    fn told(&self, spent: u64) -> BudgetSpent {
        BudgetSpent {
            budget: self.0.name.to_string(),
            limit_usd: self.limit_usd(),
            spent_usd: spent as f64 / PICO,
            window: self.0.window.as_ref().map(|window| window.length),
        }
    }

    /// Something did not begin since it is spent.
    pub(crate) fn count_refusal(&self) {
        self.0.refused.fetch_add(1, Ordering::Relaxed);
    }

    /// Adds what a task spent that has spent so much with this; `again` where a task inside of it has added it already.
    /// Gives what is spent if that passes the threshold of the warning.
    pub(crate) fn charge(&self, pico: u64, by_task: u64, again: bool) -> Option<BudgetSpent> {
        let inner = &*self.0;
        let mut before = by_task.saturating_sub(pico);
        if !again {
            if let Some(window) = &inner.window {
                window.note(inner.spent.load(Ordering::Relaxed));
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
        passes.then(|| self.told(before + pico))
    }

    pub(crate) fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

/// An amount in millionths of a millionth of a USD; `None` for what is none.
pub(crate) fn pico_of(usd: f64) -> Option<u64> {
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
    fn what_makes_no_sense_is_refused() {
        for usd in [0.0, -1.0, f64::NAN, f64::INFINITY, 2e6] {
            assert!(Budget::per_task("each", usd).is_err(), "{usd}");
        }
        let error = Budget::rolling("short", Duration::from_millis(999), 1.0).unwrap_err();
        assert_eq!(error.to_string(), "budget `short`: its window must be a second or more");
    }

    #[test]
    fn it_warns_each_time_it_passes() {
        let budget = Budget::rolling("b", Duration::from_secs(60), 10.0).unwrap().warn_at(0.5);
        let told: Vec<_> = [4, 2, 3, 2]
            .into_iter()
            .map(|usd| {
                assert_eq!(budget.check().is_ok(), budget.spent_usd() < 10.0);
                budget.charge(usd * DOLLAR, 0, false).map(|spent| spent.spent_usd)
            })
            .collect();
        assert_eq!(told, [None, Some(6.0), None, None]);
        let error = budget.check().unwrap_err();
        assert_eq!(error.to_string(), "budget `b` is spent: 11.0000 of 10 USD in the last 60s");
    }

    #[test]
    fn each_task_passes_by_itself() {
        let budget = Budget::per_task("each", 10.0).unwrap().warn_at(0.5);
        let charge = |usd: u64, by_task: u64, again| {
            budget.charge(usd * DOLLAR, by_task * DOLLAR, again).map(|spent| spent.spent_usd)
        };
        assert_eq!([charge(4, 4, false), charge(2, 6, false), charge(1, 7, false)], [None, Some(6.0), None]);
        assert_eq!(charge(6, 6, true), Some(6.0), "the task around it, whose it is as well");
        assert!((budget.spent_usd() - 7.0).abs() < 1e-9);
    }
}
