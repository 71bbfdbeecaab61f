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
    /// The amount that calls in flight have reserved, in USD.
    pub reserved_usd: f64,
    /// The rolling window of the limit; `None` where the limit applies to each task.
    pub window: Option<Duration>,
    /// The model without a price that was called, if the budget counts as spent for that reason. The spent amount is then
    /// not known.
    pub unpriced_model: Option<String>,
}

impl fmt::Display for BudgetSpent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { budget, limit_usd, spent_usd, reserved_usd, window, unpriced_model } = self;
        if let Some(model) = unpriced_model {
            return write!(
                f,
                "budget `{budget}` refuses further calls: model `{model}` has no price, so that the spent amount is unknown; \
                 add its price to the price table, or allow such calls with `.on_unpriced(Unpriced::Allow)`"
            );
        }
        write!(f, "budget `{budget}` is spent: {spent_usd:.4} of {limit_usd} USD ")?;
        if *reserved_usd > 0.0 {
            write!(f, "and {reserved_usd:.4} reserved ")?;
        }
        match window {
            Some(window) => write!(f, "in the last {window:?}"),
            None => f.write_str("by one task"),
        }
    }
}

impl std::error::Error for BudgetSpent {}

/// The error of reserving an amount of the budgets of a task.
#[derive(Clone, PartialEq, Debug)]
#[non_exhaustive]
pub enum ReserveError {
    /// The estimate is negative, not a number or over a million USD.
    InvalidEstimate {
        /// The estimate.
        usd: f64,
    },
    /// The estimate exceeds the limit of a budget, so that the call could never start.
    AboveLimit {
        /// The name of the budget.
        budget: String,
        /// The limit, in USD.
        limit_usd: f64,
        /// The estimate, in USD.
        usd: f64,
    },
    /// What is left of a budget does not suffice.
    Spent(BudgetSpent),
}

impl fmt::Display for ReserveError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::InvalidEstimate { usd } => {
                write!(f, "an estimate of {usd} USD cannot be reserved: give an amount from 0 to 1,000,000")
            }
            Self::AboveLimit { budget, limit_usd, usd } => write!(
                f,
                "an estimate of {usd} USD exceeds the limit of budget `{budget}`, which is {limit_usd} USD: raise the \
                 limit or lower the estimate"
            ),
            Self::Spent(spent) => spent.fmt(f),
        }
    }
}

impl std::error::Error for ReserveError {}

impl From<BudgetSpent> for ReserveError {
    fn from(spent: BudgetSpent) -> Self {
        Self::Spent(spent)
    }
}
