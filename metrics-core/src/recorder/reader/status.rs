//! Readers of the status of an output.

use std::error::Error;

use super::{OutputTag, Reader, Rejected};
use crate::classify::{Classify, error_status, source_status};
use crate::faults::FaultReporter;
use crate::status::Status;

/// Reads the status by the type of the output: from its error, else from its value.
#[derive(Debug)]
pub struct StatusByType<F, S> {
    /// Reads the error of a `Result`.
    pub failure: F,
    /// Reads the value.
    pub success: S,
}

impl<T, F: Failure<T>, S: Success<T>> Reader<T> for StatusByType<F, S> {
    #[inline]
    fn status(&self, output: &T, faults: &FaultReporter) -> Status {
        match self.failure.failure(output, faults) {
            Some(status) => status,
            None => self.success.success(output, faults),
        }
    }
}

/// Reads the status of an output that is an error.
pub trait Failure<T> {
    /// Returns the status, if the output is an error.
    fn failure(&self, output: &T, faults: &FaultReporter) -> Option<Status>;
}

/// Reads the status of an output that is not an error.
pub trait Success<T> {
    /// Returns the status.
    fn success(&self, output: &T, faults: &FaultReporter) -> Status;
}

macro_rules! arm {
    ($(#[$doc:meta])* $via:ident, $method:ident, $reader:ident, [$($reference:tt)*] $output:ty, [$($generics:tt)*]) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug)]
        pub struct $reader;

        $(#[$doc])*
        pub trait $via {
            /// Returns the reader.
            fn $method(&self) -> $reader {
                $reader
            }
        }

        impl<$($generics)*> $via for $($reference)* OutputTag<$output> {}
    };
}

/// Implemented by no type: its message is the compile error for an output that is a future.
#[diagnostic::on_unimplemented(
    message = "the result of this function is a future, which a call of the function does not wait for",
    label = "a call would end before the future",
    note = "await the future in the function, or put the attribute on the function that awaits it",
    note = "`-> impl Future<Output = ..>`, and `-> Pin<Box<dyn Future<Output = ..>>>` with `Box::pin(..)` as the last expression, are measured to the end",
    note = "to measure only the creation of the future, write `status = |_| agent_metrics::Status::Success`"
)]
pub trait MeasuredToItsEnd {}

impl<T> Success<T> for Rejected {
    fn success(&self, _: &T, _: &FaultReporter) -> Status {
        Status::Success
    }
}

/// Rejects a future in a `Result`, whose end is not measured.
pub trait ViaResultFuture {
    /// Never called, since no type is `MeasuredToItsEnd`.
    fn __success(&self) -> Rejected
    where
        Self: MeasuredToItsEnd,
    {
        Rejected
    }
}

impl<T: Future, E> ViaResultFuture for &&&&OutputTag<Result<T, E>> {}

/// Rejects a future that the signature does not show, or that an async function does not await.
pub trait ViaFuture {
    /// Never called, since no type is `MeasuredToItsEnd`.
    fn __success(&self) -> Rejected
    where
        Self: MeasuredToItsEnd,
    {
        Rejected
    }
}

impl<T: Future> ViaFuture for &&OutputTag<T> {}

arm! {
    /// Reads a `Result` whose error is `Classify`.
    ViaClassifyError, __failure, ByClassify, [&&&&] Result<T, E>, [T, E: Classify]
}
arm! {
    /// Reads a `Result` whose error is a boxed `Error` that may borrow. It is imported only where the signature names a
    /// lifetime: a `Box<dyn Error>` without one is `'static`, and `Classify` reads more of it.
    ViaBorrowedBox, __failure, ByBorrowedBox, [&&&&&] Result<T, Box<E>>, [T, E: BorrowedError + ?Sized]
}
arm! {
    /// Reads a `Result` whose error is an `Error`, by the sources of the error.
    ///
    /// The choice of an arm does not see lifetimes, so this arm cannot ask for an error that is `'static`. Such an error
    /// itself would say nothing more, since a type that a classifier knows is `Classify`, unless it is generic.
    ViaStdError, __failure, BySources, [&&&] Result<T, E>, [T, E: Error]
}
arm! {
    /// Reads a `Result` whose error is an `Error` of a generic type, by the concrete error and its sources. It is imported
    /// instead of `ViaStdError` where the function bounds the type by `'static`.
    ViaStaticError, __failure, ByChain, [&&&] Result<T, E>, [T, E: Error + 'static]
}
arm! {
    /// Reads a `Result` whose error contains an `Error`, such as `anyhow::Error`.
    ViaAsDynError, __failure, ByDynError, [&&] Result<T, E>, [T, E: AsRef<dyn Error + 'static>]
}
arm! {
    /// Reads any other `Result`.
    ViaResult, __failure, ByResult, [&] Result<T, E>, [T, E]
}
arm! {
    /// Reads any other output, which is no failure.
    ViaNoFailure, __failure, NeverFailure, [] T, [T]
}
arm! {
    /// Reads a `Result` whose value is `Classify`, such as an HTTP response.
    ViaClassifyOk, __success, ByOk, [&&&] Result<T, E>, [T: Classify, E]
}
arm! {
    /// Reads a value that is `Classify`.
    ViaClassifyValue, __success, ByValue, [&] T, [T: Classify]
}
arm! {
    /// Reads any other value, which is a success.
    ViaAnyValue, __success, AlwaysSuccess, [] T, [T]
}

/// Reads the error of a `Result` with the user's code.
#[inline]
fn error<T, E>(
    output: &Result<T, E>,
    faults: &FaultReporter,
    classify: impl FnOnce(&E) -> Status,
) -> Option<Status> {
    let error = output.as_ref().err()?;
    Some(faults.caught(|| classify(error)).unwrap_or(Status::Error))
}

impl<T, E: Classify> Failure<Result<T, E>> for ByClassify {
    #[inline]
    fn failure(&self, output: &Result<T, E>, faults: &FaultReporter) -> Option<Status> {
        error(output, faults, E::classify)
    }
}

/// An `Error` behind a pointer, which may contain borrowed data.
pub trait BorrowedError {
    /// Returns the status of the sources of the error.
    fn source_status(&self) -> Status;
}

macro_rules! borrowed_error {
    ($($object:ty),*) => {$(
        impl BorrowedError for $object {
            fn source_status(&self) -> Status {
                source_status(self)
            }
        }
    )*};
}

borrowed_error!(dyn Error + '_, dyn Error + Send + '_, dyn Error + Sync + '_, dyn Error + Send + Sync + '_);

impl<T, E: BorrowedError + ?Sized> Failure<Result<T, Box<E>>> for ByBorrowedBox {
    #[inline]
    fn failure(&self, output: &Result<T, Box<E>>, faults: &FaultReporter) -> Option<Status> {
        error(output, faults, |error| error.source_status())
    }
}

impl<T, E: Error> Failure<Result<T, E>> for BySources {
    #[inline]
    fn failure(&self, output: &Result<T, E>, faults: &FaultReporter) -> Option<Status> {
        error(output, faults, source_status)
    }
}

impl<T, E: Error + 'static> Failure<Result<T, E>> for ByChain {
    #[inline]
    fn failure(&self, output: &Result<T, E>, faults: &FaultReporter) -> Option<Status> {
        error(output, faults, |error| error_status(error))
    }
}

impl<T, E: AsRef<dyn Error + 'static>> Failure<Result<T, E>> for ByDynError {
    #[inline]
    fn failure(&self, output: &Result<T, E>, faults: &FaultReporter) -> Option<Status> {
        error(output, faults, |error| error_status(error.as_ref()))
    }
}

impl<T, E> Failure<Result<T, E>> for ByResult {
    #[inline]
    fn failure(&self, output: &Result<T, E>, _: &FaultReporter) -> Option<Status> {
        output.is_err().then_some(Status::Error)
    }
}

impl<T> Failure<T> for NeverFailure {
    #[inline]
    fn failure(&self, _: &T, _: &FaultReporter) -> Option<Status> {
        None
    }
}

impl<T: Classify, E> Success<Result<T, E>> for ByOk {
    #[inline]
    fn success(&self, output: &Result<T, E>, faults: &FaultReporter) -> Status {
        let status = output.as_ref().ok().map(|value| faults.caught(|| value.classify()));
        status.flatten().unwrap_or(Status::Error)
    }
}

impl<T: Classify> Success<T> for ByValue {
    #[inline]
    fn success(&self, output: &T, faults: &FaultReporter) -> Status {
        faults.caught(|| output.classify()).unwrap_or(Status::Error)
    }
}

impl<T> Success<T> for AlwaysSuccess {
    #[inline]
    fn success(&self, _: &T, _: &FaultReporter) -> Status {
        Status::Success
    }
}

/// Reads the status with the closure of the `status` key.
pub struct StatusByClosure<F>(pub(in crate::recorder) F);

impl<T> OutputTag<T> {
    /// Returns a reader that reads the status with the user's closure.
    #[inline]
    pub fn __status<F: Fn(&T) -> Status>(self, read: F) -> StatusByClosure<F> {
        StatusByClosure(read)
    }
}

impl<T, F: Fn(&T) -> Status> Reader<T> for StatusByClosure<F> {
    fn status(&self, output: &T, faults: &FaultReporter) -> Status {
        faults.caught(|| self.0(output)).unwrap_or(Status::Error)
    }
}

debug_by_name! { StatusByClosure [F] [F]; }
