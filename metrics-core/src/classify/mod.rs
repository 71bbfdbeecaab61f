//! Classification: the status that an error or another value stands for.
//!
//! A tracked function that returns an error is counted with the status that [`Classify`] gives for it. The trait can be derived
//! on error enums; other errors are found through their `source()` chain.

#[cfg(any(
    feature = "tower",
    feature = "reqwest-0_13",
    feature = "tonic-0_14",
    feature = "genai-0_7",
    feature = "rig-core-0_44"
))]
mod retry_after;

use std::error::Error;
use std::io;
use std::sync::{PoisonError, RwLock};
use std::time::Duration;

use crate::error::{BudgetSpent, ReserveError, TimedOut};
use crate::status::Status;
#[cfg(any(
    feature = "tower",
    feature = "reqwest-0_13",
    feature = "tonic-0_14",
    feature = "genai-0_7",
    feature = "rig-core-0_44"
))]
pub(crate) use retry_after::retry_after;

/// Returns the [`Status`] that a value stands for.
///
/// Derive it on an error enum and name the status of each variant:
///
/// ```
/// use agent_metrics::{Classify, Status};
///
/// #[derive(Debug, Classify)]
/// enum ModelError {
///     #[classify(rate_limited)]
///     TooManyRequests { retry_after_seconds: u64 },
///     #[classify(unavailable)]
///     Overloaded,
///     #[classify(transparent)]
///     Io(std::io::Error),
///     Malformed(String),
/// }
/// # impl std::fmt::Display for ModelError {
/// #     fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result { write!(f, "{self:?}") }
/// # }
/// # impl std::error::Error for ModelError {}
///
/// assert_eq!(ModelError::TooManyRequests { retry_after_seconds: 3 }.classify(), Status::RateLimited);
/// assert_eq!(ModelError::Malformed("{".into()).classify(), Status::Error);
/// ```
///
/// An enum with the derive is also recognised inside of `anyhow::Error`, `eyre::Report`,
/// `Box<dyn Error>` and behind the `source()` of other errors.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not say which status it stands for",
    label = "not `Classify`",
    note = "derive `Classify` on it, or give the attribute `status = |result| ..`"
)]
pub trait Classify {
    /// Returns the status that this value stands for.
    fn classify(&self) -> Status;

    /// Returns the time to wait before the next request, if the value contains it. `retry(..)` waits that long.
    fn retry_after(&self) -> Option<Duration> {
        None
    }
}

impl<E: Classify + ?Sized> Classify for &E {
    fn classify(&self) -> Status {
        (**self).classify()
    }

    fn retry_after(&self) -> Option<Duration> {
        (**self).retry_after()
    }
}

impl<E: Classify> Classify for Box<E> {
    fn classify(&self) -> Status {
        (**self).classify()
    }

    fn retry_after(&self) -> Option<Duration> {
        (**self).retry_after()
    }
}

impl Classify for Status {
    fn classify(&self) -> Status {
        *self
    }
}

impl Classify for BudgetSpent {
    fn classify(&self) -> Status {
        Status::Rejected
    }
}

impl Classify for ReserveError {
    fn classify(&self) -> Status {
        Status::Rejected
    }
}

impl Classify for TimedOut {
    fn classify(&self) -> Status {
        Status::Timeout
    }
}

impl Classify for io::Error {
    fn classify(&self) -> Status {
        use io::ErrorKind as Kind;
        match self.kind() {
            Kind::TimedOut => Status::Timeout,
            Kind::ConnectionRefused
            | Kind::ConnectionReset
            | Kind::ConnectionAborted
            | Kind::HostUnreachable
            | Kind::NetworkUnreachable
            | Kind::NetworkDown
            | Kind::NotConnected
            | Kind::BrokenPipe => Status::Unavailable,
            _ => self.get_ref().and_then(|inner| chain_status(inner)).unwrap_or(Status::Error),
        }
    }
}

impl Classify for Box<dyn Error> {
    fn classify(&self) -> Status {
        error_status(&**self)
    }
}

impl Classify for Box<dyn Error + Send + Sync> {
    fn classify(&self) -> Status {
        error_status(&**self)
    }
}

#[cfg(feature = "tokio")]
impl Classify for tokio::time::error::Elapsed {
    fn classify(&self) -> Status {
        Status::Timeout
    }
}

/// HTTP status codes: 408 and 504 are `timeout`, 429 `rate_limited`, other 5xx `unavailable`, other
/// 4xx `rejected`, the rest `success`.
#[cfg(feature = "tower")]
impl Classify for http::StatusCode {
    fn classify(&self) -> Status {
        Status::from_http(self.as_u16())
    }
}

#[cfg(feature = "tower")]
impl<B> Classify for http::Response<B> {
    fn classify(&self) -> Status {
        self.status().classify()
    }

    fn retry_after(&self) -> Option<Duration> {
        crate::classify::retry_after(|name| self.headers().get(name)?.to_str().ok())
    }
}

// Responses made of a status code, headers and a body, as handlers of axum and other frameworks return them.
#[cfg(feature = "tower")]
macro_rules! classify_response_parts {
    ($(($($part:ident),+))*) => {$(
        impl<$($part),+> Classify for (http::StatusCode, $($part),+) {
            fn classify(&self) -> Status {
                self.0.classify()
            }
        }
    )*};
}

#[cfg(feature = "tower")]
classify_response_parts! { (B) (P1, B) (P1, P2, B) (P1, P2, P3, B) }

/// A function that returns the status of an error, if the error has the type that the function looks for.
type Classifier = fn(&(dyn Error + 'static)) -> Option<Status>;

/// A classifier that `derive(Classify)` registers at link time.
#[derive(Debug)]
pub struct Derived(pub Classifier);

inventory::collect!(Derived);

static ADDED: RwLock<Vec<Classifier>> = RwLock::new(Vec::new());

/// Registers the error type `E`, for a type that cannot derive [`Classify`]: errors of that type are then recognised in every
/// `source()` chain.
pub fn register_classifier<E: Error + Classify + 'static>() {
    let mut added = ADDED.write().unwrap_or_else(PoisonError::into_inner);
    let classifier: Classifier = downcast::<E>;
    if !added.iter().any(|known| std::ptr::fn_addr_eq(*known, classifier)) {
        added.push(classifier);
    }
}

pub(crate) fn downcast<E: Error + Classify + 'static>(error: &(dyn Error + 'static)) -> Option<Status> {
    error.downcast_ref::<E>().map(Classify::classify)
}

const BUILT_IN: &[Classifier] = &[
    downcast::<io::Error>,
    downcast::<TimedOut>,
    downcast::<BudgetSpent>,
    downcast::<ReserveError>,
    #[cfg(feature = "tokio")]
    downcast::<tokio::time::error::Elapsed>,
];

/// The maximum number of errors in a chain that are looked at, since a chain may lead back to itself.
const MAX_CHAIN: usize = 64;

/// Returns the first status in the chain other than `error`.
fn chain_status(error: &(dyn Error + 'static)) -> Option<Status> {
    // A copy, so that the lock is not held while the classifiers run: a classifier may call this function. The list is empty
    // unless the program has registered a classifier.
    let added = ADDED.read().unwrap_or_else(PoisonError::into_inner).clone();
    let mut next = Some(error);
    for _ in 0..MAX_CHAIN {
        let error = next?;
        let derived = inventory::iter::<Derived>.into_iter().map(|derived| derived.0);
        let mut classifiers = BUILT_IN.iter().copied().chain(added.iter().copied()).chain(derived);
        let status = classifiers.find_map(|classifier| classifier(error));
        if let Some(status) = status.filter(|status| *status != Status::Error) {
            return Some(status);
        }
        next = error.source();
    }
    None
}

/// Returns the status that an error stands for: the first status other than `error` among the error and its sources, else
/// `error`.
pub fn error_status(error: &(dyn Error + 'static)) -> Status {
    chain_status(error).unwrap_or(Status::Error)
}

/// Returns the status of the sources of an error that may contain borrowed data. Only its sources are `'static`, which
/// recognising a type needs.
pub(crate) fn source_status<'e>(error: &(impl Error + ?Sized + 'e)) -> Status {
    error.source().and_then(chain_status).unwrap_or(Status::Error)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fmt;

    #[derive(Debug)]
    struct Wrapped(io::Error);

    impl fmt::Display for Wrapped {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("wrapped")
        }
    }

    impl Error for Wrapped {
        fn source(&self) -> Option<&(dyn Error + 'static)> {
            Some(&self.0)
        }
    }

    #[test]
    fn the_first_specific_status_in_the_source_chain_is_used() {
        let refused = || io::Error::from(io::ErrorKind::ConnectionRefused);
        assert_eq!(error_status(&Wrapped(refused())), Status::Unavailable);
        let boxed: Box<dyn Error + Send + Sync> = Box::new(Wrapped(refused()));
        assert_eq!(boxed.classify(), Status::Unavailable);
        assert_eq!(error_status(&Wrapped(io::Error::other("odd"))), Status::Error);
        assert_eq!(error_status(&Wrapped(io::Error::other(Wrapped(refused())))), Status::Unavailable);
    }
}
