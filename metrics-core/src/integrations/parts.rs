//! What several of these crates have in common.

use std::error::Error;

use crate::usage::Usage;

/// A usage with what a crate counts of one kind of tokens, if it does. A negative count is none, and is told as such.
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

/// A usage in which there is something.
#[cfg(feature = "__llm")]
pub(super) fn known(usage: Usage) -> Option<Usage> {
    (!usage.is_empty()).then_some(usage)
}

/// A text that says something.
pub(super) fn named(text: &str) -> Option<&str> {
    Some(text).filter(|text| !text.is_empty())
}

/// Makes errors known wherever a `source()` chain is walked.
macro_rules! found_in_chains {
    ($($error:ty),* $(,)?) => {$(
        inventory::submit! { crate::classify::Derived(crate::classify::downcast::<$error>) }
    )*};
}

pub(super) use found_in_chains;

/// The status of an error of reqwest's, of whichever version a crate has.
macro_rules! reqwest_status {
    ($error:expr) => {{
        use std::error::Error as _;

        let error = $error;
        let told = || error.source().map_or(Status::Error, crate::classify::error_status);
        if error.is_timeout() {
            Status::Timeout
        } else if let Some(code) = error.status() {
            Status::of_http(code.as_u16())
        } else if error.is_connect() {
            Status::Unavailable
        } else if error.is_request() || error.is_body() || super::parts::is_io(error) {
            // The connection broke, unless the error behind it knows better.
            match told() {
                Status::Error => Status::Unavailable,
                told => told,
            }
        } else {
            told()
        }
    }};
}

/// Whether an error of the system's is behind another: a body that breaks off is an error of decoding to reqwest, but so is
/// one that is no JSON.
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
