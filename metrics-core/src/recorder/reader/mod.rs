//! From a function's output to its status, its usage and its cost, by the output's type.
//!
//! Stable Rust cannot specialise, so a generated call picks the most specific reader by autoref:
//! `(&&&&&tag).__failure()` finds the trait implemented for the most references first.

mod cost;
mod errors;
mod status;
mod usage;

use std::marker::PhantomData;

use super::facts::LiveFacts;
use super::{CallRecorder, FamilyCall, StepCall, TaskCall, UnrecordedCall};
use crate::faults::{FaultReporter, ReportsFaults};
use crate::status::Status;

pub use cost::{StatusAndCost, ViaCost, ViaResultCost};
pub use errors::{
    DowncastTag, InnerError, ViaDowncast, ViaInnerAsDynError, ViaInnerClassify, ViaInnerError, ViaNoDowncast,
};
pub use status::{
    StatusByClosure, StatusByType, ViaAnyValue, ViaAsDynError, ViaClassifyError, ViaClassifyOk,
    ViaClassifyValue, ViaFuture, ViaNoFailure, ViaResult, ViaResultFuture, ViaStdError,
};
pub use usage::{StatusAndUsage, ViaResultUsage, ViaResultUsageBy, ViaUsage, ViaUsageBy};

/// The type of an output, as the signature tells it.
pub struct OutputTag<T>(PhantomData<fn() -> T>);

impl<T> OutputTag<T> {
    /// The tag.
    pub const NEW: Self = Self(PhantomData);

    /// Reads the status by a closure of the user's.
    #[inline]
    pub fn __status<F: Fn(&T) -> Status>(self, read: F) -> StatusByClosure<F> {
        StatusByClosure(read)
    }
}

impl<T> Clone for OutputTag<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for OutputTag<T> {}

/// Reads what a call is to record from its output.
pub trait Reader<T> {
    /// How it ended.
    fn status(&self, output: &T, faults: &FaultReporter) -> Status;

    /// What the output tells of a model's call.
    #[inline]
    fn facts(&self, _: &T, _: &mut LiveFacts, _: &FaultReporter) {}

    /// What it cost in USD, if the output tells.
    #[inline]
    fn cost(&self, _: &T, _: &FaultReporter) -> Option<f64> {
        None
    }
}

/// A call that a reader's findings make sense for.
pub trait ReadBy<R, T>: CallRecorder {
    /// Takes what it needs from the output and says how the call ended.
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

/// Steps have nothing to read.
#[derive(Clone, Copy)]
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
    /// What it returns.
    type Type;
}

impl<T> FnOutput for fn() -> T {
    type Type = T;
}
