//! What is wrong with a budget, and that it is spent.

use std::fmt;
use std::time::Duration;

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
