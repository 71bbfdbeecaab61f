//! Helpers that several integrations share.

use std::error::Error;

use crate::usage::Usage;

/// Adds a crate's count of one kind of tokens to a usage, if there is one. A negative count is left out, and the usage is
/// marked as having had one.
pub(super) fn counted<N: TryInto<u64>>(
    usage: Usage,
    set: fn(Usage, u64) -> Usage,
    tokens: Option<N>,
) -> Usage {
    match tokens.map(TryInto::try_into) {
        Some(Ok(tokens)) => set(usage, tokens),
        Some(Err(_)) => usage.negative(),
        None => usage,
    }
}

/// Returns the usage, or `None` if it has no count.
#[cfg(feature = "__llm")]
pub(super) fn known(usage: Usage) -> Option<Usage> {
    (!usage.is_empty()).then_some(usage)
}

/// Returns the text, or `None` if it is empty.
pub(super) fn named(text: &str) -> Option<&str> {
    Some(text).filter(|text| !text.is_empty())
}

/// Registers error types, so that they are classified wherever they occur in a `source()` chain.
macro_rules! found_in_chains {
    ($($error:ty),* $(,)?) => {$(
        inventory::submit! { crate::classify::Derived(crate::classify::downcast::<$error>) }
    )*};
}

pub(super) use found_in_chains;

/// Returns the status of a `reqwest::Error`. A macro, so that it works for every version of reqwest that a crate depends
/// on.
macro_rules! reqwest_status {
    ($error:expr) => {{
        use std::error::Error as _;

        let error = $error;
        let by_source = || error.source().map_or(Status::Error, crate::classify::error_status);
        if error.is_timeout() {
            Status::Timeout
        } else if let Some(code) = error.status() {
            Status::from_http(code.as_u16())
        } else if error.is_connect() {
            Status::Unavailable
        } else if error.is_request() || error.is_body() || super::parts::is_io(error) {
            // The connection broke, unless the source of the error has a more specific status.
            match by_source() {
                Status::Error => Status::Unavailable,
                known => known,
            }
        } else {
            by_source()
        }
    }};
}

/// Returns true if an I/O error is among the sources of an error. reqwest reports both a body that breaks off and a body
/// that isn't JSON as a decoding error; only the first one has an I/O error as its source.
pub(super) fn is_io(error: &(dyn Error + 'static)) -> bool {
    let mut next = error.source();
    while let Some(error) = next {
        if error.is::<std::io::Error>() {
            return true;
        }
        next = error.source();
    }
    false
}

pub(super) use reqwest_status;
