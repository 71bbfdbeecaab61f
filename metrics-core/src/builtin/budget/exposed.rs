//! The budgets that an instance exposes.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use super::Budget;
use crate::builtin::declaration::{BuiltinFamily, BuiltinLabel, builtin_families};
use crate::builtin::{EnabledFamilies, FamilyId as _, Settings};
use crate::error::Fault;
use crate::faults::FaultReporter;
use crate::label::{Labels, RenderedLabels};
use crate::sample::{FamilyInfo, Number, Source, Visitor};

const BUDGET: BuiltinLabel = BuiltinLabel::open("budget");

builtin_families! {
    /// The families of budgets.
    pub(crate) enum BudgetFamily in Costs {
        Limit => BuiltinFamily::gauge(
            "agent_budget_limit_usd",
            "Limit of a budget in USD, in its rolling window or for each task.",
        )
        .labels(&[BUDGET]),
        Spent => BuiltinFamily::counter(
            "agent_budget_spent_usd_total",
            "USD charged to a budget since the program started.",
        )
        .labels(&[BUDGET]),
        Used => BuiltinFamily::gauge(
            "agent_budget_used_ratio",
            "Share of a budget that is spent in its rolling window; absent for a budget per task.",
        )
        .labels(&[BUDGET]),
        Refused => BuiltinFamily::counter(
            "agent_budget_refused_total",
            "Tasks and calls that were refused because a budget was spent.",
        )
        .labels(&[BUDGET]),
        Reserved => BuiltinFamily::gauge(
            "agent_budget_reserved_usd",
            "USD that calls in flight have reserved of a rolling budget; absent for a budget per task.",
        )
        .labels(&[BUDGET]),
        UnpricedCalls => BuiltinFamily::counter(
            "agent_budget_unpriced_calls_total",
            "LLM calls charged to a budget whose model has no price, so that their cost is unknown.",
        )
        .labels(&[BUDGET]),
    }
}

pub(crate) struct Budgets {
    /// The identity of this instance, which a budget stores to skip the lock the next time.
    id: u64,
    exposed: Mutex<Exposed>,
    faults: Arc<FaultReporter>,
    /// The number of amounts that no call can cost.
    refused: AtomicU64,
    families: EnabledFamilies<BudgetFamily>,
}

#[derive(Default)]
struct Exposed {
    budgets: Vec<Budget>,
    /// The names of budgets that could not be exposed and were reported to the fault hook.
    reported: Vec<Box<str>>,
}

/// The next [`Budgets::id`].
static NEXT_ID: AtomicU64 = AtomicU64::new(1);

/// The number of budgets that have series. A budget for each tenant would make as many series as there are tenants.
const MAX_BUDGETS: usize = 128;

impl Budgets {
    pub(crate) fn new(settings: &Settings, faults: Arc<FaultReporter>) -> Self {
        Self {
            id: NEXT_ID.fetch_add(1, Ordering::Relaxed),
            exposed: Mutex::default(),
            faults,
            refused: AtomicU64::new(0),
            families: EnabledFamilies::new(settings),
        }
    }

    /// Counts an amount that no call can cost.
    #[cold]
    pub(crate) fn refuse(&self) {
        self.refused.fetch_add(1, Ordering::Relaxed);
    }

    /// Exposes a budget from now on. Of two budgets with one name only the first is exposed, and the second is reported to the
    /// fault hook.
    pub(crate) fn expose(&self, budget: &Budget) {
        if budget.0.exposed_by.load(Ordering::Relaxed) != self.id {
            self.add(budget);
        }
    }

    #[cold]
    fn add(&self, budget: &Budget) {
        let mut exposed = self.exposed.lock().unwrap_or_else(PoisonError::into_inner);
        let why = match exposed.budgets.iter().find(|other| other.name() == budget.name()) {
            Some(existing) if existing.is(budget) => None,
            Some(_) => Some("another budget has its name; make it once, in a static, and share it"),
            None if exposed.budgets.len() == MAX_BUDGETS => Some("128 budgets are shown already"),
            None => {
                exposed.budgets.push(budget.clone());
                None
            }
        };
        budget.0.exposed_by.store(self.id, Ordering::Relaxed);
        let Some(why) = why else { return };
        let is_new = exposed.reported.iter().all(|name| **name != *budget.name());
        if exposed.reported.len() < MAX_BUDGETS && is_new {
            exposed.reported.push(budget.name().into());
            // The hook may expose a budget itself.
            drop(exposed);
            self.faults.report(&Fault::BudgetNotShown { budget: budget.name().to_owned(), why });
        }
    }
}

impl Source for Budgets {
    fn families(&self) -> &[FamilyInfo] {
        self.families.infos()
    }

    fn visit_part(&self, family: usize, _: usize, visitor: &mut dyn Visitor) {
        let budgets = self.exposed.lock().unwrap_or_else(PoisonError::into_inner).budgets.clone();
        for budget in &budgets {
            let labels = RenderedLabels::new([(BUDGET.name, budget.name())]);
            let value = match self.families.id(family) {
                BudgetFamily::Limit => Number::Float(budget.limit_usd()),
                BudgetFamily::Spent => Number::Float(budget.total_spent_usd()),
                // Each task has its own limit.
                BudgetFamily::Used | BudgetFamily::Reserved if !budget.is_rolling() => continue,
                BudgetFamily::Used => Number::Float(budget.spent_usd() / budget.limit_usd()),
                BudgetFamily::Reserved => Number::Float(budget.reserved_usd()),
                BudgetFamily::UnpricedCalls => Number::Integer(budget.0.unpriced.count()),
                BudgetFamily::Refused => Number::Integer(budget.0.refused.load(Ordering::Relaxed)),
            };
            visitor.sample(Labels::new(&labels), value);
        }
    }

    fn refused(&self) -> Vec<(&str, u64)> {
        vec![(BudgetFamily::Spent.name(), self.refused.load(Ordering::Relaxed))]
    }
}
