//! Errors of creating a budget and of spending from it.

use std::fmt;
use std::time::Duration;

/// The error of creating a budget.
#[derive(Clone, PartialEq, Debug)]
#[non_exhaustive]
pub struct InvalidBudget {
    /// The given name.
    pub budget: String,
    /// The reason.
    pub why: &'static str,
}

impl fmt::Display for InvalidBudget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "budget `{}`: {}", self.budget, self.why)
    }
}

impl std::error::Error for InvalidBudget {}

/// The error of a task or call that was not started because its budget is spent.
#[derive(Clone, PartialEq, Debug)]
#[non_exhaustive]
pub struct BudgetSpent {
    /// The name of the budget.
    pub budget: String,
    /// The limit, in USD.
    pub limit_usd: f64,
    /// The spent amount, in USD.
    pub spent_usd: f64,
    /// The rolling window of the limit; `None` where the limit applies to each task.
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
