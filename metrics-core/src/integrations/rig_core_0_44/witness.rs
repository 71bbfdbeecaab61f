//! Recording of the attempts of a rig call, and of facts in the provider's words, before rig normalises them.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use rig_core::observe::{
    Action, AdapterContext, AdapterEnding, AdapterErrorEnvelope, AdapterEvent, AdapterObservation,
    AdapterUsage, AdapterVerdict, Observation, Subject, Witness,
};

use crate::integrations::parts::known;
use crate::recorder::{AttemptGuard, Call};
use crate::status::Status;
use crate::usage::wire::{WireFormat, prefer_cause};
use crate::usage::{RateLimits, Usage};

/// Returns an observation context with a new [`CallWitness`], for one `call_observed` or `stream_observed`.
pub fn observation() -> AdapterContext {
    static NUMBER: AtomicU64 = AtomicU64::new(0);
    let operation = format!("agent-metrics-{}", NUMBER.fetch_add(1, Ordering::Relaxed));
    AdapterContext::new(Arc::new(CallWitness::default()), Subject::default(), operation)
}

/// A witness that records, for the enclosing LLM call, each attempt that rig makes: its outcome, the wait since the previous
/// attempt failed, and its usage. For the attempt that got an answer, it records the usage, the served model and the finish
/// reason in the provider's words. Facts in the value that the tracked function returns take precedence. Outside of a
/// tracked call it does nothing.
///
/// A witness observes one call; to retry the call, clone its context. For Anthropic, rig reports tokens read from the cache
/// but not tokens written to it. To record those too, return the response from the tracked function, or report its usage
/// with `Call::current().usage(..)`.
#[derive(Default)]
pub struct CallWitness(Mutex<Observed>);

impl fmt::Debug for CallWitness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CallWitness").finish_non_exhaustive()
    }
}

/// The state of an observed call.
#[derive(Default)]
struct Observed {
    /// The attempts in flight with their numbers. There are several only if rig sends them concurrently.
    in_flight: Vec<(Option<u64>, ObservedAttempt)>,
    /// The time at which the last attempt failed.
    failed: Option<Instant>,
}

/// The facts of an attempt in flight.
struct ObservedAttempt {
    attempt: AttemptGuard,
    /// True for Anthropic's messages, whose input count excludes cached tokens.
    uncached_input: bool,
    /// The HTTP status code of the response.
    http: Option<u16>,
    usage: Option<Usage>,
    /// The status that the words of the reply stand for.
    cause: Option<Status>,
}

impl Witness for CallWitness {
    fn observe(&self, observation: Observation) {
        let Action::Adapter { observation } = observation.action else { return };
        let AdapterObservation { attempt, event, analysis, .. } = observation;
        let mut observed = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let AdapterEvent::Started { route, .. } = &event {
            let waited = observed.failed.take().map_or(Duration::ZERO, |failed| failed.elapsed());
            observed.in_flight.push((attempt, ObservedAttempt::new(waited, route)));
            return;
        }
        let Some(index) = observed.in_flight.iter().position(|(number, _)| *number == attempt) else {
            return;
        };
        if let AdapterEvent::Finished { ending } = &event {
            let (_, attempt) = observed.in_flight.swap_remove(index);
            if attempt.end(ending) != Status::Success {
                observed.failed = Some(Instant::now());
            }
            return;
        }
        let headers = analysis.and_then(|analysis| analysis.headers);
        if let Some(headers) = headers {
            let limits = RateLimits::from_headers(|name| headers.get(name).map(String::as_str));
            Call::current().rate_limits(limits);
        }
        observed.in_flight[index].1.observe(event);
    }
}

impl ObservedAttempt {
    fn new(waited: Duration, route: &str) -> Self {
        let uncached_input = route.ends_with("/messages");
        Self { attempt: AttemptGuard::after(waited), uncached_input, http: None, usage: None, cause: None }
    }

    fn observe(&mut self, event: AdapterEvent) {
        match event {
            AdapterEvent::Response { status } => self.http = Some(status),
            AdapterEvent::Usage { usage } => {
                self.usage = self
                    .convert_usage(&usage)
                    .map(|usage| usage.merged_with_earlier(self.usage))
                    .or(self.usage);
            }
            AdapterEvent::Provider { verdict } => self.record_verdict(&verdict),
            AdapterEvent::ErrorEnvelope { error: AdapterErrorEnvelope { code, status, message } } => {
                let words: Vec<_> = [&code, &status].into_iter().flatten().map(String::as_str).collect();
                self.cause = WireFormat::cause_of_any_words(&words, message.as_deref());
            }
            _ => {}
        }
    }

    /// Converts rig's usage.
    fn convert_usage(&self, usage: &AdapterUsage) -> Option<Usage> {
        let cached = if self.uncached_input { usage.cached_input_tokens.unwrap_or(0) } else { 0 };
        let usage = Usage {
            input: usage.input_tokens.map(|input| input.saturating_add(cached)),
            output: usage.output_tokens,
            cache_read: usage.cached_input_tokens,
            reasoning: usage.reasoning_tokens,
            ..Usage::default()
        };
        known(usage)
    }

    fn record_verdict(&mut self, verdict: &AdapterVerdict) {
        let AdapterVerdict { finish_reason, block_reason, model, .. } = verdict;
        let call = Call::current();
        if let Some(model) = model {
            call.model(model);
        }
        // A blocked prompt has no finish reason.
        if let Some(reason) = finish_reason.as_ref().or(block_reason.as_ref()) {
            call.finish_reason(reason);
            self.cause = WireFormat::cause_of_any_words(&[reason], None);
        }
        if block_reason.is_some() {
            self.cause = Some(Status::ContentFiltered);
        }
    }

    /// Counts the attempt and returns its status.
    fn end(self, ending: &AdapterEnding) -> Status {
        let Self { attempt, http, usage, cause, .. } = self;
        let status = match ending {
            // There is an answer, possibly a refusal, so the usage of the attempt is that of the call.
            AdapterEnding::Decoded | AdapterEnding::Terminal => {
                let status = cause.unwrap_or(Status::Success);
                let call = Call::current().usage(&usage);
                if status == Status::ContentFiltered {
                    call.status(status);
                }
                attempt.end(status, None);
                return status;
            }
            AdapterEnding::Error { kind, status, .. } => {
                let by_code =
                    status.or(http).map(Status::from_http).filter(|status| *status != Status::Success);
                let by_kind = || match kind.as_str() {
                    "timeout" => Status::Timeout,
                    "cancelled" => Status::Cancelled,
                    "http" => Status::Unavailable,
                    _ => Status::Error,
                };
                prefer_cause(by_code.unwrap_or_else(by_kind), cause.unwrap_or(Status::Error))
            }
            AdapterEnding::Eof { .. } | AdapterEnding::PartialFrame { .. } => Status::Unavailable,
            AdapterEnding::Dropped => {
                attempt.end_dropped(usage);
                return Status::Cancelled;
            }
        };
        attempt.end(status, usage);
        status
    }
}
