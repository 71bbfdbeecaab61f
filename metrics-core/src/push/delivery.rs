//! From what is read to an answer: batches, failures, and who is told of them.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use super::backoff;
use super::health::{Outcome, PushHealth};
use super::settings::Settings;
use super::target::{Body, Prepared};
use super::transport::{Request, Send};
use crate::error::{Fault, PushError};
use crate::instance::AgentMetrics;

/// What an engine took.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
#[non_exhaustive]
pub struct Pushed {
    /// Samples, as the protocol counts them.
    pub samples: u64,
    /// Requests that it took to send them.
    pub requests: u64,
}

/// Reads an instance and sends that to one engine.
pub(super) struct Delivery {
    metrics: AgentMetrics,
    target: Prepared,
    send: Send,
    name: String,
    url: String,
    headers: Vec<(String, String)>,
    timeout: Duration,
    interval: Duration,
    max_bytes: usize,
    health: Arc<PushHealth>,
    slot: usize,
    /// What was read and not taken yet.
    waiting: VecDeque<Body>,
    taken: Pushed,
    read_at: Instant,
    failures: u32,
    asked_to_wait: Option<Instant>,
    told: Option<Told>,
}

/// The last failure that the hook was told of.
#[derive(PartialEq)]
enum Told {
    Unavailable,
    Rejected(u16),
    Unreadable,
}

impl Told {
    fn of(error: &PushError) -> Self {
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
        target: Prepared,
        settings: Settings,
        send: Send,
    ) -> Result<Self, PushError> {
        let health = PushHealth::of(metrics)?;
        let name = settings.name.unwrap_or_else(|| target.name.to_owned());
        let own = target.headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        Ok(Self {
            slot: health.slot(&name),
            health,
            name,
            url: target.address.url(),
            headers: own.chain(settings.headers).collect(),
            timeout: settings.timeout,
            interval: settings.interval,
            max_bytes: settings.max_request_bytes.unwrap_or(target.max_request_bytes),
            metrics: metrics.clone(),
            target,
            send,
            waiting: VecDeque::new(),
            taken: Pushed::default(),
            read_at: Instant::now(),
            failures: 0,
            asked_to_wait: None,
            told: None,
        })
    }

    /// Pushes, and again after a pause if that failed for a reason that may pass, until a deadline.
    pub(super) fn until(&mut self, deadline: Instant) -> Result<Pushed, PushError> {
        self.waiting.clear();
        loop {
            let error = match self.allowed(deadline).and_then(|()| self.push(deadline)) {
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

    /// An engine that asked for a pause gets it: a last push that is not wanted is not sent.
    fn allowed(&self, deadline: Instant) -> Result<(), PushError> {
        match self.asked_to_wait {
            Some(end) if end >= deadline => Err(PushError::Unavailable {
                address: self.target.address.to_string(),
                why: "it asked for a pause that is longer than the deadline".to_owned(),
                retry_after: Some(end.saturating_duration_since(Instant::now())),
            }),
            Some(end) => {
                std::thread::sleep(end.saturating_duration_since(Instant::now()));
                Ok(())
            }
            None => Ok(()),
        }
    }

    /// How long to wait before the next push: the interval, after a failure the pause that it calls for.
    pub(super) fn pause(&self) -> Duration {
        self.pause_from(Instant::now())
    }

    fn pause_from(&self, now: Instant) -> Duration {
        let asked = self.asked_to_wait.map(|end| end.saturating_duration_since(now));
        let own = match &self.told {
            None => self.interval,
            Some(Told::Unavailable) => backoff::pause(self.failures),
            // It would say the same again.
            Some(_) => self.interval.max(backoff::pause(self.failures)),
        };
        own.max(asked.unwrap_or_default())
    }

    /// Pushes once. Of what an engine took in part it gets the rest, while that is fresh; else all is read anew.
    pub(super) fn push(&mut self, deadline: Instant) -> Result<Pushed, PushError> {
        let begin = Instant::now();
        self.asked_to_wait = None;
        let result = match self.read() {
            Ok(()) => self.send_all(deadline),
            Err(error) => Err(error),
        };
        let outcome = match &result {
            Ok(_) => Outcome::Success,
            Err(error) if error.is_temporary() => Outcome::Unavailable,
            Err(_) => Outcome::Rejected,
        };
        self.health.ended(self.slot, outcome, begin.elapsed(), self.read_at);
        match &result {
            Ok(_) => (self.failures, self.told) = (0, None),
            Err(error) => self.failed(error),
        }
        result
    }

    /// What is sent after the last push: nothing, unless the target was told to.
    pub(super) fn farewell(&mut self, deadline: Instant) -> Result<Pushed, PushError> {
        let Self { target, metrics, max_bytes, .. } = self;
        let faults = &metrics.families_ref().faults;
        let bodies = faults.caught(|| target.encoder.farewell(metrics, *max_bytes));
        self.waiting = bodies.ok_or(PushError::Unreadable)?.into();
        self.send_all(deadline)
    }

    /// Reads everything, unless the engine took a part of what was read lately and not yet the rest.
    fn read(&mut self) -> Result<(), PushError> {
        const FRESH: Duration = Duration::from_secs(60);
        let is_rest = self.taken.requests > 0 && !self.waiting.is_empty();
        if is_rest && self.read_at.elapsed() < self.interval.max(FRESH) {
            return Ok(());
        }
        let begin = Instant::now();
        let Self { target, metrics, max_bytes, .. } = self;
        let faults = &metrics.families_ref().faults;
        let bodies = faults.caught(|| target.encoder.read(metrics, *max_bytes));
        self.waiting = bodies.ok_or(PushError::Unreadable)?.into();
        (self.read_at, self.taken) = (begin, Pushed::default());
        Ok(())
    }

    /// Sends what waits. A body that is refused for what is in it doesn't keep back the others.
    fn send_all(&mut self, deadline: Instant) -> Result<Pushed, PushError> {
        let mut refused = None;
        while let Some(body) = self.waiting.pop_front() {
            match self.send_one(&body, deadline) {
                Ok(()) => {
                    self.taken.samples += body.samples;
                    self.taken.requests += 1;
                    self.health.taken(self.slot, body.samples);
                }
                Err(error) if error.is_temporary() => {
                    self.waiting.push_front(body);
                    return Err(error);
                }
                Err(error) => {
                    let of_contents =
                        matches!(error, PushError::Rejected { status: 200 | 400 | 413 | 422, .. });
                    refused.get_or_insert(error);
                    if !of_contents {
                        self.waiting.clear();
                    }
                }
            }
        }
        refused.map_or(Ok(self.taken), Err)
    }

    fn send_one(&mut self, body: &Body, deadline: Instant) -> Result<(), PushError> {
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
        // The transport may be the user's, whose panic would end all pushing.
        let faults = &self.metrics.families_ref().faults;
        let answer = faults.caught(|| (self.send)(&request).map_err(|error| error.to_string()));
        match answer.unwrap_or_else(|| Err("the transport panicked".to_owned())) {
            Ok(answer) if answer.is_success() => {
                self.target.encoder.taken(&answer).map_err(|message| self.rejected(answer.status, message))
            }
            Ok(answer) if (self.target.is_temporary)(answer.status) => {
                let asked =
                    answer.retry_after.as_deref().and_then(|text| backoff::asked(text, SystemTime::now()));
                self.asked_to_wait = asked.map(|wait| Instant::now() + wait);
                let why = format!("status {}: {}", answer.status, answer.message());
                Err(self.unavailable(why, asked))
            }
            Ok(answer) => {
                self.target.encoder.refused();
                Err(self.rejected(answer.status, answer.message()))
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

    /// Tells the hook, unless it was told the same.
    fn failed(&mut self, error: &PushError) {
        self.failures = self.failures.saturating_add(1);
        let told = Some(Told::of(error));
        if self.told != told {
            self.told = told;
            let fault = Fault::NotPushed { target: self.name.clone(), error: error.clone() };
            self.metrics.families_ref().faults.report(&fault);
        }
    }
}

#[cfg(all(test, feature = "pushgateway"))]
mod tests {
    use super::*;
    use crate::push::{Answer, Push, Pushgateway};

    /// A delivery every 10 ms that was answered once.
    fn answered(answer: &Answer) -> Delivery {
        let metrics = AgentMetrics::builder().build().expect("the defaults are valid");
        let push = Push::to(Pushgateway::new("http://127.0.0.1:9", "job")).every(Duration::from_millis(10));
        let answer = answer.clone();
        let push = push.transport(move |_| Ok(answer.clone()));
        let mut delivery = push.delivery(&metrics).expect("valid");
        let _ = delivery.push(Instant::now() + Duration::from_secs(3600));
        delivery
    }

    #[test]
    fn the_pause_is_what_the_engine_asks_for() {
        let busy = answered(&Answer::new(503).retry_after("20"));
        let end = busy.asked_to_wait.expect("it asked");
        let before = |seconds| end.checked_sub(Duration::from_secs(seconds)).expect("later than that");
        assert_eq!(busy.pause_from(before(20)), Duration::from_secs(20));
        assert_eq!(busy.pause_from(before(7)), Duration::from_secs(7));
    }

    #[test]
    fn without_a_word_it_is_the_interval_and_after_a_failure_longer() {
        assert_eq!(answered(&Answer::new(200)).pause(), Duration::from_millis(10));
        // Whether it will be taken later or never: not sooner than the first pause, of which a half is chance.
        for status in [400, 503] {
            let pause = answered(&Answer::new(status)).pause();
            assert!((Duration::from_millis(500)..=Duration::from_secs(1)).contains(&pause), "{pause:?}");
        }
    }
}
