//! One push after another to one target: encoding, requests, failures and their faults.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use backon::{BackoffBuilder as _, ExponentialBackoff};

use super::backoff::{BACKOFF, parse_retry_after};
use super::health::{Outcome, PushHealth};
use super::settings::PushSettings;
use super::target::{PreparedTarget, RequestBody};
use super::transport::{self, Request, Transport};
use crate::error::{Fault, PushError};
use crate::instance::AgentMetrics;

/// The size of a push that its target accepted.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
#[non_exhaustive]
pub struct Pushed {
    /// The number of samples, as the protocol counts them.
    pub samples: u64,
    /// The number of requests.
    pub requests: u64,
}

/// Pushes one instance to one target.
pub(super) struct Delivery {
    metrics: AgentMetrics,
    target: PreparedTarget,
    transport: Transport,
    name: String,
    url: String,
    headers: Vec<(String, String)>,
    timeout: Duration,
    interval: Duration,
    max_bytes: usize,
    health: Arc<PushHealth>,
    slot: usize,
    /// The bodies that were encoded and not accepted yet.
    pending: VecDeque<RequestBody>,
    /// The part of the last encoded push that the target accepted.
    accepted: Pushed,
    encoded_at: Instant,
    backoff: ExponentialBackoff,
    /// The last failure, if no push succeeded since.
    failure: Option<Failure>,
    /// The end of the pause that the target requested.
    retry_at: Option<Instant>,
}

/// A failed push.
struct Failure {
    kind: FailureKind,
    /// The shortest pause until the next push.
    pause: Duration,
}

/// The kind of a failure. The fault hook is called when the kind changes.
#[derive(Clone, Copy, PartialEq)]
enum FailureKind {
    Unavailable,
    Rejected(u16),
    Unreadable,
}

impl FailureKind {
    fn from_error(error: &PushError) -> Self {
        match error {
            PushError::Rejected { status, .. } => Self::Rejected(*status),
            PushError::Unreadable => Self::Unreadable,
            _ => Self::Unavailable,
        }
    }
}

impl Delivery {
    pub(super) fn new(
        metrics: &AgentMetrics,
        target: PreparedTarget,
        settings: PushSettings,
    ) -> Result<Self, PushError> {
        let health = PushHealth::for_instance(metrics)?;
        let name = settings.name.unwrap_or_else(|| target.name.to_owned());
        let of_target = target.headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        Ok(Self {
            slot: health.slot(&name),
            health,
            name,
            url: target.address.url(),
            headers: of_target.chain(settings.headers).collect(),
            timeout: settings.timeout,
            interval: settings.interval,
            max_bytes: settings.max_request_bytes.unwrap_or(target.max_request_bytes),
            transport: settings.transport.unwrap_or_else(transport::client),
            metrics: metrics.clone(),
            target,
            pending: VecDeque::new(),
            accepted: Pushed::default(),
            encoded_at: Instant::now(),
            backoff: BACKOFF.build(),
            failure: None,
            retry_at: None,
        })
    }

    /// Pushes, and retries temporary failures until a deadline.
    pub(super) fn push_until(&mut self, deadline: Instant) -> Result<Pushed, PushError> {
        self.pending.clear();
        loop {
            let error = match self.wait_for_retry_after(deadline).and_then(|()| self.push(deadline)) {
                Ok(pushed) => return Ok(pushed),
                Err(error) if !error.is_temporary() => return Err(error),
                Err(error) => error,
            };
            let pause = self.pause();
            if Instant::now() + pause >= deadline {
                return Err(error);
            }
            std::thread::sleep(pause);
        }
    }

    /// Waits until the pause that the target requested is over. If that is after the deadline, nothing is sent.
    fn wait_for_retry_after(&self, deadline: Instant) -> Result<(), PushError> {
        let Some(retry_at) = self.retry_at else { return Ok(()) };
        let rest = retry_at.saturating_duration_since(Instant::now());
        if retry_at >= deadline {
            return Err(PushError::Unavailable {
                address: self.target.address.to_string(),
                why: "it requested a pause that is longer than the deadline".to_owned(),
                retry_after: Some(rest),
            });
        }
        std::thread::sleep(rest);
        Ok(())
    }

    /// The time until the next push: the interval, or after a failure the pause that it requires.
    pub(super) fn pause(&self) -> Duration {
        self.pause_from(Instant::now())
    }

    fn pause_from(&self, now: Instant) -> Duration {
        let requested = self.retry_at.map(|retry_at| retry_at.saturating_duration_since(now));
        let pause = match &self.failure {
            None => self.interval,
            Some(Failure { kind: FailureKind::Unavailable, pause }) => *pause,
            // The target would refuse a retry, too, so that only new values are worth a push.
            Some(Failure { pause, .. }) => self.interval.max(*pause),
        };
        pause.max(requested.unwrap_or_default())
    }

    /// Pushes once. If the target accepted a part of the last push recently, it gets the rest; otherwise it gets the
    /// current values.
    pub(super) fn push(&mut self, deadline: Instant) -> Result<Pushed, PushError> {
        let begin = Instant::now();
        self.retry_at = None;
        let result = match self.encode() {
            Ok(()) => self.send_all(deadline),
            Err(error) => Err(error),
        };
        let outcome = match &result {
            Ok(_) => Outcome::Success,
            Err(error) if error.is_temporary() => Outcome::Unavailable,
            Err(_) => Outcome::Rejected,
        };
        self.health.record_push(self.slot, outcome, begin.elapsed(), self.encoded_at);
        match &result {
            Ok(_) => (self.failure, self.backoff) = (None, BACKOFF.build()),
            Err(error) => self.record_failure(error),
        }
        result
    }

    /// Sends the requests that follow the last push, if the target has any.
    pub(super) fn push_end(&mut self, deadline: Instant) -> Result<Pushed, PushError> {
        let Self { target, metrics, max_bytes, .. } = self;
        let faults = &metrics.families_ref().faults;
        let bodies = faults.caught(|| target.encoder.encode_end(metrics, *max_bytes));
        self.pending = bodies.ok_or(PushError::Unreadable)?.into();
        self.send_all(deadline)
    }

    /// Encodes the registry, unless the rest of a push is pending of which the target accepted a part recently.
    fn encode(&mut self) -> Result<(), PushError> {
        const MAX_AGE_OF_REST: Duration = Duration::from_secs(60);
        let is_rest = self.accepted.requests > 0 && !self.pending.is_empty();
        if is_rest && self.encoded_at.elapsed() < self.interval.max(MAX_AGE_OF_REST) {
            return Ok(());
        }
        let begin = Instant::now();
        let Self { target, metrics, max_bytes, .. } = self;
        let faults = &metrics.families_ref().faults;
        let bodies = faults.caught(|| target.encoder.encode(metrics, *max_bytes));
        self.pending = bodies.ok_or(PushError::Unreadable)?.into();
        (self.encoded_at, self.accepted) = (begin, Pushed::default());
        Ok(())
    }

    /// Sends the pending bodies. A body that is refused for its contents doesn't hold back the others.
    fn send_all(&mut self, deadline: Instant) -> Result<Pushed, PushError> {
        let mut refused = None;
        while let Some(body) = self.pending.pop_front() {
            match self.send_one(&body, deadline) {
                Ok(()) => {
                    self.accepted.samples += body.samples;
                    self.accepted.requests += 1;
                    self.health.record_samples(self.slot, body.samples);
                }
                Err(error) if error.is_temporary() => {
                    self.pending.push_front(body);
                    return Err(error);
                }
                Err(error) => {
                    let is_about_contents =
                        matches!(error, PushError::Rejected { status: 200 | 400 | 413 | 422, .. });
                    refused.get_or_insert(error);
                    if !is_about_contents {
                        self.pending.clear();
                    }
                }
            }
        }
        refused.map_or(Ok(self.accepted), Err)
    }

    fn send_one(&mut self, body: &RequestBody, deadline: Instant) -> Result<(), PushError> {
        let timeout = self.timeout.min(deadline.saturating_duration_since(Instant::now()));
        if timeout.is_zero() {
            return Err(PushError::Deadline);
        }
        let request = Request {
            method: body.method,
            url: &self.url,
            headers: &self.headers,
            body: &body.bytes,
            timeout,
        };
        // A user-defined transport may panic, which must not end the pushing thread.
        let faults = &self.metrics.families_ref().faults;
        let response = faults.caught(|| (self.transport)(&request).map_err(|error| error.to_string()));
        match response.unwrap_or_else(|| Err("the transport panicked".to_owned())) {
            Ok(response) if response.is_success() => {
                let accepted = self.target.encoder.accepted(&response);
                accepted.map_err(|message| self.rejected(response.status, message))
            }
            Ok(response) if (self.target.is_temporary)(response.status) => {
                let retry_after = response.retry_after.as_deref();
                let delay = retry_after.and_then(|text| parse_retry_after(text, SystemTime::now()));
                self.retry_at = delay.map(|delay| Instant::now() + delay);
                let why = format!("status {}: {}", response.status, response.message());
                Err(self.unavailable(why, delay))
            }
            Ok(response) => {
                self.target.encoder.refused();
                Err(self.rejected(response.status, response.message()))
            }
            Err(why) => Err(self.unavailable(why, None)),
        }
    }

    fn rejected(&self, status: u16, message: String) -> PushError {
        PushError::Rejected { address: self.target.address.to_string(), status, message }
    }

    fn unavailable(&self, why: String, retry_after: Option<Duration>) -> PushError {
        PushError::Unavailable { address: self.target.address.to_string(), why, retry_after }
    }

    /// Chooses the pause after a failure, and calls the fault hook unless the last push failed in the same way.
    fn record_failure(&mut self, error: &PushError) {
        let kind = FailureKind::from_error(error);
        // Without a limit of retries the backoff never ends.
        let pause = self.backoff.next().unwrap_or_default();
        let last = self.failure.replace(Failure { kind, pause });
        if last.is_none_or(|last| last.kind != kind) {
            let fault = Fault::NotPushed { target: self.name.clone(), error: error.clone() };
            self.metrics.families_ref().faults.report(&fault);
        }
    }
}

#[cfg(all(test, feature = "pushgateway"))]
mod tests {
    use super::*;
    use crate::push::{Push, Pushgateway, Response};

    /// A delivery every 10 ms whose first push got this response.
    fn delivery_after(response: &Response) -> Delivery {
        let metrics = AgentMetrics::builder().build().expect("the defaults are valid");
        let push = Push::to(Pushgateway::new("http://127.0.0.1:9", "job")).every(Duration::from_millis(10));
        let response = response.clone();
        let push = push.transport(move |_| Ok(response.clone()));
        let mut delivery = push.delivery(&metrics).expect("valid settings");
        let _ = delivery.push(Instant::now() + Duration::from_secs(3600));
        delivery
    }

    #[test]
    fn the_pause_after_retry_after_is_the_requested_one() {
        let busy = delivery_after(&Response::new(503).retry_after("20"));
        let retry_at = busy.retry_at.expect("the target requested a pause");
        let before =
            |seconds| retry_at.checked_sub(Duration::from_secs(seconds)).expect("an earlier instant");
        assert_eq!(busy.pause_from(before(20)), Duration::from_secs(20));
        assert_eq!(busy.pause_from(before(7)), Duration::from_secs(7));
    }

    #[test]
    fn the_pause_is_the_interval_after_a_success_and_longer_after_a_failure() {
        assert_eq!(delivery_after(&Response::new(200)).pause(), Duration::from_millis(10));
        // A refusal and a temporary failure both wait for the first pause of the backoff, half of which is random.
        for status in [400, 503] {
            let pause = delivery_after(&Response::new(status)).pause();
            assert!((Duration::from_millis(500)..=Duration::from_secs(1)).contains(&pause), "{pause:?}");
        }
    }
}
