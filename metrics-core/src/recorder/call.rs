//! One observed call: it starts once, and ends once whatever happens to it.

use super::timeout::dropped_status;
use crate::clock::{self, Ticks};
use crate::status::Status;
use crate::storage::{self, ShardHandle};

/// What a kind of call does at its turns.
pub trait CallRecorder {
    /// Whether it matters how long it lasts: if not, the clock isn't read.
    const TIMED: bool = true;

    /// When the call's future is made, if that matters: the start of the time in which it waits to be polled.
    #[inline]
    fn made(&self) -> Ticks {
        Ticks::default()
    }
    /// The call starts.
    fn start(&mut self, writer: ShardHandle);
    /// The time at which it did, and that at which its future was made.
    #[inline]
    fn started(&mut self, _at: Ticks, _made: Ticks) {}
    /// Its body begins to run on this thread, and stops to.
    #[inline]
    fn enter(&mut self) {}
    /// See [`enter`](Observed::enter).
    #[inline]
    fn leave(&mut self) {}
    /// Its stream gives the first item, so long after the start.
    #[inline]
    fn begin_stream(&mut self, _elapsed: Elapsed) {}
    /// Whether it matters when further items come.
    #[inline]
    fn times_items(&mut self) -> bool {
        false
    }
    /// A further item comes, so long after the start.
    fn note_item(&mut self, _elapsed: Elapsed) {}
    /// The call ends, having lasted so long.
    fn end(&mut self, writer: ShardHandle, status: Status, elapsed: Elapsed);
}

/// How long a call lasted, and when it ended.
#[derive(Clone, Copy)]
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

/// The time, for a call that needs it.
#[inline]
pub(super) fn now<C: CallRecorder>() -> Ticks {
    if C::TIMED { clock::now() } else { Ticks::default() }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// Not started: nothing is recorded.
    New,
    /// Its body runs on some thread now.
    Running,
    /// It waits to be polled again.
    Waiting,
    Ended,
}

/// The drop guard: a call that was started is ended by it, at the latest when it is dropped.
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

    /// Starts the call: until then its start is when it was made.
    #[inline]
    fn start(&mut self, writer: ShardHandle) {
        self.call.start(writer);
        let made = std::mem::replace(&mut self.start, now::<C>());
        self.call.started(self.start, made);
    }

    /// Runs a part of the call's body, starting the call if this is its first. A panic in it leaves
    /// the call as running, which its drop takes for `panicked`.
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
        /// Leaves, also when the body panics.
        struct Turn<'a, C: CallRecorder>(&'a mut C);
        impl<C: CallRecorder> Drop for Turn<'_, C> {
            #[inline]
            fn drop(&mut self) {
                self.0.leave();
            }
        }
        self.call.enter();
        let _turn = Turn(&mut self.call);
        body()
    }

    /// The body will go on later.
    #[inline]
    pub(crate) fn wait(&mut self) {
        self.phase = Phase::Waiting;
    }

    /// Takes the time.
    #[inline]
    pub(crate) fn elapsed(&self) -> Elapsed {
        Elapsed::since::<C>(self.start)
    }

    #[inline]
    pub(crate) fn end(&mut self, writer: ShardHandle, status: Status, elapsed: Elapsed) {
        self.phase = Phase::Ended;
        self.call.end(writer, status, elapsed);
    }

    /// Takes the time and ends the call.
    #[inline]
    pub(crate) fn end_now(&mut self, status: Status) {
        let elapsed = self.elapsed();
        self.end(storage::current_shard(), status, elapsed);
    }

    /// Ends a call that waits for more, if it does.
    #[cfg(feature = "stream")]
    pub(crate) fn end_waiting(&mut self, status: Status) {
        if self.phase == Phase::Waiting {
            self.end_now(status);
        }
    }

    /// Drops what the call's body still holds: inside the call, if it has started and not ended.
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
        if matches!(self.phase, Phase::Running | Phase::Waiting) {
            self.abandon();
        }
    }
}

impl<C: CallRecorder> DropGuard<C> {
    #[cold]
    #[inline(never)]
    fn abandon(&mut self) {
        self.end_now(if self.phase == Phase::Running { Status::Panicked } else { dropped_status() });
    }
}

/// A call that is recorded by hand: it runs from the making of the guard to [`finish`](Guard::finish).
///
/// Dropped without, it counts as `cancelled`, or as `panicked` when the thread is unwinding; so
/// that an early `?` or a dropped future is never taken for a success.
#[must_use = "the call ends when its guard is dropped"]
pub struct Guard<C: CallRecorder>(DropGuard<C>);

impl<C: CallRecorder> Guard<C> {
    pub(crate) fn start(call: C) -> Self {
        let mut observation = DropGuard::new(call);
        // It begins as it is made: nothing waits.
        observation.start = Ticks::default();
        observation.start(storage::current_shard());
        observation.phase = Phase::Waiting;
        Self(observation)
    }

    pub(crate) fn call(&mut self) -> &mut C {
        &mut self.0.call
    }

    /// Ends the call.
    pub fn finish(mut self, status: Status) {
        self.0.end_now(status);
    }

    /// Ends the call by its result: `success`, or what the error stands for.
    pub fn finish_with<T, E: crate::classify::Classify>(self, result: &Result<T, E>) {
        self.finish(match result {
            Ok(_) => Status::Success,
            Err(error) => error.classify(),
        });
    }
}

impl<C: CallRecorder> Drop for Guard<C> {
    fn drop(&mut self) {
        if self.0.phase == Phase::Waiting && std::thread::panicking() {
            self.0.end_now(Status::Panicked);
        }
    }
}
