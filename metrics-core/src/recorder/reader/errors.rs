//! Errors inside other errors, for `derive(Classify)`.

use std::error::Error;
use std::marker::PhantomData;

use crate::classify::{Classify, downcast, error_status, source_status};
use crate::status::Status;

/// An error inside an enum with `#[classify(transparent)]`.
#[derive(Debug)]
pub struct InnerError<'a, T>(pub &'a T);

/// Reads an inner error that is `Classify`.
pub trait ViaInnerClassify {
    /// Returns the status of the inner error.
    fn __status(&self) -> Status;
}

impl<T: Classify> ViaInnerClassify for &&InnerError<'_, T> {
    fn __status(&self) -> Status {
        self.0.classify()
    }
}

/// Reads an inner error that is an `Error`, which may contain borrowed data: by its sources.
pub trait ViaInnerError {
    /// Returns the status of the inner error.
    fn __status(&self) -> Status;
}

impl<T: Error> ViaInnerError for &InnerError<'_, T> {
    fn __status(&self) -> Status {
        source_status(self.0)
    }
}

/// Reads an inner error of a generic type that is bounded by `'static`. It is imported instead of `ViaInnerError`.
pub trait ViaInnerStaticError {
    /// Returns the status of the inner error.
    fn __status(&self) -> Status;
}

impl<T: Error + 'static> ViaInnerStaticError for &InnerError<'_, T> {
    fn __status(&self) -> Status {
        error_status(self.0)
    }
}

/// Reads an inner error that contains an `Error`, such as `anyhow::Error`.
pub trait ViaInnerAsDynError {
    /// Returns the status of the inner error.
    fn __status(&self) -> Status;
}

impl<T: AsRef<dyn Error + 'static>> ViaInnerAsDynError for InnerError<'_, T> {
    fn __status(&self) -> Status {
        error_status(self.0.as_ref())
    }
}

/// A type that may or may not be an `Error`.
pub struct DowncastTag<T>(PhantomData<fn() -> T>);

impl<T> DowncastTag<T> {
    /// The tag.
    pub const NEW: Self = Self(PhantomData);
}

/// Looks for a type that is an `Error`, which may be found in a `source()` chain.
pub trait ViaDowncast {
    /// Returns the status of `error`, if `error` has this type.
    fn __classify(&self, error: &(dyn Error + 'static)) -> Option<Status>;
}

impl<T: Error + Classify + 'static> ViaDowncast for &DowncastTag<T> {
    fn __classify(&self, error: &(dyn Error + 'static)) -> Option<Status> {
        downcast::<T>(error)
    }
}

/// Looks for a type that is not an `Error`, which is never found.
pub trait ViaNoDowncast {
    /// Returns `None`.
    fn __classify(&self, _: &(dyn Error + 'static)) -> Option<Status> {
        None
    }
}

impl<T> ViaNoDowncast for DowncastTag<T> {}

debug_by_name! { DowncastTag [T] [T]; }
