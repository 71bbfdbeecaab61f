//! The live facts of an LLM call, and how a report made inside the call finds them.
//!
//! A call keeps its facts in a box. When the body of the call runs, the box is exchanged with the one in a thread-local
//! variable, and exchanged back when the body returns. A report therefore finds the innermost call that runs on its
//! thread, across `.await` and on any executor, and a future holds no more than a pointer. Boxes are pooled by thread, so
//! that in the steady state none is allocated.

use std::cell::{Cell, RefCell};
use std::ops::{Deref, DerefMut};
use std::sync::Arc;
use std::time::Duration;

use super::held::{BundleHandle, HoldsBundle};
use super::ledger::{self, Ledger};
use super::nesting;
use crate::builtin::{
    Attempt, CallFacts, DimensionPoint, DimensionValue, DimensionedBundle as _, Dimensions, LlmSeries, Spent,
};
use crate::faults::ReportsFaults as _;
use crate::status::Status;
use crate::storage::ShardHandle;
use crate::usage::RateLimits;

/// The facts of an LLM call that has not ended, to which reports are added: all of [`CallFacts`], attempts and rate
/// limits.
///
/// Attempts and rate limits are recorded at once, the other facts when the call ends.
#[derive(Default)]
pub struct LiveFacts {
    /// The series of the requested model, in which the call records.
    series: Option<BundleHandle<LlmSeries>>,
    facts: CallFacts,
    /// The dimension values that the attribute gives, until the call starts.
    own: DimensionPoint,
    /// Ticks from the start to the last item of a stream, if the time between items is measured.
    last_chunk: Option<u64>,
    /// The usage and cost of failed attempts: counted in the series already, but not yet in a ledger.
    lost: Spent,
    /// The number of attempts that have begun or were counted, which only tells if there was another one.
    attempts: u32,
    /// The wait before the attempt that `retry` observes, until it is counted.
    waited: Duration,
    /// The status of the last response's head, and the wait that it requests, if a layer saw it.
    head: Option<(Status, Option<Duration>)>,
    /// The task to charge, for a call that can end outside of it.
    task: Option<Arc<Ledger>>,
    /// The number of tasks, tools and steps around the body of the call, where it runs.
    depth: u32,
}

impl std::fmt::Debug for LiveFacts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("LiveFacts").field(&self.facts).finish()
    }
}

impl Deref for LiveFacts {
    type Target = CallFacts;

    #[inline]
    fn deref(&self) -> &CallFacts {
        &self.facts
    }
}

impl DerefMut for LiveFacts {
    #[inline]
    fn deref_mut(&mut self) -> &mut CallFacts {
        &mut self.facts
    }
}

impl LiveFacts {
    /// Counts an attempt of the call; see [`Attempt`]. Attempts are different requests, so their usages add up. Of several
    /// successful ones, the last determines the usage that the call itself observes.
    pub fn add_attempt(&mut self, attempt: Attempt) {
        let Some(series) = &self.series else { return };
        let lost = series.add_attempt(&attempt, &self.facts.requested_model, self.facts.sold_as());
        let earlier = self
            .facts
            .earlier_request(&attempt)
            .map(|earlier| series.add_request(earlier, &self.facts.requested_model, self.facts.sold_as()));
        self.lost.add(lost);
        self.lost.add(earlier.unwrap_or_default());
        self.begin_attempt();
        self.facts.note_attempt(&attempt);
    }

    /// Notes that an attempt has begun, or was counted.
    pub(super) fn begin_attempt(&mut self) {
        self.attempts = self.attempts.wrapping_add(1);
    }

    /// Returns a number that changes with every attempt.
    #[cfg(any(feature = "retry", feature = "tower", feature = "rig-core-0_44"))]
    pub(super) fn attempts(&self) -> u32 {
        self.attempts
    }

    /// Sets the wait before an attempt that may be counted by the code that sends the request.
    #[cfg(feature = "retry")]
    pub(super) fn set_waited(&mut self, waited: Duration) {
        self.waited = waited;
    }

    /// Takes the wait before the attempt, if no attempt was counted with it.
    #[cfg(any(feature = "retry", feature = "tower", feature = "rig-core-0_44"))]
    pub(super) fn take_waited(&mut self) -> Duration {
        std::mem::take(&mut self.waited)
    }

    /// Sets the status of a response's head and the wait that it requests.
    #[cfg(feature = "tower")]
    pub(super) fn set_head(&mut self, status: Status, retry_after: Option<Duration>) {
        self.head = Some((status, retry_after));
    }

    /// Returns the status of the last response's head and the wait that it requests, if a layer saw it.
    pub(super) fn head(&self) -> Option<(Status, Option<Duration>)> {
        self.head
    }

    /// Sets what is left of the provider's rate limits, for `agent_llm_ratelimit_remaining`. A limit that isn't reported
    /// keeps its value. A value older than five minutes is not exposed.
    pub fn set_rate_limits(&mut self, limits: RateLimits) {
        if let Some(series) = &self.series {
            series.set_limits(limits);
        }
    }

    /// Charges the usage and cost of failed attempts that no ledger has yet.
    #[inline]
    pub(super) fn charge_lost(&mut self) {
        if self.lost != Spent::default() {
            let lost = std::mem::take(&mut self.lost);
            self.charge(lost);
        }
    }

    /// Charges what the call has spent to its task.
    #[inline]
    pub(super) fn charge(&self, spent: Spent) {
        if let Some(series) = &self.series {
            ledger::charge(self.task.as_deref(), series, series.requested(&self.facts), spent);
        }
    }

    /// Charges the call to the task that is current now, wherever the call ends.
    pub(super) fn keep_task(&mut self) {
        self.task = ledger::current();
    }

    /// Returns a handle to the series, for use beside the facts.
    pub(super) fn series(&self) -> Option<BundleHandle<LlmSeries>> {
        self.series.as_ref().map(HoldsBundle::keep)
    }

    /// Returns the series.
    #[inline]
    pub(super) fn series_ref(&self) -> Option<&LlmSeries> {
        self.series.as_deref()
    }

    pub(super) fn set_first_token(&mut self, ticks: u64) {
        self.facts.first_token = Some(ticks);
        if self.series.as_ref().is_some_and(|series| series.is_profiled()) {
            self.last_chunk = Some(ticks);
        }
    }

    /// Returns true if the time between items is measured.
    #[inline]
    pub(super) fn times_chunks(&self) -> bool {
        self.last_chunk.is_some()
    }

    /// Records an item of a stream that came `ticks` after the start.
    pub(super) fn note_chunk(&mut self, ticks: u64) {
        if let (Some(last), Some(series)) = (self.last_chunk, &self.series) {
            series.record_chunk(ticks.saturating_sub(last), &self.facts);
            self.last_chunk = Some(ticks);
        }
    }

    pub(super) fn set_own(&mut self, values: &[DimensionValue]) {
        if let Some(series) = &self.series {
            self.own = series.dimensions().point(values, series.faults());
        }
    }

    /// Moves a call that starts to the series of its point in the dimensions.
    pub(super) fn place(&mut self, around: impl FnOnce(&Arc<Dimensions>) -> DimensionPoint) {
        if let Some(series) = &mut self.series {
            series.place_over(self.own, around);
        }
    }

    /// Records the end of the call. What a call directly inside this one has recorded is not recorded again.
    pub(super) fn record(&mut self, writer: ShardHandle, status: Status, ticks: u64) -> Spent {
        let mut spent = self.lost;
        if let Some(series) = &self.series {
            if self.facts.drop_bill_of_call_inside() {
                series.add_nested_bill();
            }
            spent.add(series.end(writer, status, ticks, &self.facts));
            if self.facts.is_billed() {
                note_bill(series, &self.facts);
            }
        }
        spent
    }

    /// Releases the series and removes all facts; keeps the memory of the texts.
    fn clear(&mut self) {
        let Self { series, facts, own, last_chunk, lost, attempts, waited, head, task, depth } = self;
        facts.clear();
        (*series, *own, *last_chunk, *task) = (None, DimensionPoint::default(), None, None);
        (*lost, *attempts, *waited, *head) = (Spent::default(), 0, Duration::ZERO, None);
        *depth = 0;
    }
}

/// The box with the facts of one call while the call is not running; while it runs, the facts of the enclosing call.
#[derive(Default)]
pub(super) struct PooledFacts(Option<Box<LiveFacts>>);

/// The number of unused boxes that a thread keeps.
const MAX_UNUSED: usize = 64;

thread_local! {
    /// The facts of the innermost call that runs on this thread.
    static CURRENT: Cell<PooledFacts> = const { Cell::new(PooledFacts(None)) };
    #[allow(clippy::vec_box)] // The pool is of boxes.
    static UNUSED: RefCell<Vec<Box<LiveFacts>>> = const { RefCell::new(Vec::new()) };
}

impl PooledFacts {
    /// Takes a box for a call that records in `series`.
    #[inline]
    pub(super) fn take(series: BundleHandle<LlmSeries>) -> Self {
        let unused = UNUSED.try_with(|unused| unused.borrow_mut().pop());
        let mut facts: Box<LiveFacts> = unused.ok().flatten().unwrap_or_default();
        facts.series = Some(series);
        Self(Some(facts))
    }

    /// Makes these the facts of the innermost call on this thread: its body begins to run.
    #[inline]
    pub(super) fn enter(&mut self) {
        self.get_mut().depth = nesting::depth();
        self.swap();
    }

    /// Exchanges this box with that of the current call: on entering the body of a call and on leaving it.
    #[inline]
    pub(super) fn swap(&mut self) {
        let mine = Self(self.0.take());
        // The variable is out of reach only while the thread's locals are being destroyed. The box then stays here.
        let kept = Cell::new(Some(mine));
        let other = CURRENT.try_with(|current| kept.take().map(|mine| current.replace(mine)));
        if let Some(facts) = other.ok().flatten().or_else(|| kept.take()) {
            *self = facts;
        }
    }

    /// Returns the facts: empty ones if the box is gone, as it may be while the thread's locals are being destroyed.
    #[inline]
    pub(super) fn get_mut(&mut self) -> &mut LiveFacts {
        self.0.get_or_insert_default()
    }
}

impl Drop for PooledFacts {
    #[inline]
    fn drop(&mut self) {
        if let Some(mut facts) = self.0.take() {
            facts.clear();
            let _ = UNUSED.try_with(|unused| {
                let mut unused = unused.borrow_mut();
                if unused.len() < MAX_UNUSED {
                    unused.push(facts);
                }
            });
        }
    }
}

/// Runs `report` on the facts of the innermost call that runs on this thread, if there is one.
///
/// The facts are taken out of the thread-local variable meanwhile. `report` must therefore not run the user's code: a
/// report made by that code would not find the call and would be lost.
pub(super) fn with_current(report: impl FnOnce(&mut LiveFacts)) {
    let _ = CURRENT.try_with(|current| {
        let mut facts = current.take();
        if let Some(facts) = facts.0.as_deref_mut() {
            report(facts);
        }
        current.set(facts);
    });
}

/// Runs `report` on the facts of the call that runs on this thread, if it is directly around a call with `facts` that records in
/// `series`: without a task, a tool or a step between the two, in the same instance, and with the same operation.
fn with_call_around(series: &LlmSeries, facts: &CallFacts, report: impl FnOnce(&mut CallFacts)) {
    with_current(|around| {
        let same_instance =
            |around: &BundleHandle<LlmSeries>| Arc::ptr_eq(around.dimensions(), series.dimensions());
        if around.depth == nesting::depth()
            && around.series.as_ref().is_some_and(same_instance)
            && around.facts.has_operation_of(facts)
        {
            report(&mut around.facts);
        }
    });
}

/// Notes the start of a call that records in `series`, and returns true if it is directly inside another call.
#[inline]
pub(super) fn begin_inside(series: &LlmSeries, facts: &CallFacts) -> bool {
    let mut is_inside = false;
    with_call_around(series, facts, |around| {
        around.note_call_inside();
        is_inside = true;
    });
    is_inside
}

/// Notes that a call that records in `series` has recorded a usage or a cost, which a call directly around it may report too.
#[inline]
pub(super) fn note_bill(series: &LlmSeries, facts: &CallFacts) {
    with_call_around(series, facts, CallFacts::note_bill_inside);
}
