//! From a function's output to its status and its usage, by the output's type.
//!
//! Stable Rust cannot specialise, so a generated call picks the most specific reader by autoref:
//! `(&&&&&tag).__failure()` finds the trait implemented for the most references first.

use std::error::Error;
use std::marker::PhantomData;

use super::{Classify, Observed, StepCall, error_status};
use crate::faults::{Faults, Watched};
use crate::status::Status;
use crate::usage::{IntoUsage, TokenUsage, Usage};

/// The type of an output, as the signature tells it.
pub struct Tag<T>(PhantomData<fn() -> T>);

impl<T> Tag<T> {
    /// The tag.
    pub const NEW: Self = Self(PhantomData);

    /// Reads the status by a closure of the user's.
    #[inline]
    pub fn __status<F: Fn(&T) -> Status>(self, read: F) -> ByClosure<F> {
        ByClosure(read)
    }
}

impl<T> Clone for Tag<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Tag<T> {}

/// Reads a status from an output.
pub trait Kind<T> {
    /// The status.
    fn status(&self, output: &T, faults: &Faults) -> Status;
}

/// A call that this reader's findings make sense for.
pub trait ReadBy<R, T>: Observed {
    /// Takes what it needs from the output and says how the call ended.
    fn read(&mut self, reader: &R, output: &T) -> Status;
}

/// The status by the output's type: what its error stands for, else what its value does.
pub struct ByType<F, S> {
    /// Reads the error of a `Result`.
    pub failure: F,
    /// Reads the value.
    pub success: S,
}

impl<T, F: Failure<T>, S: Success<T>> Kind<T> for ByType<F, S> {
    #[inline]
    fn status(&self, output: &T, faults: &Faults) -> Status {
        match self.failure.failure(output, faults) {
            Some(status) => status,
            None => self.success.success(output, faults),
        }
    }
}

/// Reads the status of an output that is an error.
pub trait Failure<T> {
    /// The status, if it is one.
    fn failure(&self, output: &T, faults: &Faults) -> Option<Status>;
}

/// Reads the status of an output that is none.
#[diagnostic::on_unimplemented(
    message = "this function returns a future, and its signature hides that",
    label = "a call of it cannot be measured to its end",
    note = "write `async fn`, `-> impl Future<Output = ..>`, or `-> Pin<Box<dyn Future<Output = ..>>>` with `Box::pin(..)` as the last expression"
)]
pub trait Success<T> {
    /// The status.
    fn success(&self, output: &T, faults: &Faults) -> Status;
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

        impl<$($generics)*> $via for $($reference)* Tag<$output> {}
    };
}

arm! {
    /// A `Result` whose error is `Classify`.
    ViaClassify, __failure, ByClassify, [&&&&] Result<T, E>, [T, E: Classify]
}
arm! {
    /// A `Result` whose error is an `Error`: its chain is walked.
    ViaChain, __failure, ByChain, [&&&] Result<T, E>, [T, E: Error + 'static]
}
arm! {
    /// A `Result` whose error holds one, such as `anyhow::Error`.
    ViaDynError, __failure, ByDynError, [&&] Result<T, E>, [T, E: AsRef<dyn Error + 'static>]
}
arm! {
    /// Any other `Result`.
    ViaResult, __failure, ByResult, [&] Result<T, E>, [T, E]
}
arm! {
    /// Anything else is no failure.
    ViaAny, __failure, ByReturn, [] T, [T]
}
arm! {
    /// A `Result` whose value is `Classify`, such as an HTTP response.
    ViaClassifiedOk, __success, ByOk, [&&&] Result<T, E>, [T: Classify, E]
}
arm! {
    /// A future behind the name of another type, which nothing measures: it is no `Success`.
    ViaFuture, __success, UnseenFuture, [&&] T, [T: Future]
}
arm! {
    /// A value that is `Classify`.
    ViaClassified, __success, ByValue, [&] T, [T: Classify]
}
arm! {
    /// Any other value is a success.
    ViaSuccess, __success, Always, [] T, [T]
}

/// Reads the error of a `Result` by the user's code.
#[inline]
fn error<T, E>(
    output: &Result<T, E>,
    faults: &Faults,
    classify: impl FnOnce(&E) -> Status,
) -> Option<Status> {
    let error = output.as_ref().err()?;
    Some(faults.caught(|| classify(error)).unwrap_or(Status::Error))
}

impl<T, E: Classify> Failure<Result<T, E>> for ByClassify {
    #[inline]
    fn failure(&self, output: &Result<T, E>, faults: &Faults) -> Option<Status> {
        error(output, faults, E::classify)
    }
}

impl<T, E: Error + 'static> Failure<Result<T, E>> for ByChain {
    #[inline]
    fn failure(&self, output: &Result<T, E>, faults: &Faults) -> Option<Status> {
        error(output, faults, |error| error_status(error))
    }
}

impl<T, E: AsRef<dyn Error + 'static>> Failure<Result<T, E>> for ByDynError {
    #[inline]
    fn failure(&self, output: &Result<T, E>, faults: &Faults) -> Option<Status> {
        error(output, faults, |error| error_status(error.as_ref()))
    }
}

impl<T, E> Failure<Result<T, E>> for ByResult {
    #[inline]
    fn failure(&self, output: &Result<T, E>, _: &Faults) -> Option<Status> {
        output.is_err().then_some(Status::Error)
    }
}

impl<T> Failure<T> for ByReturn {
    #[inline]
    fn failure(&self, _: &T, _: &Faults) -> Option<Status> {
        None
    }
}

impl<T: Classify, E> Success<Result<T, E>> for ByOk {
    #[inline]
    fn success(&self, output: &Result<T, E>, faults: &Faults) -> Status {
        let status = output.as_ref().ok().map(|value| faults.caught(|| value.classify()));
        status.flatten().unwrap_or(Status::Error)
    }
}

impl<T: Classify> Success<T> for ByValue {
    #[inline]
    fn success(&self, output: &T, faults: &Faults) -> Status {
        faults.caught(|| output.classify()).unwrap_or(Status::Error)
    }
}

impl<T> Success<T> for Always {
    #[inline]
    fn success(&self, _: &T, _: &Faults) -> Status {
        Status::Success
    }
}

/// The `status` key.
pub struct ByClosure<F>(F);

impl<T, F: Fn(&T) -> Status> Kind<T> for ByClosure<F> {
    fn status(&self, output: &T, faults: &Faults) -> Status {
        faults.caught(|| self.0(output)).unwrap_or(Status::Error)
    }
}

/// Reads the usage of an LLM call from an output.
pub trait Usages<T> {
    /// The usage, if the output tells.
    fn usage(&self, output: &T) -> Option<Usage>;
}

/// The reader of an LLM call.
pub struct Llm<K, U> {
    /// Reads the status.
    pub kind: K,
    /// Reads the usage.
    pub usage: U,
}

/// The usage of a `Result`'s value by [`TokenUsage`]. It carries the function, so that a type without
/// the trait is one error, where the reader is made.
pub struct ByTokenUsage<T>(fn(&T) -> Option<Usage>);
/// The same of a plain value.
pub struct ByOwnUsage<T>(fn(&T) -> Option<Usage>);

/// Reads a `Result`'s value.
pub trait ViaResultUsage<T> {
    /// The reader.
    fn __usage(&self) -> ByTokenUsage<T>
    where
        T: TokenUsage,
    {
        ByTokenUsage(T::token_usage)
    }
}

impl<T, E> ViaResultUsage<T> for &Tag<Result<T, E>> {}

/// Reads a plain value.
pub trait ViaUsage<T> {
    /// The reader.
    fn __usage(&self) -> ByOwnUsage<T>
    where
        T: TokenUsage,
    {
        ByOwnUsage(T::token_usage)
    }
}

impl<T> ViaUsage<T> for Tag<T> {}

impl<T, E> Usages<Result<T, E>> for ByTokenUsage<T> {
    #[inline]
    fn usage(&self, output: &Result<T, E>) -> Option<Usage> {
        self.0(output.as_ref().ok()?)
    }
}

impl<T> Usages<T> for ByOwnUsage<T> {
    #[inline]
    fn usage(&self, output: &T) -> Option<Usage> {
        self.0(output)
    }
}

/// The `usage` key with a closure over a `Result`'s value.
pub struct ByResultClosure<F>(F);
/// The `usage` key with a closure over a plain value.
pub struct ByOwnClosure<F>(F);

/// Reads a `Result`'s value by a closure.
pub trait ViaResultUsageBy<T> {
    /// The reader.
    fn __usage_by<F: Fn(&T) -> U, U: IntoUsage>(&self, read: F) -> ByResultClosure<F> {
        ByResultClosure(read)
    }
}

impl<T, E> ViaResultUsageBy<T> for &Tag<Result<T, E>> {}

/// Reads a plain value by a closure.
pub trait ViaUsageBy<T> {
    /// The reader.
    fn __usage_by<F: Fn(&T) -> U, U: IntoUsage>(&self, read: F) -> ByOwnClosure<F> {
        ByOwnClosure(read)
    }
}

impl<T> ViaUsageBy<T> for Tag<T> {}

impl<T, E, F: Fn(&T) -> U, U: IntoUsage> Usages<Result<T, E>> for ByResultClosure<F> {
    fn usage(&self, output: &Result<T, E>) -> Option<Usage> {
        self.0(output.as_ref().ok()?).into_usage()
    }
}

impl<T, F: Fn(&T) -> U, U: IntoUsage> Usages<T> for ByOwnClosure<F> {
    fn usage(&self, output: &T) -> Option<Usage> {
        self.0(output).into_usage()
    }
}

/// Steps have nothing to read.
#[derive(Clone, Copy)]
pub struct Unread;

impl<T> ReadBy<Unread, T> for StepCall {
    #[inline]
    fn read(&mut self, _: &Unread, _: &T) -> Status {
        Status::Success
    }
}

macro_rules! read_by_kind {
    ($($call:ident)*) => {$(
        impl<K: Kind<T>, T, H> ReadBy<K, T> for super::$call<H>
        where
            Self: Observed + Watched,
        {
            #[inline]
            fn read(&mut self, reader: &K, output: &T) -> Status {
                reader.status(output, self.faults())
            }
        }
    )*};
}

read_by_kind!(TaskCall ToolCall FamilyCall);

/// Names a type from a function type, which is the only way to name `!`.
pub trait Returns {
    /// What it returns.
    type Type;
}

impl<T> Returns for fn() -> T {
    type Type = T;
}

/// An error inside an enum with `#[classify(transparent)]`.
pub struct ErrorRef<'a, T>(pub &'a T);

/// The inner error is `Classify`.
pub trait ViaClassifiedRef {
    /// Its status.
    fn __status(&self) -> Status;
}

impl<T: Classify> ViaClassifiedRef for &&ErrorRef<'_, T> {
    fn __status(&self) -> Status {
        self.0.classify()
    }
}

/// The inner error is an `Error`.
pub trait ViaErrorRef {
    /// Its status.
    fn __status(&self) -> Status;
}

impl<T: Error + 'static> ViaErrorRef for &ErrorRef<'_, T> {
    fn __status(&self) -> Status {
        error_status(self.0)
    }
}

/// The inner error holds an `Error`, such as `anyhow::Error`.
pub trait ViaUnknownRef {
    /// Its status.
    fn __status(&self) -> Status;
}

impl<T: AsRef<dyn Error + 'static>> ViaUnknownRef for ErrorRef<'_, T> {
    fn __status(&self) -> Status {
        error_status(self.0.as_ref())
    }
}

/// A type that may or may not be an `Error`.
pub struct Down<T>(PhantomData<fn() -> T>);

impl<T> Down<T> {
    /// The tag.
    pub const NEW: Self = Self(PhantomData);
}

/// It is, so it may be found in a `source()` chain.
pub trait ViaDowncast {
    /// The status of `error`, if it is of this type.
    fn __classify(&self, error: &(dyn Error + 'static)) -> Option<Status>;
}

impl<T: Error + Classify + 'static> ViaDowncast for &Down<T> {
    fn __classify(&self, error: &(dyn Error + 'static)) -> Option<Status> {
        super::downcast::<T>(error)
    }
}

/// It is not.
pub trait ViaNoDowncast {
    /// Never.
    fn __classify(&self, _: &(dyn Error + 'static)) -> Option<Status> {
        None
    }
}

impl<T> ViaNoDowncast for Down<T> {}
