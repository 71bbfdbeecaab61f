//! Readers of the usage of an LLM call.

use super::{OutputTag, Reader};
use crate::builtin::CallFacts;
use crate::faults::FaultReporter;
use crate::recorder::facts::LiveFacts;
use crate::status::Status;
use crate::usage::{IntoUsage, TokenUsage};

/// Reads the usage of an LLM call from an output.
pub trait ReadUsage<T> {
    /// Takes the usage from the output.
    fn read(&self, output: &T, facts: &mut CallFacts);
}

/// The reader of an LLM call whose output contains its usage.
#[derive(Debug)]
pub struct StatusAndUsage<S, U> {
    /// Reads the status.
    pub status: S,
    /// Reads the usage.
    pub usage: U,
}

impl<T, S: Reader<T>, U: ReadUsage<T>> Reader<T> for StatusAndUsage<S, U> {
    #[inline]
    fn status(&self, output: &T, faults: &FaultReporter) -> Status {
        self.status.status(output, faults)
    }

    #[inline]
    fn facts(&self, output: &T, facts: &mut LiveFacts, faults: &FaultReporter) {
        let _ = faults.caught(|| self.usage.read(output, facts));
    }
}

/// The usage of a `Result`'s value by [`TokenUsage`]. It carries the function, so that a type without
/// the trait is one error, where the reader is made.
pub struct ByTokenUsage<T>(fn(&mut CallFacts, &T));
/// The usage of a plain value by [`TokenUsage`].
pub struct ByValueUsage<T>(fn(&mut CallFacts, &T));

/// Reads a `Result`'s value.
pub trait ViaResultUsage<T> {
    /// Returns the reader.
    fn __usage(&self) -> ByTokenUsage<T>
    where
        T: TokenUsage,
    {
        ByTokenUsage(CallFacts::set_response)
    }
}

impl<T, E> ViaResultUsage<T> for &OutputTag<Result<T, E>> {}

/// Reads a plain value.
pub trait ViaUsage<T> {
    /// Returns the reader.
    fn __usage(&self) -> ByValueUsage<T>
    where
        T: TokenUsage,
    {
        ByValueUsage(CallFacts::set_response)
    }
}

impl<T> ViaUsage<T> for OutputTag<T> {}

impl<T, E> ReadUsage<Result<T, E>> for ByTokenUsage<T> {
    #[inline]
    fn read(&self, output: &Result<T, E>, facts: &mut CallFacts) {
        if let Ok(value) = output {
            self.0(facts, value);
        }
    }
}

impl<T> ReadUsage<T> for ByValueUsage<T> {
    #[inline]
    fn read(&self, output: &T, facts: &mut CallFacts) {
        self.0(facts, output);
    }
}

/// A key with a closure over a `Result`'s value.
pub struct ByResultClosure<F>(pub(super) F);
/// A key with a closure over a plain value.
pub struct ByValueClosure<F>(pub(super) F);

/// Reads a `Result`'s value by a closure.
pub trait ViaResultUsageBy<T> {
    /// Returns the reader.
    fn __usage_by<F: Fn(&T) -> U, U: IntoUsage>(&self, read: F) -> ByResultClosure<F> {
        ByResultClosure(read)
    }
}

impl<T, E> ViaResultUsageBy<T> for &OutputTag<Result<T, E>> {}

/// Reads a plain value by a closure.
pub trait ViaUsageBy<T> {
    /// Returns the reader.
    fn __usage_by<F: Fn(&T) -> U, U: IntoUsage>(&self, read: F) -> ByValueClosure<F> {
        ByValueClosure(read)
    }
}

impl<T> ViaUsageBy<T> for OutputTag<T> {}

impl<T, E, F: Fn(&T) -> U, U: IntoUsage> ReadUsage<Result<T, E>> for ByResultClosure<F> {
    fn read(&self, output: &Result<T, E>, facts: &mut CallFacts) {
        if let Ok(value) = output {
            facts.update(self.0(value).into_usage(), None, None);
        }
    }
}

impl<T, F: Fn(&T) -> U, U: IntoUsage> ReadUsage<T> for ByValueClosure<F> {
    fn read(&self, output: &T, facts: &mut CallFacts) {
        facts.update(self.0(output).into_usage(), None, None);
    }
}

debug_by_name! {
    ByTokenUsage [T] [T];
    ByValueUsage [T] [T];
    ByResultClosure [F] [F];
    ByValueClosure [F] [F];
}
