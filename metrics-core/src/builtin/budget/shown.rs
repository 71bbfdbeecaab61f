//! The budgets that an instance shows.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use super::Budget;
use crate::error::Fault;
use crate::faults::FaultReporter;
use crate::label::{Labels, RenderedLabels};
use crate::name::MetricKind;
use crate::sample::{FamilyInfo, Number, Source, Visitor};

pub(crate) struct Budgets {
    id: u64,
    shown: Mutex<Shown>,
    faults: Arc<FaultReporter>,
    infos: Vec<FamilyInfo>,
}

#[derive(Default)]
struct Shown {
    budgets: Vec<Budget>,
    /// Names of which the hook was told that a second budget has them, or that there was no room.
    told: Vec<Box<str>>,
}

/// Numbers of those that show budgets.
static NEXT: AtomicU64 = AtomicU64::new(1);

/// How many have series of their own: a budget for each tenant would be as many series as there are tenants.
const CAP: usize = 128;

const LIMIT: usize = 0;
const SPENT: usize = 1;
const USED: usize = 2;

impl Budgets {
    pub(crate) fn new(faults: Arc<FaultReporter>) -> Self {
        let of = |kind, name, help| FamilyInfo::new(kind, name, help, &["budget"]);
        let infos = vec![
            of(
                MetricKind::Gauge,
                "agent_budget_limit_usd",
                "USD that a budget allows in its window, or each of its tasks.",
            ),
            of(
                MetricKind::Counter,
                "agent_budget_spent_usd_total",
                "USD spent from a budget since the program began.",
            ),
            of(
                MetricKind::Gauge,
                "agent_budget_used_ratio",
                "Share of a budget that is spent in its window up to now; absent where each task has its own.",
            ),
            of(
                MetricKind::Counter,
                "agent_budget_refused_total",
                "Tasks and calls that did not begin since a budget was spent.",
            ),
        ];
        Self { id: NEXT.fetch_add(1, Ordering::Relaxed), shown: Mutex::default(), faults, infos }
    }

    /// Shows a budget from now on. Of two that have one name the first is shown, and the hook is told.
    pub(crate) fn show(&self, budget: &Budget) {
        if budget.0.shown_by.load(Ordering::Relaxed) != self.id {
            self.add(budget);
        }
    }

    #[cold]
    fn add(&self, budget: &Budget) {
        let mut shown = self.shown.lock().unwrap_or_else(PoisonError::into_inner);
        let why = match shown.budgets.iter().find(|other| other.name() == budget.name()) {
            Some(same) if same.is(budget) => None,
            Some(_) => Some("another budget has its name; make it once, in a static, and share it"),
            None if shown.budgets.len() == CAP => Some("128 budgets are shown already"),
            None => {
                shown.budgets.push(budget.clone());
                None
            }
        };
        budget.0.shown_by.store(self.id, Ordering::Relaxed);
        let Some(why) = why else { return };
        if shown.told.len() < CAP && shown.told.iter().all(|told| **told != *budget.name()) {
            shown.told.push(budget.name().into());
            drop(shown);
            self.faults.report(&Fault::BudgetNotShown { budget: budget.name().to_owned(), why });
        }
    }
}

impl Source for Budgets {
    fn families(&self) -> &[FamilyInfo] {
        &self.infos
    }

    fn visit_part(&self, family: usize, _: usize, visitor: &mut dyn Visitor) {
        let shown = self.shown.lock().unwrap_or_else(PoisonError::into_inner).budgets.clone();
        for budget in &shown {
            let labels = RenderedLabels::new([("budget", budget.name())]);
            let value = match family {
                LIMIT => Number::Float(budget.limit_usd()),
                SPENT => Number::Float(budget.ever_spent_usd()),
                USED if budget.0.window.is_none() => continue,
                USED => Number::Float(budget.spent_usd() / budget.limit_usd()),
                _ => Number::Integer(budget.0.refused.load(Ordering::Relaxed)),
            };
            visitor.sample(Labels::new(&labels), value);
        }
    }
}
