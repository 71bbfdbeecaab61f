//! The closures of keys: the value that a closure reads, and the conversion of its output.
//!
//! The conversion is chosen by the output's type. A type without a conversion is one error, at the closure: the conversion
//! that is chosen then has every trait that the tracked call needs.

use std::marker::PhantomData;

use super::OutputTag;

/// Reads a value from the output of a call.
pub trait ReadValue<T> {
    /// The output of the closure.
    type Value;

    /// Returns the output of the closure, if the output of the call has the value that it reads.
    fn read(&self, output: &T) -> Option<Self::Value>;
}

/// A closure over a `Result`'s value.
pub struct ByResultClosure<F, U>(F, PhantomData<fn() -> U>);
/// A closure over a plain value.
pub struct ByValueClosure<F, U>(F, PhantomData<fn() -> U>);

impl<T, E, F: Fn(&T) -> U, U> ReadValue<Result<T, E>> for ByResultClosure<F, U> {
    type Value = U;

    #[inline]
    fn read(&self, output: &Result<T, E>) -> Option<U> {
        output.as_ref().ok().map(&self.0)
    }
}

impl<T, F: Fn(&T) -> U, U> ReadValue<T> for ByValueClosure<F, U> {
    type Value = U;

    #[inline]
    fn read(&self, output: &T) -> Option<U> {
        Some(self.0(output))
    }
}

/// Selects the value of a `Result`.
#[derive(Debug)]
pub struct OfResult<T>(PhantomData<fn() -> T>);
/// Selects a plain value.
#[derive(Debug)]
pub struct OfValue<T>(PhantomData<fn() -> T>);

/// Selects the value of a `Result`.
pub trait ViaResultValue<T> {
    /// Returns the selection.
    fn __value(&self) -> OfResult<T> {
        OfResult(PhantomData)
    }
}

impl<T, E> ViaResultValue<T> for &OutputTag<Result<T, E>> {}

/// Selects a plain value.
pub trait ViaValue<T> {
    /// Returns the selection.
    fn __value(&self) -> OfValue<T> {
        OfValue(PhantomData)
    }
}

impl<T> ViaValue<T> for OutputTag<T> {}

macro_rules! read_by {
    ($($of:ident $closure:ident)*) => {$(
        impl<T> $of<T> {
            /// Returns the reader.
            #[inline]
            pub fn read<F: Fn(&T) -> U, U>(self, read: F) -> $closure<F, U> {
                $closure(read, PhantomData)
            }
        }

        impl<F, U> $closure<F, U> {
            /// Returns the type of the closure's output.
            #[inline]
            pub fn output(&self) -> OutputTag<U> {
                OutputTag::NEW
            }
        }
    )*};
}

read_by!(OfResult ByResultClosure OfValue ByValueClosure);

/// Converts the output of a closure.
pub trait Convert<U, V> {
    /// Returns the converted output.
    fn convert(&self, value: U) -> V;
}

/// The conversion of a type that has none, which is a compile error. It has every trait that the tracked call needs, so
/// that there is no other error.
#[derive(Clone, Copy, Debug)]
pub struct Rejected;

impl<U, V> Convert<U, V> for Rejected {
    fn convert(&self, _: U) -> V {
        unreachable!("the program does not compile")
    }
}

/// Declares the traits that choose the conversion of a closure's output.
macro_rules! conversion {
    ($method:ident: $convert:ident, $via:ident, [$($generics:tt)*] $from:ty => $to:ty, |$value:ident| $converted:expr) => {
        /// The conversion.
        #[derive(Clone, Copy, Debug)]
        pub struct $convert;

        impl<$($generics)*> $crate::recorder::reader::Convert<$from, $to> for $convert {
            #[inline]
            fn convert(&self, $value: $from) -> $to {
                $converted
            }
        }

        /// Chooses the conversion.
        pub trait $via {
            /// Returns the conversion.
            fn $method(&self) -> $convert {
                $convert
            }
        }

        impl<$($generics)*> $via for &$crate::recorder::reader::OutputTag<$from> {}
    };
}

/// Declares the traits that choose the conversion of an error to the output of a function, by the type of the output.
macro_rules! output_of {
    ($method:ident: $error:ty, $convert:ident, $via:ident) => {
        /// The conversion to the result `T` of the function.
        pub struct $convert<T>(std::marker::PhantomData<fn() -> T>);

        impl<T, E: From<$error>> $crate::recorder::reader::Convert<$error, Result<T, E>>
            for $convert<Result<T, E>>
        {
            #[inline]
            fn convert(&self, error: $error) -> Result<T, E> {
                Err(error.into())
            }
        }

        /// Chooses the conversion.
        pub trait $via<T> {
            /// Returns the conversion.
            fn $method(&self) -> $convert<T> {
                $convert(std::marker::PhantomData)
            }
        }

        impl<T, E: From<$error>> $via<Result<T, E>> for &$crate::recorder::reader::OutputTag<Result<T, E>> {}

        debug_by_name! { $convert [T] [T]; }
    };
}

pub(crate) use {conversion, output_of};

debug_by_name! {
    ByResultClosure [F, U] [F, U];
    ByValueClosure [F, U] [F, U];
}
