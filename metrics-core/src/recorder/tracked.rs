//! Tracked functions, async and sync.

use std::marker::PhantomData;
use std::panic::{RefUnwindSafe, UnwindSafe};
use std::pin::Pin;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;

use super::call::{CallRecorder, DropGuard, Elapsed, now};
use super::reader::{OutputTag, ReadBy};
use crate::clock::Ticks;
use crate::status::Status;
use crate::storage;

pin_project! {
    /// The future of a tracked function. The clock starts at the first poll.
    ///
    /// `T` is the output in the signature, so that a body with another type is one compile error.
    pub struct Tracked<C: CallRecorder, R, F, T> {
        observation: DropGuard<C>,
        reader: R,
        output: PhantomData<fn() -> T>,
        // Emptied when the body ends, before the end is recorded.
        #[pin]
        body: Option<F>,
    }

    impl<C: CallRecorder, R, F, T> PinnedDrop for Tracked<C, R, F, T> {
        fn drop(this: Pin<&mut Self>) {
            let mut this = this.project();
            // Values that the body drops still belong to this call.
            this.observation.clear(|| this.body.set(None));
        }
    }
}

// What a call records stays consistent when a body panics: counters are only added to, and a drop guard ends the call.
impl<C: CallRecorder, R: UnwindSafe, F: UnwindSafe, T> UnwindSafe for Tracked<C, R, F, T> {}
impl<C: CallRecorder, R: RefUnwindSafe, F: RefUnwindSafe, T> RefUnwindSafe for Tracked<C, R, F, T> {}

impl<C: ReadBy<R, T>, R, F: Future<Output = T>, T> Future for Tracked<C, R, F, T> {
    type Output = T;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<T> {
        let mut this = self.project();
        let Some(body) = this.body.as_mut().as_pin_mut() else {
            panic!("a tracked function's future was polled after it had finished");
        };
        let writer = storage::current_shard();
        match this.observation.run(writer, || body.poll(cx)) {
            Poll::Pending => {
                this.observation.wait();
                Poll::Pending
            }
            Poll::Ready(output) => {
                let elapsed = this.observation.elapsed();
                this.observation.clear(|| this.body.set(None));
                let status = this.observation.call.read(this.reader, &output);
                this.observation.end(writer, status, elapsed);
                Poll::Ready(output)
            }
        }
    }
}

/// Tracks a future. `pin` creates the reader of its output from the type of the output.
#[inline]
pub fn track_future<C, R, F, T>(call: C, body: F, pin: impl FnOnce(OutputTag<T>) -> R) -> Tracked<C, R, F, T>
where
    C: ReadBy<R, T>,
    F: Future<Output = T>,
{
    let observation = DropGuard::new(call);
    Tracked { observation, reader: pin(OutputTag::NEW), output: PhantomData, body: Some(body) }
}

/// Runs a function body that returns a future. The statements before the future are not tracked.
#[inline]
pub fn make_future<R, F: FnOnce() -> R>(body: F) -> R {
    body()
}

/// Runs and tracks a function body.
#[inline]
pub fn track_call<C, R, T>(mut call: C, body: impl FnOnce() -> T, pin: impl FnOnce(OutputTag<T>) -> R) -> T
where
    C: ReadBy<R, T>,
{
    let writer = storage::current_shard();
    call.start(writer);
    let start = now::<C>();
    call.started(start, Ticks::default());
    let unwinding = Unwinding { call: &mut call, start };
    unwinding.call.enter();
    let output = body();
    let elapsed = Elapsed::since::<C>(start);
    unwinding.call.leave();
    std::mem::forget(unwinding);
    let status = call.read(&pin(OutputTag::NEW), &output);
    call.end(writer, status, elapsed);
    output
}

/// Ends a call if its body panics.
struct Unwinding<'a, C: CallRecorder> {
    call: &'a mut C,
    start: Ticks,
}

impl<C: CallRecorder> Drop for Unwinding<'_, C> {
    #[cold]
    fn drop(&mut self) {
        self.call.leave();
        self.call.end(storage::current_shard(), Status::Panicked, Elapsed::since::<C>(self.start));
    }
}

debug_by_name! { Tracked [C: CallRecorder, R, F, T] [C, R, F, T]; }
