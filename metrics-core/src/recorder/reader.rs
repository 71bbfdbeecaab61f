//! From a function's output to its status and its usage, by the output's type.
//!
//! Stable Rust cannot specialise, so a generated call picks the most specific reader by autoref:
//! `(&&&&&tag).__kind()` finds the trait implemented for the most references first.

use std::error::Error;
use std::marker::PhantomData;
use std::panic::{AssertUnwindSafe, catch_unwind};

use super::{Classify, Observed, Status, StepCall, error_status};
use crate::faults;
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
    fn status(&self, output: &T) -> Status;
}

/// A call that this reader's findings make sense for.
pub trait ReadBy<R, T>: Observed {
    /// Takes what it needs from the output and says how the call ended.
    fn read(&mut self, reader: &R, output: &T) -> Status;
}

macro_rules! arm {
    ($(#[$doc:meta])* $via:ident, $kind:ident, [$($reference:tt)*] $output:ty, [$($generics:tt)*], $($bound:tt)*) => {
        $(#[$doc])*
        #[derive(Clone, Copy)]
        pub struct $kind;

        $(#[$doc])*
        pub trait $via {
            /// The reader.
            fn __kind(&self) -> $kind {
                $kind
            }
        }

        impl<$($generics)*> $via for $($reference)* Tag<$output> $($bound)* {}
    };
}

arm! {
    /// A `Result` whose error is `Classify`.
    ViaClassify, ByClassify, [&&&&] Result<T, E>, [T, E: Classify],
}
arm! {
    /// A `Result` whose error is an `Error`: its chain is walked.
    ViaChain, ByChain, [&&&] Result<T, E>, [T, E: Error + 'static],
}
arm! {
    /// A `Result` whose error holds one, such as `anyhow::Error`.
    ViaDynError, ByDynError, [&&] Result<T, E>, [T, E: AsRef<dyn Error + 'static>],
}
arm! {
    /// Any other `Result`.
    ViaResult, ByResult, [&] Result<T, E>, [T, E],
}
arm! {
    /// Anything else is a success.
    ViaAny, ByReturn, [] T, [T],
}

impl<T, E: Classify> Kind<Result<T, E>> for ByClassify {
    #[inline]
    fn status(&self, output: &Result<T, E>) -> Status {
        match output {
            Ok(_) => Status::Success,
            Err(error) => caught(|| error.classify()).unwrap_or(Status::Error),
        }
    }
}

impl<T, E: Error + 'static> Kind<Result<T, E>> for ByChain {
    #[inline]
    fn status(&self, output: &Result<T, E>) -> Status {
        match output {
            Ok(_) => Status::Success,
            Err(error) => caught(|| error_status(error)).unwrap_or(Status::Error),
        }
    }
}

impl<T, E: AsRef<dyn Error + 'static>> Kind<Result<T, E>> for ByDynError {
    #[inline]
    fn status(&self, output: &Result<T, E>) -> Status {
        match output {
            Ok(_) => Status::Success,
            Err(error) => caught(|| error_status(error.as_ref())).unwrap_or(Status::Error),
        }
    }
}

impl<T, E> Kind<Result<T, E>> for ByResult {
    #[inline]
    fn status(&self, output: &Result<T, E>) -> Status {
        if output.is_ok() { Status::Success } else { Status::Error }
    }
}

impl<T> Kind<T> for ByReturn {
    #[inline]
    fn status(&self, _: &T) -> Status {
        Status::Success
    }
}

/// The `status` key.
pub struct ByClosure<F>(F);

impl<T, F: Fn(&T) -> Status> Kind<T> for ByClosure<F> {
    fn status(&self, output: &T) -> Status {
        caught(|| self.0(output)).unwrap_or(Status::Error)
    }
}

/// Runs the user's code, whose panic must not reach the caller of a function that has returned.
pub(super) fn caught<T>(read: impl FnOnce() -> T) -> Option<T> {
    catch_unwind(AssertUnwindSafe(read)).map_err(|panic| faults::callback_panicked(&*panic)).ok()
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

/// The usage of a `Result`'s value, or of a plain value, by [`TokenUsage`].
#[derive(Clone, Copy)]
pub struct ByTokenUsage;

/// Reads a `Result`'s value.
pub trait ViaResultUsage<T> {
    /// The reader.
    fn __usage(&self) -> ByTokenUsage
    where
        T: TokenUsage,
    {
        ByTokenUsage
    }
}

impl<T, E> ViaResultUsage<T> for &Tag<Result<T, E>> {}

/// Reads a plain value.
pub trait ViaUsage<T> {
    /// The reader.
    fn __usage(&self) -> ByOwnUsage
    where
        T: TokenUsage,
    {
        ByOwnUsage
    }
}

impl<T> ViaUsage<T> for Tag<T> {}

/// See [`ViaUsage`].
#[derive(Clone, Copy)]
pub struct ByOwnUsage;

impl<T: TokenUsage, E> Usages<Result<T, E>> for ByTokenUsage {
    #[inline]
    fn usage(&self, output: &Result<T, E>) -> Option<Usage> {
        output.as_ref().ok()?.token_usage()
    }
}

impl<T: TokenUsage> Usages<T> for ByOwnUsage {
    #[inline]
    fn usage(&self, output: &T) -> Option<Usage> {
        output.token_usage()
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
            Self: Observed,
        {
            #[inline]
            fn read(&mut self, reader: &K, output: &T) -> Status {
                reader.status(output)
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
