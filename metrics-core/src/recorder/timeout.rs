//! Time limits that are recorded as such.

use std::cell::Cell;
use std::fmt;

use super::Classify;
use crate::status::Status;

/// A call was given up because it took too long.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
#[non_exhaustive]
pub struct TimedOut;

impl fmt::Display for TimedOut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("timed out")
    }
}

impl std::error::Error for TimedOut {}

impl Classify for TimedOut {
    fn classify(&self) -> Status {
        Status::Timeout
    }
}

thread_local! {
    /// Whether what is being dropped was given up rather than cancelled.
    static GIVEN_UP: Cell<bool> = const { Cell::new(false) };
}

/// The status of a call that is dropped while it waits.
pub(crate) fn dropped_status() -> Status {
    if GIVEN_UP.get() { Status::Timeout } else { Status::Cancelled }
}

/// Drops a value, whose calls in flight then end as `timeout`.
#[cfg(feature = "tokio")]
pub(crate) fn give_up<T>(value: T) {
    struct Restore(bool);
    impl Drop for Restore {
        fn drop(&mut self) {
            GIVEN_UP.set(self.0);
        }
    }
    let _restore = Restore(GIVEN_UP.replace(true));
    drop(value);
}

#[cfg(feature = "tokio")]
pub(crate) mod limit {
    use std::pin::Pin;
    use std::task::{Context, Poll};
    use std::time::Duration;

    use pin_project_lite::pin_project;

    use super::{TimedOut, give_up};

    pin_project! {
        /// The future of [`timeout`].
        pub struct Limited<F> {
            #[pin]
            future: Option<F>,
            #[pin]
            limit: tokio::time::Sleep,
        }
    }

    /// Runs a future for at most `limit`. When that is over it is dropped, and the tracked calls in
    /// it end as `timeout`, where any other drop ends them as `cancelled`.
    ///
    /// # Errors
    /// [`TimedOut`] when the limit was reached.
    ///
    /// # Panics
    /// Outside of a tokio runtime with its timer enabled, as `tokio::time::sleep` does.
    pub fn timeout<F: Future>(limit: Duration, future: F) -> Limited<F> {
        Limited { future: Some(future), limit: tokio::time::sleep(limit) }
    }

    impl<F: Future> Future for Limited<F> {
        type Output = Result<F::Output, TimedOut>;

        fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
            let mut this = self.project();
            let Some(future) = this.future.as_mut().as_pin_mut() else {
                return Poll::Ready(Err(TimedOut));
            };
            if let Poll::Ready(output) = future.poll(cx) {
                return Poll::Ready(Ok(output));
            }
            std::task::ready!(this.limit.poll(cx));
            give_up(Clear(this.future));
            Poll::Ready(Err(TimedOut))
        }
    }

    /// Empties a pinned option when it is dropped.
    struct Clear<'a, F>(Pin<&'a mut Option<F>>);

    impl<F> Drop for Clear<'_, F> {
        fn drop(&mut self) {
            self.0.set(None);
        }
    }
}
