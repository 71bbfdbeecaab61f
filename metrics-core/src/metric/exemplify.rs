//! From where exemplars come, and how often they are asked for.

use std::cell::Cell;
use std::sync::Arc;
use std::time::SystemTime;

use crate::clock::{self, Ticks};
use crate::faults::FaultReporter;
use crate::sample::Exemplar;

/// The trace and the span in which something happens, to be found again from the metrics.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct TraceContext {
    trace_id: u128,
    span_id: u64,
}

impl TraceContext {
    /// Of ids as W3C's trace context has them, 16 and 8 bytes, the first the most significant. Ids of 0 are none.
    pub const fn new(trace_id: u128, span_id: u64) -> Self {
        Self { trace_id, span_id }
    }

    fn is_valid(self) -> bool {
        self.trace_id != 0 && self.span_id != 0
    }
}

/// The trace that is active on this thread, as far as `tracing` and OpenTelemetry know: what exemplars are made of
/// unless [`Builder::exemplars`](crate::Builder::exemplars) says otherwise. A trace that isn't sampled is none.
#[cfg(feature = "tracing-opentelemetry")]
pub fn active_trace() -> Option<TraceContext> {
    use opentelemetry::trace::TraceContextExt as _;
    use tracing_opentelemetry::OpenTelemetrySpanExt as _;

    let context = tracing::Span::current().context();
    let span = context.span().span_context().clone();
    let trace_id = u128::from_be_bytes(span.trace_id().to_bytes());
    let span_id = u64::from_be_bytes(span.span_id().to_bytes());
    span.is_sampled().then(|| TraceContext::new(trace_id, span_id))
}

type CurrentTrace = dyn Fn() -> Option<TraceContext> + Send + Sync;

/// Makes exemplars of observations.
#[derive(Clone)]
pub(crate) struct Exemplify {
    current: Arc<CurrentTrace>,
    faults: Arc<FaultReporter>,
}

impl Exemplify {
    pub(crate) fn new(current: Arc<CurrentTrace>) -> Self {
        Self { current, faults: Arc::default() }
    }

    /// The same where panics of the function are counted.
    pub(crate) fn watched_by(self, faults: &Arc<FaultReporter>) -> Self {
        Self { faults: faults.clone(), ..self }
    }

    /// An exemplar of a value, if it is its turn.
    #[inline]
    pub(crate) fn sample(&self, value: f64) -> Option<Exemplar> {
        if Turns::is_next() { self.ask(value) } else { None }
    }

    /// An exemplar of a value, whoever's turn it is: for what took so long that asking costs nothing.
    #[cold]
    #[inline(never)]
    pub(crate) fn ask(&self, value: f64) -> Option<Exemplar> {
        let _asking = Asking::begin()?;
        let TraceContext { trace_id, span_id } =
            self.faults.caught(&*self.current).flatten().filter(|context| context.is_valid())?;
        let time = SystemTime::UNIX_EPOCH.elapsed().unwrap_or_default().as_millis() as u64;
        Some(Exemplar { trace_id, span_id, value, time })
    }
}

/// Which observations of a thread are asked for their trace. Asking takes longer than observing, so that a thread that
/// observes all the time asks seldom, and one that observes now and then asks always.
struct Turns {
    /// Observations to pass over before the next is asked.
    left: Cell<u32>,
    /// How many were passed over the last time.
    pause: Cell<u32>,
    last: Cell<Ticks>,
    is_asking: Cell<bool>,
}

/// Few enough that soon after a rush every observation is asked again.
const LONGEST_PAUSE: u32 = 255;

/// A thread need not ask more often than so many seconds apart.
const OFTEN: f64 = 20e-6;

thread_local! {
    static TURNS: Turns = const {
        Turns {
            left: Cell::new(0),
            pause: Cell::new(0),
            last: Cell::new(Ticks::ZERO),
            is_asking: Cell::new(false),
        }
    };
}

impl Turns {
    #[inline]
    fn is_next() -> bool {
        // Out of reach only while the thread's locals are being destroyed.
        TURNS
            .try_with(|turns| match turns.left.get() {
                0 => {
                    turns.take_turn();
                    true
                }
                left => {
                    turns.left.set(left - 1);
                    false
                }
            })
            .unwrap_or(false)
    }

    #[cold]
    fn take_turn(&self) {
        let now = clock::now();
        let is_often = now.since(self.last.replace(now)) < clock::ticks_of_seconds(OFTEN);
        let pause = self.pause.get();
        let pause = if is_often { (2 * pause + 1).min(LONGEST_PAUSE) } else { pause / 2 };
        self.pause.set(pause);
        self.left.set(pause);
    }
}

/// While the function is asked for the trace, what it observes itself isn't asked.
struct Asking;

impl Asking {
    fn begin() -> Option<Self> {
        let was_asking = TURNS.try_with(|turns| turns.is_asking.replace(true)).unwrap_or(true);
        (!was_asking).then_some(Self)
    }
}

impl Drop for Asking {
    fn drop(&mut self) {
        let _ = TURNS.try_with(|turns| turns.is_asking.set(false));
    }
}
