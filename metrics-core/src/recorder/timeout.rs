//! Time limits, whose calls are recorded as `timeout`.

use super::reader::{OutputTag, Rejected, output_of};
use crate::error::TimedOut;

output_of! {
    __timed_out: TimedOut, TimedOutResult, ViaTimedOut
}

/// Reports a type without a conversion.
pub trait ViaNoTimedOut<T> {
    /// Never called, since no type is `FromTimedOut`.
    fn __timed_out(&self) -> Rejected
    where
        T: FromTimedOut,
    {
        Rejected
    }
}

impl<T> ViaNoTimedOut<T> for OutputTag<T> {}

/// Implemented by no type: its message is the compile error.
#[diagnostic::on_unimplemented(
    message = "a function with `timeout = ..` must return a `Result` whose error is `From<TimedOut>`",
    label = "`{Self}` cannot report the timeout",
    note = "implement `From<agent_metrics::TimedOut>` for the error, or use `anyhow::Error` or `Box<dyn Error + Send + Sync>`"
)]
pub trait FromTimedOut {}

#[cfg(feature = "tokio")]
pub(crate) mod limit {
    use std::pin::Pin;
    use std::task::{Context, Poll, ready};
    use std::time::Duration;

    use pin_project_lite::pin_project;
    use tokio::time::{Sleep, sleep};

    use crate::error::TimedOut;
    use crate::recorder::dropped::drop_timed_out;
    use crate::recorder::reader::Convert;

    pin_project! {
        /// The future of [`timeout`].
        pub struct Timeout<F> {
            #[pin]
            future: Option<F>,
            limit: Duration,
            // Set at the first poll, when the time begins to run.
            #[pin]
            sleep: Option<Sleep>,
        }
    }

    debug_by_name! {
        Timeout [F] [F];
        WithTimeout [F, M] [F, M];
    }

    /// Runs a future for at most `limit` from its first poll on. When the limit is reached, the future is dropped, and the
    /// tracked calls in it end as `timeout`; any other drop ends them as `cancelled`.
    ///
    /// # Errors
    /// [`TimedOut`] when the limit was reached.
    ///
    /// # Panics
    /// When it is polled outside of a tokio runtime with its timer enabled, as `tokio::time::sleep` does.
    pub fn timeout<F: Future>(limit: Duration, future: F) -> Timeout<F> {
        Timeout { future: Some(future), limit, sleep: None }
    }

    impl<F: Future> Future for Timeout<F> {
        type Output = Result<F::Output, TimedOut>;

        fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
            let mut this = self.project();
            if this.sleep.is_none() {
                this.sleep.set(Some(sleep(*this.limit)));
            }
            let (Some(future), Some(sleep)) =
                (this.future.as_mut().as_pin_mut(), this.sleep.as_mut().as_pin_mut())
            else {
                return Poll::Ready(Err(TimedOut));
            };
            if let Poll::Ready(output) = future.poll(cx) {
                return Poll::Ready(Ok(output));
            }
            ready!(sleep.poll(cx));
            drop_timed_out(Clear(this.future));
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

    pin_project! {
        /// The future of a function with a `timeout`.
        pub struct WithTimeout<F, M> {
            make: M,
            #[pin]
            limited: Timeout<F>,
        }
    }

    impl<F: Future, M: Convert<TimedOut, F::Output>> Future for WithTimeout<F, M> {
        type Output = F::Output;

        fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
            let this = self.project();
            let output = ready!(this.limited.poll(cx));
            Poll::Ready(output.unwrap_or_else(|error| this.make.convert(error)))
        }
    }

    /// Limits the time of a tracked future, which ends as `timeout` when the limit is reached. `make` makes the output then.
    pub fn with_timeout<F: Future, M: Convert<TimedOut, F::Output>>(
        limit: Duration,
        make: M,
        tracked: F,
    ) -> WithTimeout<F, M> {
        WithTimeout { make, limited: timeout(limit, tracked) }
    }
}

/// The compile error of the `timeout` key without the feature that it needs.
#[cfg(not(feature = "tokio"))]
pub(crate) mod limit {
    /// Implemented by no type.
    #[diagnostic::on_unimplemented(
        message = "the `timeout` key needs the feature `tokio` of `agent-metrics`",
        label = "needs the feature `tokio`",
        note = "add `features = [\"tokio\"]` to `agent-metrics` in Cargo.toml"
    )]
    pub trait NeedsFeatureTokio {}

    /// Reports the missing feature.
    pub fn with_timeout<D: NeedsFeatureTokio, M, F>(_: D, _: M, tracked: F) -> F {
        tracked
    }
}
