//! An attempt under way.

use std::time::Duration;

use super::Call;
use super::timeout::dropped_status;
use crate::builtin::Attempt;
use crate::status::Status;
use crate::usage::Usage;

/// An attempt under way of the call that runs on this thread. One that is dropped counts as `cancelled` (or as
/// `timeout` or `panicked`, as calls do).
pub(crate) struct AttemptGuard {
    waited: Duration,
}

impl AttemptGuard {
    /// After so long a wait.
    pub(crate) fn after(waited: Duration) -> Self {
        Self { waited }
    }

    /// It ended so.
    pub(crate) fn end(self, status: Status, usage: Option<Usage>) {
        self.record(status, usage);
        std::mem::forget(self);
    }

    /// It is being dropped, having used this.
    #[cfg(feature = "rig-core-0_44")]
    pub(crate) fn end_dropped(self, usage: Option<Usage>) {
        self.end(given_up(), usage);
    }

    fn record(&self, status: Status, usage: Option<Usage>) {
        let attempt = Attempt::new(status).waited(self.waited);
        Call::current().attempt(usage.map_or(attempt, |usage| attempt.usage(usage)));
    }
}

impl Drop for AttemptGuard {
    fn drop(&mut self) {
        self.record(given_up(), None);
    }
}

fn given_up() -> Status {
    if std::thread::panicking() { Status::Panicked } else { dropped_status() }
}
