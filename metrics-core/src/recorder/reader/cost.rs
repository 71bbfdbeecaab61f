//! The cost of tool calls.

use super::closure::{Convert, ReadValue, conversion};
use super::{OutputTag, Reader, Rejected};
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

conversion! {
    __cost: CostFromOutput, ViaCost, [U: IntoCost] U => Option<f64>, |value| value.into_cost()
}

/// Reports a type without a conversion.
pub trait ViaNoCost<T> {
    /// Never called, since no type is `IsCost`.
    fn __cost(&self) -> Rejected
    where
        T: IsCost,
    {
        Rejected
    }
}

impl<T> ViaNoCost<T> for OutputTag<T> {}

/// Implemented by no type: its message is the compile error.
#[diagnostic::on_unimplemented(
    message = "a `cost` closure gives USD as an `f64` or an `Option<f64>`, not `{Self}`",
    label = "no amount of USD",
    note = "write `cost = |value| 0.01`, or `None` where a call cost nothing"
)]
pub trait IsCost {}

impl<T, R: ReadValue<T>, C: Convert<R::Value, Option<f64>>> ReadCost<T> for (R, C) {
    fn cost(&self, output: &T) -> Option<f64> {
        self.1.convert(self.0.read(output)?)
    }
}
