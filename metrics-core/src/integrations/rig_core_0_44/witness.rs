//! What rig observes of a call: its attempts, and what each reply says before it is made one with others.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use rig_core::observe::{
    Action, AdapterContext, AdapterEnding, AdapterErrorEnvelope, AdapterEvent, AdapterObservation,
    AdapterUsage, AdapterVerdict, Observation, Subject, Witness,
};

use crate::integrations::parts::known;
use crate::recorder::{Call, Trying};
use crate::status::Status;
use crate::usage::wire::{WireFormat, prefer_cause};
use crate::usage::{RateLimits, Usage};

/// Observes one call of a model by rig, for `call_observed` and `stream_observed`: see [`CallWitness`].
pub fn observation() -> AdapterContext {
    static NUMBER: AtomicU64 = AtomicU64::new(0);
    let operation = format!("agent-metrics-{}", NUMBER.fetch_add(1, Ordering::Relaxed));
    AdapterContext::new(Arc::new(CallWitness::default()), Subject::default(), operation)
}

/// Tells the call of a model that runs around it of each attempt that rig makes: how it ended, how long was waited since the
/// one before had failed, what it used. Of the one that got an answer it tells the usage, the served model and the finish
/// reason in the provider's words; what the tracked function returns has the last word. Outside of a tracked call it does
/// nothing.
///
/// One witness observes one call; to try again, clone its context. Of Anthropic's replies rig tells it what was read from the
/// cache, but not what was written to it: where that matters, return the response, or report it by `Call::current().usage(..)`.
#[derive(Default)]
pub struct CallWitness(Mutex<Seen>);

#[derive(Default)]
struct Seen {
    /// The attempts under way, by their number: more than one only if they are sent at once.
    under_way: Vec<(Option<u64>, Seeing)>,
    failed: Option<Instant>,
}

/// An attempt as far as it was seen.
struct Seeing {
    trying: Trying,
    /// The route is that of Anthropic's messages, whose input leaves the cache out.
    uncached_input: bool,
    http: Option<u16>,
    usage: Option<Usage>,
    /// What a reply's words stand for.
    cause: Option<Status>,
}

impl Witness for CallWitness {
    fn observe(&self, observation: Observation) {
        let Action::Adapter { observation } = observation.action else { return };
        let AdapterObservation { attempt, event, analysis, .. } = observation;
        let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let AdapterEvent::Started { route, .. } = &event {
            let waited = seen.failed.take().map_or(Duration::ZERO, |failed| failed.elapsed());
            seen.under_way.push((attempt, Seeing::new(waited, route)));
            return;
        }
        let Some(place) = seen.under_way.iter().position(|(number, _)| *number == attempt) else { return };
        if let AdapterEvent::Finished { ending } = &event {
            let (_, seeing) = seen.under_way.swap_remove(place);
            if seeing.end(ending) != Status::Success {
                seen.failed = Some(Instant::now());
            }
            return;
        }
        let headers = analysis.and_then(|analysis| analysis.headers);
        if let Some(headers) = headers {
            let limits = RateLimits::from_headers(|name| headers.get(name).map(String::as_str));
            Call::current().rate_limits(limits);
        }
        seen.under_way[place].1.observe(event);
    }
}

impl Seeing {
    fn new(waited: Duration, route: &str) -> Self {
        let uncached_input = route.ends_with("/messages");
        Self { trying: Trying::after(waited), uncached_input, http: None, usage: None, cause: None }
    }

    fn observe(&mut self, event: AdapterEvent) {
        match event {
            AdapterEvent::Response { status } => self.http = Some(status),
            AdapterEvent::Usage { usage } => {
                self.usage = self.usage_of(&usage).map(|usage| usage.after(self.usage)).or(self.usage);
            }
            AdapterEvent::Provider { verdict } => self.judge(&verdict),
            AdapterEvent::ErrorEnvelope { error: AdapterErrorEnvelope { code, status, message } } => {
                let words: Vec<_> = [&code, &status].into_iter().flatten().map(String::as_str).collect();
                self.cause = WireFormat::cause_of_any_words(&words, message.as_deref());
            }
            _ => {}
        }
    }

    fn usage_of(&self, usage: &AdapterUsage) -> Option<Usage> {
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

    fn judge(&mut self, verdict: &AdapterVerdict) {
        let AdapterVerdict { finish_reason, block_reason, model, .. } = verdict;
        let call = Call::current();
        if let Some(model) = model {
            call.model(model);
        }
        // A prompt that was blocked has no other.
        if let Some(reason) = finish_reason.as_ref().or(block_reason.as_ref()) {
            call.finish(reason);
            self.cause = WireFormat::cause_of_any_words(&[reason], None);
        }
        if block_reason.is_some() {
            self.cause = Some(Status::ContentFiltered);
        }
    }

    /// Counts the attempt, and says how it ended.
    fn end(self, ending: &AdapterEnding) -> Status {
        let Self { trying, http, usage, cause, .. } = self;
        let status = match ending {
            // There is an answer, perhaps a refusal: what it used is what the call used.
            AdapterEnding::Decoded | AdapterEnding::Terminal => {
                let status = cause.unwrap_or(Status::Success);
                let call = Call::current().usage(&usage);
                if status == Status::ContentFiltered {
                    call.status(status);
                }
                trying.end(status, None);
                return status;
            }
            AdapterEnding::Error { kind, status, .. } => {
                let by_code =
                    status.or(http).map(Status::of_http).filter(|status| *status != Status::Success);
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
                trying.end_dropped(usage);
                return Status::Cancelled;
            }
        };
        trying.end(status, usage);
        status
    }
}
