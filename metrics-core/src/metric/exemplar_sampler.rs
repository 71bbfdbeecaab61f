//! The traces that exemplars link to, and how often the sampler looks for one.

use std::cell::Cell;
use std::sync::Arc;
use std::time::SystemTime;

use crate::clock::{self, Ticks};
use crate::faults::FaultReporter;
use crate::sample::Exemplar;

/// The trace and the span in which an observation is made. An exemplar carries them, so that the trace can be found
/// from the metrics.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct TraceContext {
    trace_id: u128,
    span_id: u64,
}

impl TraceContext {
    /// Creates a context from ids as in W3C's trace context: 16 and 8 bytes, the most significant first. An observation
    /// gets no exemplar if one of the ids is 0.
    pub const fn new(trace_id: u128, span_id: u64) -> Self {
        Self { trace_id, span_id }
    }

    fn is_valid(self) -> bool {
        self.trace_id != 0 && self.span_id != 0
    }
}

/// Returns the trace that is active on this thread according to `tracing` and OpenTelemetry, or `None` if it isn't
/// sampled.
///
/// Exemplars link to this trace unless [`Builder::exemplars`](crate::Builder::exemplars) sets another function.
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

/// Makes exemplars of some observations.
#[derive(Clone)]
pub(crate) struct ExemplarSampler {
    /// Returns the trace of the current thread. The user may have provided it, so it may panic.
    current_trace: Arc<CurrentTrace>,
    faults: Arc<FaultReporter>,
}

impl std::fmt::Debug for ExemplarSampler {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ExemplarSampler")
    }
}

impl ExemplarSampler {
    pub(crate) fn new(current_trace: Arc<CurrentTrace>) -> Self {
        Self { current_trace, faults: Arc::default() }
    }

    /// Reports panics of the function to `faults`.
    pub(crate) fn reporting_to(self, faults: &Arc<FaultReporter>) -> Self {
        Self { faults: faults.clone(), ..self }
    }

    /// Returns an exemplar of an observation, if this thread samples it.
    #[inline]
    pub(crate) fn sample(&self, value: f64) -> Option<Exemplar> {
        if SamplingState::is_sampled() { self.capture(value) } else { None }
    }

    /// Returns an exemplar of an observation, if a trace is active. For observations that took so long that looking
    /// for the trace costs little beside them.
    #[cold]
    #[inline(never)]
    pub(crate) fn capture(&self, value: f64) -> Option<Exemplar> {
        let _capturing = CaptureGuard::enter()?;
        let TraceContext { trace_id, span_id } =
            self.faults.caught(&*self.current_trace).flatten().filter(|context| context.is_valid())?;
        let time = SystemTime::UNIX_EPOCH.elapsed().unwrap_or_default().as_millis() as u64;
        Some(Exemplar { trace_id, span_id, value, time })
    }
}

/// A thread's choice of observations to sample. Looking for the trace takes longer than observing. So a thread that
/// observes all the time samples rarely, and a thread that observes now and then samples every observation.
struct SamplingState {
    /// Observations to skip before the next sample.
    left: Cell<u32>,
    /// Observations that were skipped before the last sample.
    skipped: Cell<u32>,
    /// The time of the last sample.
    last: Cell<Ticks>,
    /// The function that returns the trace is running on this thread.
    is_capturing: Cell<bool>,
}

/// Observations that are skipped between two samples at most: few, so that soon after a burst every observation is
/// sampled again.
const MAX_SKIPPED: u32 = 255;

/// Samples closer together than this, in seconds, make the thread skip more observations.
const MIN_INTERVAL: f64 = 20e-6;

thread_local! {
    static SAMPLING: SamplingState = const {
        SamplingState {
            left: Cell::new(0),
            skipped: Cell::new(0),
            last: Cell::new(Ticks::ZERO),
            is_capturing: Cell::new(false),
        }
    };
}

impl SamplingState {
    #[inline]
    fn is_sampled() -> bool {
        // The access fails only while the thread's locals are being destroyed.
        SAMPLING
            .try_with(|state| match state.left.get() {
                0 => {
                    state.adapt();
                    true
                }
                left => {
                    state.left.set(left - 1);
                    false
                }
            })
            .unwrap_or(false)
    }

    /// Decides how many observations to skip until the next sample.
    #[cold]
    fn adapt(&self) {
        let now = clock::now();
        let is_early = now.since(self.last.replace(now)) < clock::ticks_from_seconds(MIN_INTERVAL);
        let skipped = self.skipped.get();
        let skip = if is_early { (2 * skipped + 1).min(MAX_SKIPPED) } else { skipped / 2 };
        self.skipped.set(skip);
        self.left.set(skip);
    }
}

/// Prevents recursion: the function that returns the trace may itself make observations, which get no exemplar.
struct CaptureGuard;

impl CaptureGuard {
    fn enter() -> Option<Self> {
        let was_capturing = SAMPLING.try_with(|state| state.is_capturing.replace(true)).unwrap_or(true);
        (!was_capturing).then_some(Self)
    }
}

impl Drop for CaptureGuard {
    fn drop(&mut self) {
        let _ = SAMPLING.try_with(|state| state.is_capturing.set(false));
    }
}
