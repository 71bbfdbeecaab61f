//! Attempts in flight.

use std::time::Duration;

use super::Call;
use super::timeout::dropped_status;
use crate::builtin::Attempt;
use crate::status::Status;
use crate::usage::Usage;

/// An attempt in flight of the LLM call that runs on this thread. An attempt that is dropped counts as `cancelled`,
/// `timeout` or `panicked`, as a dropped call does.
pub(crate) struct AttemptGuard {
    waited: Duration,
}

impl AttemptGuard {
    /// Begins an attempt that was preceded by a wait.
    pub(crate) fn after(waited: Duration) -> Self {
        Self { waited }
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
        let attempt = Attempt::new(status).waited(self.waited);
        Call::current().attempt(usage.map_or(attempt, |usage| attempt.usage(usage)));
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
