//! Budgets: how much tasks may spend, each of them or all in a rolling window.

use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::notes::Notes;
use crate::catalogue::FamilyInfo;
use crate::clock::{self, Ticks};
use crate::label::{Labels, render};
use crate::metric::Number;
use crate::name::Kind;
use crate::visit::{Source, Visitor};

/// How much tasks may spend, in USD.
///
/// A task with the key `budget = ..` spends from it what its calls and tools cost, and so do the tasks in it. What is
/// spent is known when a call ends, so that calls which run side by side may pass the limit together; none begins after.
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

struct Inner {
    name: Box<str>,
    limit: u64,
    /// `None` where each task has the limit for itself.
    window: Option<Window>,
    warn_above: AtomicU64,
    warned: AtomicBool,
    /// All that was ever spent.
    spent: AtomicU64,
    refused: AtomicU64,
    /// Who shows it, by its place in memory, so that it is not shown twice.
    shown_by: AtomicUsize,
}

/// All amounts are millionths of a millionth of a USD.
const PICO: f64 = 1e12;

/// The last time, and what had been spent when it began.
struct Window {
    length: Duration,
    begin: Ticks,
    notes: Mutex<Notes<u64>>,
    /// When the slot of the last note ends, in ticks since the beginning.
    noted_until: AtomicU64,
}

/// Slots of a window.
const SLOTS: u64 = 60;

/// The largest limit: more can't be counted without a risk to wrap.
const LARGEST_USD: f64 = 1e6;

/// What is wrong with a budget.
#[derive(Clone, PartialEq, Debug)]
#[non_exhaustive]
pub struct InvalidBudget {
    /// Its name as given.
    pub budget: String,
    /// What it should be.
    pub why: &'static str,
}

impl fmt::Display for InvalidBudget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "budget `{}`: {}", self.budget, self.why)
    }
}

impl std::error::Error for InvalidBudget {}

/// A budget is spent: what was about to begin has not begun.
#[derive(Clone, PartialEq, Debug)]
#[non_exhaustive]
pub struct BudgetSpent {
    /// The budget's name.
    pub budget: String,
    /// What it allows, in USD.
    pub limit_usd: f64,
    /// What is spent of it, in USD.
    pub spent_usd: f64,
    /// Of which time; `None` where each task has the limit for itself.
    pub window: Option<Duration>,
}

impl fmt::Display for BudgetSpent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { budget, limit_usd, spent_usd, window } = self;
        write!(f, "budget `{budget}` is spent: {spent_usd:.4} of {limit_usd} USD ")?;
        match window {
            Some(window) => write!(f, "in the last {window:?}"),
            None => f.write_str("by one task"),
        }
    }
}

impl std::error::Error for BudgetSpent {}

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
        let slot = u64::try_from(window.as_nanos() / u128::from(SLOTS)).unwrap_or(u64::MAX / 2);
        let notes = Mutex::new(Notes::new(slot, SLOTS));
        let noted_until = AtomicU64::new(0);
        Self::new(name, usd, Some(Window { length: window, begin: clock::now(), notes, noted_until }))
    }

    fn new(name: &str, usd: f64, window: Option<Window>) -> Result<Self, InvalidBudget> {
        // As a negation, so that what is no number fails as well.
        if !(usd > 0.0 && usd <= LARGEST_USD) {
            let why = "its limit must be above 0 and at most 1,000,000 USD";
            return Err(InvalidBudget { budget: name.to_owned(), why });
        }
        let limit = (usd * PICO).round() as u64;
        Ok(Self(Arc::new(Inner {
            name: name.into(),
            limit,
            window,
            warn_above: AtomicU64::new(u64::MAX),
            warned: AtomicBool::new(false),
            spent: AtomicU64::new(0),
            refused: AtomicU64::new(0),
            shown_by: AtomicUsize::new(0),
        })))
    }

    /// Tells the hook ([`Builder::on_fault`](crate::Builder::on_fault)) when more than this share of the limit, 0 to 1, is
    /// spent: once, and again after it was less.
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
        self.spent() as f64 / PICO
    }

    /// Whether there is something left, for who doesn't ask by an attribute. What each task may spend is the task's to
    /// know: see [`check_budgets`](crate::check_budgets).
    ///
    /// # Errors
    /// It is spent.
    pub fn check(&self) -> Result<(), BudgetSpent> {
        if self.0.window.is_some() { self.check_spent(self.spent()) } else { Ok(()) }
    }

    /// Adds what was spent elsewhere, in USD: something that no tracked call or tool tells. An amount that is negative or
    /// not a number is ignored.
    pub fn add_usd(&self, usd: f64) {
        if usd > 0.0 {
            self.charge((usd.min(LARGEST_USD) * PICO).round() as u64);
        }
    }

    /// Whether a task that has spent so much, in picos, may go on.
    pub(crate) fn check_in(&self, by_task: u64) -> Result<(), BudgetSpent> {
        self.check_spent(if self.0.window.is_some() { self.spent() } else { by_task })
    }

    fn check_spent(&self, spent: u64) -> Result<(), BudgetSpent> {
        if spent < self.0.limit {
            return Ok(());
        }
        self.0.refused.fetch_add(1, Ordering::Relaxed);
        Err(self.told(spent))
    }

    fn told(&self, spent: u64) -> BudgetSpent {
        BudgetSpent {
            budget: self.0.name.to_string(),
            limit_usd: self.limit_usd(),
            spent_usd: spent as f64 / PICO,
            window: self.0.window.as_ref().map(|window| window.length),
        }
    }

    /// Adds what a task spent, in picos.
    pub(crate) fn charge(&self, pico: u64) {
        let inner = &*self.0;
        if let Some(window) = &inner.window {
            window.note(inner.spent.load(Ordering::Relaxed));
        }
        inner.spent.fetch_add(pico, Ordering::Relaxed);
    }

    /// What is spent past the warning's threshold for the first time, if each task together or this one has.
    pub(crate) fn warning(&self, by_task: u64, warned_task: &AtomicBool) -> Option<BudgetSpent> {
        let inner = &*self.0;
        let warn_above = inner.warn_above.load(Ordering::Relaxed);
        if warn_above == u64::MAX {
            return None;
        }
        let (spent, warned) =
            if inner.window.is_some() { (self.spent(), &inner.warned) } else { (by_task, warned_task) };
        let above = spent > warn_above;
        (warned.swap(above, Ordering::Relaxed) != above && above).then(|| self.told(spent))
    }

    fn spent(&self) -> u64 {
        let total = self.0.spent.load(Ordering::Relaxed);
        self.0.window.as_ref().map_or(total, |window| total.saturating_sub(window.base(total)))
    }

    pub(crate) fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl Window {
    fn now(&self) -> (u64, u64) {
        let ticks = clock::now().since(self.begin);
        (ticks, clock::nanos(ticks))
    }

    /// Notes what was spent before now. Whoever holds the lock notes the same, or reads: no call waits for that.
    fn note(&self, spent: u64) {
        let (ticks, nanos) = self.now();
        if ticks >= self.noted_until.load(Ordering::Relaxed)
            && let Ok(mut notes) = self.notes.try_lock()
        {
            let until = Duration::from_nanos(notes.end_of_slot(nanos));
            self.noted_until.store(clock::ticks(until), Ordering::Relaxed);
            notes.note(nanos, spent);
        }
    }

    /// What had been spent when the window began.
    fn base(&self, spent: u64) -> u64 {
        let (_, nanos) = self.now();
        let mut notes = self.notes.lock().unwrap_or_else(PoisonError::into_inner);
        notes.note(nanos, spent);
        notes.base().unwrap_or(spent)
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

/// The budgets that an instance shows.
pub(crate) struct Budgets {
    shown: Mutex<Vec<Budget>>,
    infos: Vec<FamilyInfo>,
}

const LIMIT: usize = 0;
const SPENT: usize = 1;
const USED: usize = 2;

impl Budgets {
    pub(crate) fn new() -> Self {
        let of = |kind, name, help| FamilyInfo::new(kind, name, help, &["budget"]);
        let infos = vec![
            of(
                Kind::Gauge,
                "agent_budget_limit_usd",
                "USD that a budget allows in its window, or each of its tasks.",
            ),
            of(
                Kind::Counter,
                "agent_budget_spent_usd_total",
                "USD spent from a budget since the program began.",
            ),
            of(
                Kind::Gauge,
                "agent_budget_used_ratio",
                "Share of a budget that is spent in its window up to now; absent where each task has its own.",
            ),
            of(
                Kind::Counter,
                "agent_budget_refused_total",
                "Tasks and calls that did not begin since a budget was spent.",
            ),
        ];
        Self { shown: Mutex::default(), infos }
    }

    /// Shows a budget from now on. Of two that have one name the first is shown.
    pub(crate) fn show(&self, budget: &Budget) {
        let this = std::ptr::from_ref(self) as usize;
        if budget.0.shown_by.swap(this, Ordering::Relaxed) == this {
            return;
        }
        let mut shown = self.shown.lock().unwrap_or_else(PoisonError::into_inner);
        if shown.iter().all(|other| other.name() != budget.name()) {
            shown.push(budget.clone());
        }
    }
}

impl Source for Budgets {
    fn families(&self) -> &[FamilyInfo] {
        &self.infos
    }

    fn visit(&self, family: usize, visitor: &mut dyn Visitor) {
        let shown = self.shown.lock().unwrap_or_else(PoisonError::into_inner).clone();
        for budget in &shown {
            let labels = render([("budget", budget.name())]);
            let value = match family {
                LIMIT => Number::Float(budget.limit_usd()),
                SPENT => Number::Float(budget.0.spent.load(Ordering::Relaxed) as f64 / PICO),
                USED if budget.0.window.is_none() => continue,
                USED => Number::Float(budget.spent_usd() / budget.limit_usd()),
                _ => Number::Integer(budget.0.refused.load(Ordering::Relaxed)),
            };
            visitor.sample(Labels::of(&labels), value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_makes_no_sense_is_refused() {
        for usd in [0.0, -1.0, f64::NAN, f64::INFINITY, 2e6] {
            assert!(Budget::per_task("each", usd).is_err(), "{usd}");
        }
        let error = Budget::rolling("short", Duration::from_millis(999), 1.0).unwrap_err();
        assert_eq!(error.to_string(), "budget `short`: its window must be a second or more");
    }

    #[test]
    fn a_window_forgets_what_is_older() {
        let budget = Budget::rolling("b", Duration::from_secs(60), 1.0).unwrap();
        let window = budget.0.window.as_ref().unwrap();
        let mut notes = window.notes.lock().unwrap();
        for (total, (second, spent)) in
            [(0, 0), (10, 1), (59, 2), (61, 2), (75, 2), (200, 0)].into_iter().enumerate()
        {
            notes.note(second * 1_000_000_000, total as u64);
            assert_eq!(total as u64 - notes.base().unwrap(), spent, "after {second} s");
        }
    }

    #[test]
    fn it_warns_once_for_each_time_it_passes() {
        let budget = Budget::rolling("b", Duration::from_secs(60), 1.0).unwrap().warn_at(0.5);
        let task = AtomicBool::new(false);
        let mut told = Vec::new();
        for usd in [0.4, 0.2, 0.3, 0.2] {
            assert_eq!(budget.check().is_ok(), budget.spent_usd() < 1.0);
            budget.add_usd(usd);
            told.push(budget.warning(0, &task).map(|spent| (spent.spent_usd * 10.0).round()));
        }
        assert_eq!(told, [None, Some(6.0), None, None]);
        let error = budget.check().unwrap_err();
        assert_eq!(error.to_string(), "budget `b` is spent: 1.1000 of 1 USD in the last 60s");
        assert_eq!(budget.0.refused.load(Ordering::Relaxed), 1);
    }
}
