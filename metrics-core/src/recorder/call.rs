//! The life of a tracked call: it starts once, and ends exactly once.

use super::dropped::dropped_status;
use crate::clock::{self, Ticks};
use crate::status::Status;
use crate::storage::{self, ShardHandle};

/// Records the events of one kind of call.
pub trait CallRecorder {
    /// False for a call whose duration isn't recorded: the clock isn't read then.
    const TIMED: bool = true;

    /// Returns the time at which the future of the call is created, if the time until its first poll is recorded.
    #[inline]
    fn made(&self) -> Ticks {
        Ticks::default()
    }
    /// Records the start of the call.
    fn start(&mut self, writer: ShardHandle);
    /// Takes the time of the start and the time at which the future was created.
    #[inline]
    fn started(&mut self, _at: Ticks, _made: Ticks) {}
    /// Called when the body of the call begins to run on this thread.
    #[inline]
    fn enter(&mut self) {}
    /// See [`enter`](Observed::enter).
    #[inline]
    fn leave(&mut self) {}
    /// Records the first item of the stream, with the time since the start.
    #[inline]
    fn begin_stream(&mut self, _elapsed: Elapsed) {}
    /// Returns true if the times of further items are recorded.
    #[inline]
    fn times_items(&mut self) -> bool {
        false
    }
    /// Records a further item of the stream, with the time since the start.
    fn note_item(&mut self, _elapsed: Elapsed) {}
    /// Records the end of the call.
    fn end(&mut self, writer: ShardHandle, status: Status, elapsed: Elapsed);
}

/// The start and the end of a call.
#[derive(Clone, Copy, Debug)]
pub struct Elapsed {
    start: Ticks,
    end: Ticks,
}

impl Elapsed {
    #[inline]
    pub(crate) fn since<C: CallRecorder>(start: Ticks) -> Self {
        Self { start, end: now::<C>() }
    }

    #[inline]
    pub(crate) fn ticks(self) -> u64 {
        self.end.since(self.start)
    }

    pub(crate) fn end(self) -> Ticks {
        self.end
    }
}

/// Returns the time, for a call whose duration is recorded.
#[inline]
pub(super) fn now<C: CallRecorder>() -> Ticks {
    if C::TIMED { clock::now() } else { Ticks::default() }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// Not started: nothing is recorded.
    New,
    /// The body runs on a thread.
    Running,
    /// The call waits to be polled again.
    Waiting,
    Ended,
}

/// The drop guard of a call: it ends a call that has started, at the latest when it is dropped.
pub(crate) struct DropGuard<C: CallRecorder> {
    pub(crate) call: C,
    start: Ticks,
    phase: Phase,
}

impl<C: CallRecorder> DropGuard<C> {
    #[inline]
    pub(crate) fn new(call: C) -> Self {
        let start = call.made();
        Self { call, start, phase: Phase::New }
    }

    /// Starts the call. Before that, `start` holds the time at which the future was created.
    #[inline]
    fn start(&mut self, writer: ShardHandle) {
        self.call.start(writer);
        let made = std::mem::replace(&mut self.start, now::<C>());
        self.call.started(self.start, made);
    }

    /// Runs a part of the body, and starts the call if this is the first part. A panic in the body leaves the phase at
    /// `Running`, from which the drop guard records `panicked`.
    #[inline]
    pub(crate) fn run<T>(&mut self, writer: ShardHandle, body: impl FnOnce() -> T) -> T {
        if self.phase == Phase::New {
            self.start(writer);
        }
        self.phase = Phase::Running;
        self.inside(body)
    }

    #[inline]
    fn inside<T>(&mut self, body: impl FnOnce() -> T) -> T {
        /// Calls `leave`, also when the body panics.
        struct Entered<'a, C: CallRecorder>(&'a mut C);
        impl<C: CallRecorder> Drop for Entered<'_, C> {
            #[inline]
            fn drop(&mut self) {
                self.0.leave();
            }
        }
        self.call.enter();
        let _entered = Entered(&mut self.call);
        body()
    }

    /// Marks the call as waiting: its body will be polled again.
    #[inline]
    pub(crate) fn wait(&mut self) {
        self.phase = Phase::Waiting;
    }

    /// Returns the time since the start.
    #[inline]
    pub(crate) fn elapsed(&self) -> Elapsed {
        Elapsed::since::<C>(self.start)
    }

    #[inline]
    pub(crate) fn end(&mut self, writer: ShardHandle, status: Status, elapsed: Elapsed) {
        self.phase = Phase::Ended;
        self.call.end(writer, status, elapsed);
    }

    /// Ends the call now.
    #[inline]
    pub(crate) fn end_now(&mut self, status: Status) {
        let elapsed = self.elapsed();
        self.end(storage::current_shard(), status, elapsed);
    }

    /// Ends the call if it waits.
    #[cfg(feature = "stream")]
    pub(crate) fn end_waiting(&mut self, status: Status) {
        if self.phase == Phase::Waiting {
            self.end_now(status);
        }
    }

    /// Drops the body. If the call has started and not ended, this happens inside the call, so that values that the body
    /// still holds are dropped as a part of the call.
    pub(crate) fn clear(&mut self, body: impl FnOnce()) {
        match self.phase {
            Phase::New | Phase::Ended => body(),
            Phase::Running | Phase::Waiting => self.inside(body),
        }
    }
}

impl<C: CallRecorder> Drop for DropGuard<C> {
    #[inline]
    fn drop(&mut self) {
        self.end_dropped();
    }
}

impl<C: CallRecorder> DropGuard<C> {
    /// Ends a call that has started and not ended, as dropping the guard does.
    #[inline]
    pub(crate) fn end_dropped(&mut self) {
        if matches!(self.phase, Phase::Running | Phase::Waiting) {
            self.abandon();
        }
    }

    #[cold]
    #[inline(never)]
    fn abandon(&mut self) {
        self.end_now(if self.phase == Phase::Running { Status::Panicked } else { dropped_status() });
    }
}

/// A call that is recorded by hand: the part that the guards of all kinds of calls share.
///
/// A guard that is dropped without [`finish`](Self::finish) records the call as `cancelled`, or as `panicked` while the
/// thread is unwinding. An early `?` or a dropped future is therefore never recorded as a success.
pub(super) struct OpenCall<C: CallRecorder>(DropGuard<C>);

impl<C: CallRecorder> OpenCall<C> {
    pub(super) fn start(call: C) -> Self {
        let mut guard = DropGuard::new(call);
        // The call starts when it is created, so there is no time in the queue.
        guard.start = Ticks::default();
        guard.start(storage::current_shard());
        guard.phase = Phase::Waiting;
        Self(guard)
    }

    pub(super) fn call(&mut self) -> &mut C {
        &mut self.0.call
    }

    pub(super) fn finish(mut self, status: Status) {
        self.0.end_now(status);
    }
}

impl<C: CallRecorder> Drop for OpenCall<C> {
    fn drop(&mut self) {
        if self.0.phase == Phase::Waiting && std::thread::panicking() {
            self.0.end_now(Status::Panicked);
        }
    }
}

/// Declares the guard of one kind of call that is recorded by hand.
macro_rules! guard {
    ($(#[$doc:meta])* $name:ident [$($generics:tt)*] [$($arguments:tt)*] $call:ty) => {
        $(#[$doc])*
        ///
        /// A guard that is dropped without `finish` records the call as `cancelled`, or as `panicked` while the thread
        /// is unwinding. An early `?` or a dropped future is therefore never recorded as a success.
        #[must_use = "the call ends when its guard is dropped"]
        pub struct $name<$($generics)*>(crate::recorder::call::OpenCall<$call>);

        impl<$($generics)*> $name<$($arguments)*> {
            pub(super) fn start(call: $call) -> Self {
                Self(crate::recorder::call::OpenCall::start(call))
            }

            /// Ends the call with a status.
            pub fn finish(self, status: crate::status::Status) {
                self.0.finish(status);
            }

            /// Ends the call with the status of a result: `success`, or the status that the error stands for.
            pub fn finish_with<T, E: crate::classify::Classify>(self, result: &Result<T, E>) {
                self.finish(match result {
                    Ok(_) => crate::status::Status::Success,
                    Err(error) => error.classify(),
                });
            }
        }

        impl<$($generics)*> std::fmt::Debug for $name<$($arguments)*> {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.debug_tuple(stringify!($name)).finish_non_exhaustive()
            }
        }
    };
}
pub(super) use guard;
