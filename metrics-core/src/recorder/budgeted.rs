//! Calls that don't begin when a budget is spent.

use std::pin::Pin;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;

use super::ledger;
use crate::builtin::Budget;
use crate::error::BudgetSpent;

/// Whether the budgets of the tasks that run here have something left, to be asked before something that costs. Outside
/// of any task there is none.
///
/// # Errors
/// The innermost that is spent.
pub fn check_budgets() -> Result<(), BudgetSpent> {
    ledger::spent_budget(false).map_or(Ok(()), Err)
}

/// The budgets that are asked before a call begins.
pub trait BudgetCheck {
    /// What is spent, if nothing is left: then the call does not begin, which is counted.
    fn spent(&self) -> Option<BudgetSpent>;
}

/// Those of the tasks around the call.
#[derive(Clone, Copy)]
pub struct EnclosingBudgets;

impl BudgetCheck for EnclosingBudgets {
    #[inline]
    fn spent(&self) -> Option<BudgetSpent> {
        ledger::spent_budget(true)
    }
}

impl BudgetCheck for Budget {
    fn spent(&self) -> Option<BudgetSpent> {
        match self.check() {
            Ok(()) => EnclosingBudgets.spent(),
            Err(spent) => {
                self.count_refusal();
                Some(spent)
            }
        }
    }
}

/// What a function with a `budget` returns: a `Result` whose error can be made from [`BudgetSpent`].
#[diagnostic::on_unimplemented(
    message = "a function with `budget` must return a `Result` whose error is `From<BudgetSpent>`",
    label = "no way to say that the budget is spent",
    note = "implement `From<agent_metrics::BudgetSpent>` for the error, or use `anyhow::Error` or `Box<dyn Error + Send + Sync>`"
)]
pub trait FromBudgetSpent {
    /// The output of a call that didn't begin.
    fn spent(error: BudgetSpent) -> Self;
}

impl<T, E: From<BudgetSpent>> FromBudgetSpent for Result<T, E> {
    fn spent(error: BudgetSpent) -> Self {
        Err(error.into())
    }
}

pin_project! {
    /// The future of a function with a `budget`.
    pub struct BudgetChecked<P, F> {
        // Asked at the first poll.
        purse: Option<P>,
        // Emptied if it doesn't begin.
        #[pin]
        future: Option<F>,
    }
}

impl<P: BudgetCheck, F: Future<Output: FromBudgetSpent>> Future for BudgetChecked<P, F> {
    type Output = F::Output;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let mut this = self.project();
        if let Some(spent) = this.purse.take().and_then(|purse| purse.spent()) {
            this.future.set(None);
            return Poll::Ready(F::Output::spent(spent));
        }
        match this.future.as_pin_mut() {
            Some(future) => future.poll(cx),
            None => panic!("a tracked function's future was polled after it had finished"),
        }
    }
}

/// Lets a future begin only if something is left.
pub fn with_budget_check<P: BudgetCheck, F: Future<Output: FromBudgetSpent>>(
    purse: P,
    future: F,
) -> BudgetChecked<P, F> {
    BudgetChecked { purse: Some(purse), future: Some(future) }
}
