//! The statuses with which a call can end, and their names for each kind of call.

use std::fmt;

/// The status with which a call ended.
///
/// LLM calls have a label value for each status. For a task every kind of error is `failure`, for a tool it is
/// `error`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub enum Status {
    /// The call succeeded.
    Success,
    /// The call failed for a reason that no other status names.
    Error,
    /// The call took too long and was given up.
    Timeout,
    /// The provider limited the rate of requests (HTTP 429).
    RateLimited,
    /// The provider could not be reached or could not respond (connect errors, HTTP 5xx and 529).
    Unavailable,
    /// The provider rejected the request (HTTP 4xx).
    Rejected,
    /// The request did not fit in the model's context.
    ContextOverflow,
    /// The model or its provider blocked the response.
    ContentFiltered,
    /// The call was dropped while it waited.
    Cancelled,
    /// The call panicked.
    Panicked,
}

impl Status {
    /// The status that tasks show as `failure` and tools as `error`: [`Status::Error`].
    #[allow(non_upper_case_globals)] // It is used like the variant that it stands for.
    pub const Failure: Self = Self::Error;

    /// Returns the name of the status, as the label `status` of `agent_llm_calls_total` has it: `success`, `error`,
    /// `timeout`, `rate_limited`, `unavailable`, `rejected`, `context_overflow`, `content_filtered`, `cancelled` or
    /// `panicked`.
    pub const fn as_str(self) -> &'static str {
        LLM.names[LLM.place(self)]
    }

    /// Returns the status that an HTTP status code stands for.
    #[cfg(any(feature = "tower", feature = "serde_json", feature = "reqwest-0_13"))]
    pub(crate) fn from_http(code: u16) -> Self {
        match code {
            408 | 504 => Self::Timeout,
            429 => Self::RateLimited,
            500.. => Self::Unavailable,
            400.. => Self::Rejected,
            _ => Self::Success,
        }
    }
}

impl fmt::Display for Status {
    /// Writes [`as_str`](Status::as_str).
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// The names of the statuses of one kind of call.
pub(crate) struct Statuses {
    pub(crate) names: &'static [&'static str],
    /// Four bits for each [`Status`], in the order of its declaration: the index among `names`. A table in memory would add
    /// a load before the address of a counter is known.
    places: u64,
}

impl Statuses {
    const fn new(names: &'static [&'static str], places: [u8; 10]) -> Self {
        let mut packed = 0;
        let mut at = 0;
        while at < places.len() {
            packed |= (places[at] as u64) << (4 * at);
            at += 1;
        }
        Self { names, places: packed }
    }

    #[inline]
    pub(crate) const fn place(&self, status: Status) -> usize {
        (self.places >> (4 * status as u32) & 0xf) as usize
    }
}

pub(crate) const TASK: Statuses = Statuses::new(
    &["success", "failure", "timeout", "cancelled", "panicked"],
    [0, 1, 2, 1, 1, 1, 1, 1, 3, 4],
);

/// The statuses of tools and of user-defined call families.
pub(crate) const TOOL: Statuses =
    Statuses::new(&["success", "error", "timeout", "cancelled", "panicked"], [0, 1, 2, 1, 1, 1, 1, 1, 3, 4]);

pub(crate) const LLM: Statuses = Statuses::new(
    &[
        "success",
        "error",
        "timeout",
        "rate_limited",
        "unavailable",
        "rejected",
        "context_overflow",
        "content_filtered",
        "cancelled",
        "panicked",
    ],
    [0, 1, 2, 3, 4, 5, 6, 7, 8, 9],
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_of_call_names_every_status() {
        assert_eq!(TASK.names[TASK.place(Status::RateLimited)], "failure");
        assert_eq!(TASK.names[TASK.place(Status::Cancelled)], "cancelled");
        assert_eq!(TOOL.names[TOOL.place(Status::Panicked)], "panicked");
        assert_eq!(TOOL.names[TOOL.place(Status::Unavailable)], "error");
        assert_eq!(LLM.names[LLM.place(Status::ContentFiltered)], "content_filtered");
        assert_eq!(LLM.names[LLM.place(Status::Panicked)], "panicked");
        assert_eq!(Status::RateLimited.as_str(), "rate_limited");
        assert_eq!(format!("{:>8}|", Status::Error), "   error|");
    }
}
