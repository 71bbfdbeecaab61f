//! The status of calls that are dropped before they return.

use std::cell::Cell;

use crate::status::Status;

thread_local! {
    /// True while a future is dropped because its time limit was reached.
    static TIMED_OUT: Cell<bool> = const { Cell::new(false) };
}

/// Returns the status of a call that is dropped while it waits.
pub(crate) fn dropped_status() -> Status {
    if TIMED_OUT.get() { Status::Timeout } else { Status::Cancelled }
}

/// Drops a value whose time limit was reached: its calls in flight end as `timeout`.
#[cfg(feature = "tokio")]
pub(crate) fn drop_timed_out<T>(value: T) {
    struct Restore(bool);
    impl Drop for Restore {
        fn drop(&mut self) {
            TIMED_OUT.set(self.0);
        }
    }
    let _restore = Restore(TIMED_OUT.replace(true));
    drop(value);
}
