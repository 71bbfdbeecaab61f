//! Attempts in flight.

use std::time::Duration;

use super::Call;
use super::dropped::dropped_status;
use super::facts::{LiveFacts, with_current};
use crate::builtin::Attempt;
use crate::status::Status;
use crate::usage::Usage;

/// An attempt in flight of the LLM call that runs on this thread. An attempt that is dropped counts as `cancelled`,
/// `timeout` or `panicked`, as a dropped call does.
pub(crate) struct AttemptGuard {
    waited: Duration,
    /// For an attempt that is observed from above the code that sends the request: the attempts of the call before it. If
    /// that code counts attempts, too, this one is not counted.
    before: Option<u32>,
}

impl AttemptGuard {
    /// Begins an attempt that was preceded by a wait.
    pub(crate) fn after(waited: Duration) -> Self {
        with_current(LiveFacts::begin_attempt);
        Self { waited, before: None }
    }

    /// Begins an attempt that was preceded by a wait, and that a layer or a client below may count.
    #[cfg(feature = "retry")]
    pub(crate) fn around(waited: Duration) -> Self {
        let mut before = 0;
        with_current(|facts| {
            before = facts.attempts();
            facts.set_waited(waited);
        });
        Self { waited, before: Some(before) }
    }

    /// Counts the attempt with its status.
    pub(crate) fn end(self, status: Status, usage: Option<Usage>) {
        self.record(status, usage);
        std::mem::forget(self);
    }

    /// Counts the attempt as dropped, with the usage reported until then.
    #[cfg(feature = "rig-core-0_44")]
    pub(crate) fn end_dropped(self, usage: Option<Usage>) {
        self.end(status_of_drop(), usage);
    }

    fn record(&self, status: Status, usage: Option<Usage>) {
        let (mut waited, mut is_counted_below) = (self.waited, false);
        with_current(|facts| {
            is_counted_below = self.before.is_some_and(|before| before != facts.attempts());
            // The layer below may have measured the same wait.
            if !is_counted_below {
                waited = waited.max(facts.take_waited());
            }
        });
        if !is_counted_below {
            let attempt = Attempt::new(status).waited(waited);
            Call::current().attempt(usage.map_or(attempt, |usage| attempt.usage(usage)));
        }
    }
}

impl Drop for AttemptGuard {
    fn drop(&mut self) {
        self.record(status_of_drop(), None);
    }
}

fn status_of_drop() -> Status {
    if std::thread::panicking() { Status::Panicked } else { dropped_status() }
}
