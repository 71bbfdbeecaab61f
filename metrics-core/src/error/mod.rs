//! Errors and faults, as plain data that every other module may use.
//!
//! Set-up can fail: registering families, building an instance, creating a budget or a push. Recording and exposing
//! cannot; a fault at run time is counted and reported to the fault hook instead.

mod budget;
mod build;
mod fault;
#[cfg(feature = "_push")]
mod push;
mod register;
mod timeout;

pub use budget::{BudgetSpent, InvalidBudget, ReserveError};
pub use build::BuildError;
pub use fault::Fault;
#[cfg(feature = "_push")]
pub use push::PushError;
pub use register::RegisterError;
pub use timeout::TimedOut;
