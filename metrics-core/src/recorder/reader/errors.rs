//! Errors inside of others, for `derive(Classify)`.

use std::error::Error;
use std::marker::PhantomData;

use crate::classify::{Classify, downcast, error_status};
use crate::status::Status;

/// An error inside an enum with `#[classify(transparent)]`.
pub struct InnerError<'a, T>(pub &'a T);

/// The inner error is `Classify`.
pub trait ViaInnerClassify {
    /// Its status.
    fn __status(&self) -> Status;
}

impl<T: Classify> ViaInnerClassify for &&InnerError<'_, T> {
    fn __status(&self) -> Status {
        self.0.classify()
    }
}

/// The inner error is an `Error`.
pub trait ViaInnerError {
    /// Its status.
    fn __status(&self) -> Status;
}

impl<T: Error + 'static> ViaInnerError for &InnerError<'_, T> {
    fn __status(&self) -> Status {
        error_status(self.0)
    }
}

/// The inner error holds an `Error`, such as `anyhow::Error`.
pub trait ViaInnerAsDynError {
    /// Its status.
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

/// It is, so it may be found in a `source()` chain.
pub trait ViaDowncast {
    /// The status of `error`, if it is of this type.
    fn __classify(&self, error: &(dyn Error + 'static)) -> Option<Status>;
}

impl<T: Error + Classify + 'static> ViaDowncast for &DowncastTag<T> {
    fn __classify(&self, error: &(dyn Error + 'static)) -> Option<Status> {
        downcast::<T>(error)
    }
}

/// It is not.
pub trait ViaNoDowncast {
    /// Never.
    fn __classify(&self, _: &(dyn Error + 'static)) -> Option<Status> {
        None
    }
}

impl<T> ViaNoDowncast for DowncastTag<T> {}
