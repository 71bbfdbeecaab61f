//! Readers: they read the status, the usage and the cost of a call from the output of its function, by the output's type.
//!
//! Stable Rust cannot specialise, so a generated call picks the most specific reader by autoref:
//! `(&&&&&tag).__failure()` finds the trait implemented for the most references first.

mod closure;
mod cost;
mod errors;
mod status;
mod usage;

use std::marker::PhantomData;

use super::facts::LiveFacts;
use super::{CallRecorder, FamilyCall, StepCall, TaskCall, UnrecordedCall};
use crate::faults::{FaultReporter, ReportsFaults};
use crate::status::Status;

pub(crate) use closure::output_of;
pub use closure::{Convert, Rejected, ViaResultValue, ViaValue};
pub use cost::{StatusAndCost, ViaCost, ViaNoCost};
pub use errors::{
    DowncastTag, InnerError, ViaDowncast, ViaInnerAsDynError, ViaInnerClassify, ViaInnerError,
    ViaInnerStaticError, ViaNoDowncast,
};
#[cfg(feature = "stream")]
pub use status::StatusByClosure;
pub use status::{
    StatusByType, ViaAnyValue, ViaAsDynError, ViaBorrowedBox, ViaClassifyError, ViaClassifyOk,
    ViaClassifyValue, ViaFuture, ViaNoFailure, ViaResult, ViaResultFuture, ViaStaticError, ViaStdError,
};
pub use usage::{StatusAndUsage, ViaClosureUsage, ViaNoUsage, ViaResultUsage, ViaUsage};

/// The type of an output, as the signature has it.
pub struct OutputTag<T>(PhantomData<fn() -> T>);

impl<T> OutputTag<T> {
    /// The tag.
    pub const NEW: Self = Self(PhantomData);
}

impl<T> Clone for OutputTag<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for OutputTag<T> {}

/// Reads what a call records from its output.
pub trait Reader<T> {
    /// Returns the status of the call.
    fn status(&self, output: &T, faults: &FaultReporter) -> Status;

    /// Reports the facts of an LLM call that the output contains.
    #[inline]
    fn facts(&self, _: &T, _: &mut LiveFacts, _: &FaultReporter) {}

    /// Returns the cost in USD, if the output contains it.
    #[inline]
    fn cost(&self, _: &T, _: &FaultReporter) -> Option<f64> {
        None
    }
}

/// A call that a reader can be used with.
pub trait ReadBy<R, T>: CallRecorder {
    /// Takes the facts of the call from the output and returns its status.
    fn read(&mut self, reader: &R, output: &T) -> Status;
}

macro_rules! read_status {
    ($($call:ident)*) => {$(
        impl<R: Reader<T>, T, H> ReadBy<R, T> for $call<H>
        where
            Self: CallRecorder + ReportsFaults,
        {
            #[inline]
            fn read(&mut self, reader: &R, output: &T) -> Status {
                reader.status(output, self.faults())
            }
        }
    )*};
}

read_status!(TaskCall FamilyCall);

/// A reader that reads nothing: a step records nothing from its output.
#[derive(Clone, Copy, Debug)]
pub struct IgnoreOutput;

impl<T> ReadBy<IgnoreOutput, T> for StepCall {
    #[inline]
    fn read(&mut self, _: &IgnoreOutput, _: &T) -> Status {
        Status::Success
    }
}

impl<R, T> ReadBy<R, T> for UnrecordedCall {
    #[inline]
    fn read(&mut self, _: &R, _: &T) -> Status {
        Status::Success
    }
}

/// Names a type from a function type, which is the only way to name `!`.
pub trait FnOutput {
    /// The return type.
    type Type;
}

impl<T> FnOutput for fn() -> T {
    type Type = T;
}

debug_by_name! { OutputTag [T] [T]; }
