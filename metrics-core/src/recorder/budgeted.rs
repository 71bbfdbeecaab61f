//! Calls that do not begin when a budget is spent.

use std::pin::Pin;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;

use super::ledger;
use super::reader::{Convert, OutputTag, Rejected, output_of};
use crate::builtin::Budget;
use crate::error::BudgetSpent;

/// Checks that no budget of the tasks on this thread is spent. Call it before work that costs. Outside of any task there is
/// no budget to check.
///
/// # Errors
/// The innermost budget that is spent.
pub fn check_budgets() -> Result<(), BudgetSpent> {
    ledger::spent_budget(false).map_or(Ok(()), Err)
}

/// The budgets that are checked before a call begins.
pub trait BudgetCheck {
    /// Returns the innermost spent budget. The call does not begin then, and the refusal is counted.
    fn spent(&self) -> Option<BudgetSpent>;
}

/// The budgets of the enclosing tasks.
#[derive(Clone, Copy, Debug)]
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

output_of! {
    __budget_spent: BudgetSpent, BudgetSpentResult, ViaBudgetSpent
}

/// Reports a type without a conversion.
pub trait ViaNoBudgetSpent<T> {
    /// Never called, since no type is `FromBudgetSpent`.
    fn __budget_spent(&self) -> Rejected
    where
        T: FromBudgetSpent,
    {
        Rejected
    }
}

impl<T> ViaNoBudgetSpent<T> for OutputTag<T> {}

/// Implemented by no type: its message is the compile error.
#[diagnostic::on_unimplemented(
    message = "a function with `budget` must return a `Result` whose error is `From<BudgetSpent>`",
    label = "`{Self}` cannot report the spent budget",
    note = "implement `From<agent_metrics::BudgetSpent>` for the error, or use `anyhow::Error` or `Box<dyn Error + Send + Sync>`"
)]
pub trait FromBudgetSpent {}

/// Returns the output of a call that does not begin.
pub fn refused<T>(make: impl Convert<BudgetSpent, T>, spent: BudgetSpent) -> T {
    make.convert(spent)
}

pin_project! {
    /// The future of a function with a `budget`.
    pub struct BudgetChecked<P, M, F> {
        // Taken at the first poll.
        check: Option<P>,
        make: M,
        // Emptied if the call does not begin.
        #[pin]
        future: Option<F>,
    }
}

impl<P: BudgetCheck, M: Convert<BudgetSpent, F::Output>, F: Future> Future for BudgetChecked<P, M, F> {
    type Output = F::Output;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let mut this = self.project();
        if let Some(spent) = this.check.take().and_then(|check| check.spent()) {
            this.future.set(None);
            return Poll::Ready(this.make.convert(spent));
        }
        match this.future.as_pin_mut() {
            Some(future) => future.poll(cx),
            None => panic!("a tracked function's future was polled after it had finished"),
        }
    }
}

/// Makes a future begin only if no budget is spent. `make` makes the output of a call that does not begin.
pub fn with_budget_check<P: BudgetCheck, M: Convert<BudgetSpent, F::Output>, F: Future>(
    check: P,
    make: M,
    future: F,
) -> BudgetChecked<P, M, F> {
    BudgetChecked { check: Some(check), make, future: Some(future) }
}

debug_by_name! { BudgetChecked [P, M, F] [P, M, F]; }
