//! The status that an output stands for.

use std::error::Error;

use super::{OutputTag, Reader};
use crate::classify::{Classify, error_status};
use crate::faults::FaultReporter;
use crate::status::Status;

/// The status by the output's type: what its error stands for, else what its value does.
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
    /// The status, if it is one.
    fn failure(&self, output: &T, faults: &FaultReporter) -> Option<Status>;
}

/// Reads the status of an output that is none.
#[diagnostic::on_unimplemented(
    message = "this function returns a future where its signature doesn't show one",
    label = "a call of it cannot be measured to its end",
    note = "write `async fn`, `-> impl Future<Output = ..>`, or `-> Pin<Box<dyn Future<Output = ..>>>` with `Box::pin(..)` as the last expression",
    note = "or put the attribute on the function that awaits it"
)]
pub trait Success<T> {
    /// The status.
    fn success(&self, output: &T, faults: &FaultReporter) -> Status;
}

macro_rules! arm {
    ($(#[$doc:meta])* $via:ident, $method:ident, $reader:ident, [$($reference:tt)*] $output:ty, [$($generics:tt)*]) => {
        $(#[$doc])*
        #[derive(Clone, Copy)]
        pub struct $reader;

        $(#[$doc])*
        pub trait $via {
            /// The reader.
            fn $method(&self) -> $reader {
                $reader
            }
        }

        impl<$($generics)*> $via for $($reference)* OutputTag<$output> {}
    };
}

arm! {
    /// A `Result` whose error is `Classify`.
    ViaClassifyError, __failure, ByClassify, [&&&&] Result<T, E>, [T, E: Classify]
}
arm! {
    /// A `Result` whose error is an `Error`: its chain is walked.
    ViaStdError, __failure, ByChain, [&&&] Result<T, E>, [T, E: Error + 'static]
}
arm! {
    /// A `Result` whose error holds one, such as `anyhow::Error`.
    ViaAsDynError, __failure, ByDynError, [&&] Result<T, E>, [T, E: AsRef<dyn Error + 'static>]
}
arm! {
    /// Any other `Result`.
    ViaResult, __failure, ByResult, [&] Result<T, E>, [T, E]
}
arm! {
    /// Anything else is no failure.
    ViaNoFailure, __failure, NeverFailure, [] T, [T]
}
arm! {
    /// A future in a `Result`, whose end nothing measures: it is no `Success`.
    ViaResultFuture, __success, FutureInResult, [&&&&] Result<T, E>, [T: Future, E]
}
arm! {
    /// A `Result` whose value is `Classify`, such as an HTTP response.
    ViaClassifyOk, __success, ByOk, [&&&] Result<T, E>, [T: Classify, E]
}
arm! {
    /// A future behind the name of another type: as little.
    ViaFuture, __success, FutureBehindAlias, [&&] T, [T: Future]
}
arm! {
    /// A value that is `Classify`.
    ViaClassifyValue, __success, ByValue, [&] T, [T: Classify]
}
arm! {
    /// Any other value is a success.
    ViaAnyValue, __success, AlwaysSuccess, [] T, [T]
}

/// Reads the error of a `Result` by the user's code.
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

/// The `status` key.
pub struct StatusByClosure<F>(pub(in crate::recorder) F);

impl<T, F: Fn(&T) -> Status> Reader<T> for StatusByClosure<F> {
    fn status(&self, output: &T, faults: &FaultReporter) -> Status {
        faults.caught(|| self.0(output)).unwrap_or(Status::Error)
    }
}
