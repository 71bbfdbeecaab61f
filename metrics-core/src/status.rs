//! How a call can end, and what each kind of call makes of it.

/// How a call ended.
///
/// Tasks, LLM calls and tools tell apart as many of these as make sense for them: for a task every
/// kind of error is `failure`, for a tool it is `error`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub enum Status {
    /// It did what it should.
    Success,
    /// It failed, for no reason that has a name here.
    Error,
    /// It took too long and was given up.
    Timeout,
    /// The other side asked to slow down (HTTP 429).
    RateLimited,
    /// The other side could not be reached or could not answer (connect errors, HTTP 5xx and 529).
    Unavailable,
    /// The other side refused the request (HTTP 4xx).
    Rejected,
    /// The request did not fit in the model's context.
    ContextOverflow,
    /// The model or its provider blocked the answer.
    ContentFiltered,
    /// It was dropped while it waited.
    Cancelled,
    /// It panicked.
    Panicked,
}

impl Status {
    /// What an HTTP status code stands for.
    #[cfg(any(feature = "tower", feature = "serde_json", feature = "reqwest-0_13"))]
    pub(crate) fn of_http(code: u16) -> Self {
        match code {
            408 | 504 => Self::Timeout,
            429 => Self::RateLimited,
            500.. => Self::Unavailable,
            400.. => Self::Rejected,
            _ => Self::Success,
        }
    }
}

/// The statuses that one kind of call tells apart.
pub(crate) struct Statuses {
    pub(crate) names: &'static [&'static str],
    /// For each [`Status`] in the order of its declaration four bits: the place among `names`. A
    /// table would cost a load on the way to the address that is added to.
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

/// Tools, and the user's own call families.
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
    fn every_status_has_its_name() {
        assert_eq!(TASK.names[TASK.place(Status::RateLimited)], "failure");
        assert_eq!(TASK.names[TASK.place(Status::Cancelled)], "cancelled");
        assert_eq!(TOOL.names[TOOL.place(Status::Panicked)], "panicked");
        assert_eq!(TOOL.names[TOOL.place(Status::Unavailable)], "error");
        assert_eq!(LLM.names[LLM.place(Status::ContentFiltered)], "content_filtered");
        assert_eq!(LLM.names[LLM.place(Status::Panicked)], "panicked");
    }
}
