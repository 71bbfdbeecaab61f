//! The cost of tool calls.

use super::usage::{ByResultClosure, ByValueClosure};
use super::{OutputTag, Reader};
use crate::faults::FaultReporter;
use crate::status::Status;

/// Reads the cost of a tool call from an output.
pub trait ReadCost<T> {
    /// Returns the cost in USD, if the output contains it.
    fn cost(&self, output: &T) -> Option<f64>;
}

/// The reader of a tool call with a cost.
#[derive(Debug)]
pub struct StatusAndCost<S, C> {
    /// Reads the status.
    pub status: S,
    /// Reads the cost.
    pub cost: C,
}

impl<T, S: Reader<T>, C: ReadCost<T>> Reader<T> for StatusAndCost<S, C> {
    fn status(&self, output: &T, faults: &FaultReporter) -> Status {
        self.status.status(output, faults)
    }

    fn cost(&self, output: &T, faults: &FaultReporter) -> Option<f64> {
        faults.caught(|| self.cost.cost(output)).flatten()
    }
}

/// The return type of a `cost` closure: USD, or an `Option` of them.
#[diagnostic::on_unimplemented(
    message = "a `cost` closure gives USD as an `f64` or an `Option<f64>`, not `{Self}`",
    label = "no amount of USD"
)]
pub trait IntoCost {
    /// Returns the cost, if there is one.
    fn into_cost(self) -> Option<f64>;
}

impl IntoCost for f64 {
    fn into_cost(self) -> Option<f64> {
        Some(self)
    }
}

impl IntoCost for Option<f64> {
    fn into_cost(self) -> Option<f64> {
        self
    }
}

/// Reads a `Result`'s value by a closure.
pub trait ViaResultCost<T> {
    /// Returns the reader.
    fn __cost<F: Fn(&T) -> U, U: IntoCost>(&self, read: F) -> ByResultClosure<F> {
        ByResultClosure(read)
    }
}

impl<T, E> ViaResultCost<T> for &OutputTag<Result<T, E>> {}

/// Reads a plain value by a closure.
pub trait ViaCost<T> {
    /// Returns the reader.
    fn __cost<F: Fn(&T) -> U, U: IntoCost>(&self, read: F) -> ByValueClosure<F> {
        ByValueClosure(read)
    }
}

impl<T> ViaCost<T> for OutputTag<T> {}

impl<T, E, F: Fn(&T) -> U, U: IntoCost> ReadCost<Result<T, E>> for ByResultClosure<F> {
    fn cost(&self, output: &Result<T, E>) -> Option<f64> {
        self.0(output.as_ref().ok()?).into_cost()
    }
}

impl<T, F: Fn(&T) -> U, U: IntoCost> ReadCost<T> for ByValueClosure<F> {
    fn cost(&self, output: &T) -> Option<f64> {
        self.0(output).into_cost()
    }
}
