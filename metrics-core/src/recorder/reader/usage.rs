//! Readers of the usage of an LLM call.

use super::closure::{Convert, ReadValue, conversion};
use super::{OutputTag, Reader, Rejected};
use crate::builtin::CallFacts;
use crate::faults::FaultReporter;
use crate::recorder::facts::LiveFacts;
use crate::status::Status;
use crate::usage::{IntoUsage, TokenUsage, Usage};

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

conversion! {
    __usage: UsageFromOutput, ViaClosureUsage, [U: IntoUsage] U => Option<Usage>, |value| value.into_usage()
}

/// Reports a type without a conversion.
pub trait ViaNoUsage<T> {
    /// Never called, since no type is `IsUsage`.
    fn __usage(&self) -> Rejected
    where
        T: IsUsage,
    {
        Rejected
    }
}

impl<T> ViaNoUsage<T> for OutputTag<T> {}

/// Implemented by no type: its message is the compile error.
#[diagnostic::on_unimplemented(
    message = "a `usage` closure returns a `Usage` or an `Option<Usage>`, not `{Self}`",
    label = "no `Usage`",
    note = "write `usage = |response| Usage::new(response.input_tokens, response.output_tokens)`"
)]
pub trait IsUsage {}

impl<T, R: ReadValue<T>, C: Convert<R::Value, Option<Usage>>> ReadUsage<T> for (R, C) {
    fn read(&self, output: &T, facts: &mut CallFacts) {
        if let Some(value) = self.0.read(output) {
            facts.update(self.1.convert(value), None, None);
        }
    }
}

debug_by_name! {
    ByTokenUsage [T] [T];
    ByValueUsage [T] [T];
}
