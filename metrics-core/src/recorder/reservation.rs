//! Reservations: amounts of the enclosing budgets that calls in flight are expected to cost.

use std::sync::Arc;

use super::ledger::{self, Ledger};
use crate::error::ReserveError;
use crate::pricing::amount::{from_nano_usd, is_valid_usd, to_nano_usd};

/// Reserves an estimate of what a call will cost, in USD, of every budget of the tasks on this thread. Concurrent calls then
/// can't exceed a limit together: what one of them has reserved counts as spent for the others that reserve. Calls that
/// reserve nothing are refused once the budget is spent. Outside of any task there is no budget, and every valid estimate is
/// granted.
///
/// Keep the reservation until the call has ended. The cost of the call is charged at its end, and dropping the reservation
/// releases the estimate, whatever the call has cost.
///
/// ```
/// use agent_metrics::{Usage, reserve_budgets, track_llm};
///
/// #[track_llm(model = "gpt-4o")]
/// async fn ask(question: &str) -> Result<Usage, Box<dyn std::error::Error>> {
///     // 4,000 input tokens and at most 500 output tokens.
///     let _reserved = reserve_budgets(0.015)?;
///     Ok(Usage::new(4_000, 400))
/// }
/// ```
///
/// # Errors
/// A budget has less than the estimate left, or its limit is lower than the estimate; or the estimate is not between 0 and a
/// million USD. Nothing is reserved then.
pub fn reserve_budgets(usd: f64) -> Result<Reservation, ReserveError> {
    if !is_valid_usd(usd) {
        return Err(ReserveError::InvalidEstimate { usd });
    }
    let nano = to_nano_usd(usd);
    let ledger = ledger::current();
    if let Some(ledger) = &ledger {
        ledger.reserve(nano)?;
    }
    Ok(Reservation { ledger, nano })
}

/// An amount reserved of budgets, which is released when this is dropped; see [`reserve_budgets`].
#[must_use = "the amount is released when the reservation is dropped"]
pub struct Reservation {
    ledger: Option<Arc<Ledger>>,
    nano: u64,
}

impl Reservation {
    /// Returns the reserved amount in USD.
    pub fn usd(&self) -> f64 {
        from_nano_usd(self.nano)
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        if let Some(ledger) = &self.ledger {
            ledger.release(self.nano);
        }
    }
}

impl std::fmt::Debug for Reservation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Reservation").field("usd", &self.usd()).finish_non_exhaustive()
    }
}
