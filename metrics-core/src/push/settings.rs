//! How a push is set up.

use std::error::Error;
use std::time::{Duration, Instant};

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use ureq::http::{HeaderName, HeaderValue};

use super::delivery::{Delivery, Pushed};
use super::transport::{self, Answer, Request, Send};
use super::{PushError, Pusher, Target};
use crate::instance::AgentMetrics;

/// A push to one engine.
#[must_use = "nothing is pushed before `start` or `once`"]
pub struct Push<T> {
    pub(super) target: T,
    pub(super) settings: Settings,
}

/// What all pushes can be told.
pub(super) struct Settings {
    pub(super) name: Option<String>,
    pub(super) interval: Duration,
    pub(super) timeout: Duration,
    pub(super) deadline: Duration,
    pub(super) max_request_bytes: Option<usize>,
    pub(super) headers: Vec<(String, String)>,
    pub(super) send: Option<Send>,
}

impl<T: Target> Push<T> {
    /// A push with the defaults.
    pub fn to(target: T) -> Self {
        let settings = Settings {
            name: None,
            interval: Duration::from_secs(15),
            timeout: Duration::from_secs(10),
            deadline: Duration::from_secs(5),
            max_request_bytes: None,
            headers: Vec::new(),
            send: None,
        };
        Self { target, settings }
    }

    /// Its name in `agent_metrics_push*` and in faults: the protocol's unless given. Of two engines of one protocol, one
    /// needs another.
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.settings.name = Some(name.into());
        self
    }

    /// The time from one push to the next, 15 s unless given.
    pub fn every(mut self, interval: Duration) -> Self {
        self.settings.interval = interval;
        self
    }

    /// How long one request may take, 10 s unless given.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.settings.timeout = timeout;
        self
    }

    /// How long [`once`](Self::once), [`Pusher::flush`] and the last push may take with all tries, 5 s unless given.
    pub fn deadline(mut self, deadline: Duration) -> Self {
        self.settings.deadline = deadline;
        self
    }

    /// How long a request's body may get before another is begun, uncompressed: 1 MiB unless given, for a Pushgateway 4 MiB.
    pub fn max_request_bytes(mut self, bytes: usize) -> Self {
        self.settings.max_request_bytes = Some(bytes);
        self
    }

    /// A header of every request, such as `X-Scope-OrgID`.
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.settings.headers.push((name.into(), value.into()));
        self
    }

    /// Authorizes every request by a token.
    pub fn bearer_token(self, token: impl AsRef<str>) -> Self {
        self.header("Authorization", format!("Bearer {}", token.as_ref()))
    }

    /// Authorizes every request by a login.
    pub fn basic_auth(self, user: impl AsRef<str>, password: impl AsRef<str>) -> Self {
        let login = BASE64_STANDARD.encode(format!("{}:{}", user.as_ref(), password.as_ref()));
        self.header("Authorization", format!("Basic {login}"))
    }

    /// Sends requests by other means than the built-in client: one with certificates of its own, or that signs requests. It
    /// is called from the thread that pushes, and may block that. If it panics, the engine counts as one that isn't there.
    pub fn transport(
        mut self,
        send: impl FnMut(&Request<'_>) -> Result<Answer, Box<dyn Error>> + std::marker::Send + 'static,
    ) -> Self {
        self.settings.send = Some(Box::new(send));
        self
    }

    /// Pushes at an interval, from a thread of its own, until the [`Pusher`] is dropped.
    ///
    /// The first push comes at some time within the first interval, so that a fleet that starts at once doesn't push at once.
    ///
    /// # Errors
    /// An address or a setting that can't be right, each by its name; and where the system gives no thread. Whether the
    /// engine is there is not asked.
    pub fn start(self, metrics: &AgentMetrics) -> Result<Pusher, PushError> {
        let (interval, deadline) = (self.settings.interval, self.settings.deadline);
        Pusher::start(self.delivery(metrics)?, interval, deadline)
    }

    /// Pushes once, from this thread, which waits for it; tried again until the deadline. What is pushed stays with the engine.
    ///
    /// # Errors
    /// As [`start`](Self::start); and when the engine refused it or could not take it until the deadline.
    pub fn once(self, metrics: &AgentMetrics) -> Result<Pushed, PushError> {
        let until = Instant::now() + self.settings.deadline;
        self.delivery(metrics)?.until(until)
    }

    pub(super) fn delivery(self, metrics: &AgentMetrics) -> Result<Delivery, PushError> {
        self.settings.check()?;
        let Self { target, mut settings } = self;
        let send = settings.send.take().unwrap_or_else(transport::client);
        Delivery::new(metrics, target.prepare()?, settings, send)
    }
}

impl Settings {
    /// A request is built whole, so that it has to fit into memory several times.
    const MOST_BYTES: usize = 256 << 20;

    /// An hour and more between pushes is no monitoring, but a mistake in the unit is likelier with years.
    const LONGEST: Duration = Duration::from_secs(365 * 86_400);

    fn check(&self) -> Result<(), PushError> {
        for (setting, duration) in
            [("every", self.interval), ("timeout", self.timeout), ("deadline", self.deadline)]
        {
            let refuse = |why| Err(PushError::setting(setting, format!("{duration:?}"), why));
            if duration.is_zero() {
                return refuse("give it some time");
            }
            if duration > Self::LONGEST {
                return refuse("at most a year");
            }
        }
        if let Some(bytes) = self.max_request_bytes.filter(|bytes| !(1..=Self::MOST_BYTES).contains(bytes)) {
            return Err(PushError::setting(
                "max_request_bytes",
                bytes.to_string(),
                "expected 1 to 268435456",
            ));
        }
        for (name, value) in &self.headers {
            // The value may be a secret.
            if HeaderName::from_bytes(name.as_bytes()).is_err() {
                return Err(PushError::setting("header", name, "no header has such a name"));
            }
            if HeaderValue::from_str(value).is_err() {
                let why = "its value has characters that no header can carry";
                return Err(PushError::setting("header", name, why));
            }
        }
        Ok(())
    }
}
