//! Pushing metrics to a receiver, for jobs that end before they are scraped and for receivers that cannot reach the agent.
//!
//! ```no_run
//! # #[cfg(feature = "remote-write")]
//! # fn service() -> Result<(), agent_metrics::push::PushError> {
//! use agent_metrics::push::{Push, RemoteWrite};
//!
//! // A service: every 15 s from a background thread, and once more when `pusher` is dropped.
//! let target = RemoteWrite::new("http://prometheus:9090/api/v1/write", "support-agent").label("instance", "a-7");
//! let pusher = Push::to(target).start(agent_metrics::global())?;
//! # drop(pusher);
//! # Ok(())
//! # }
//! # #[cfg(feature = "pushgateway")]
//! # fn job() -> Result<(), agent_metrics::push::PushError> {
//! use agent_metrics::push::Pushgateway;
//!
//! // A job: once, at its end.
//! # use agent_metrics::push::Push;
//! Push::to(Pushgateway::new("http://pushgateway:9091", "nightly-report")).once(agent_metrics::global())?;
//! # Ok(())
//! # }
//! ```
//!
//! A push contains everything that a scrape would: the built-in families, the user-defined families and those of foreign
//! collectors, with the prefix and the labels of the registry. Pushing never blocks recording. Nothing is queued: counters
//! are cumulative, so the first push that arrives after an outage carries everything.
//!
//! # Retries
//!
//! A push fails temporarily if the target cannot be reached or answers with a status that its protocol defines as
//! retryable (429 and 5xx; for OTLP 429, 502, 503 and 504; for a Pushgateway also 408). It is retried after about 1 s, 2 s,
//! 4 s and so on up to one minute, with jitter, or after the time that `Retry-After` names. A retry reads the current
//! values, unless the target has already accepted a part of the push: then it gets the rest.
//!
//! Any other status is a refusal. A target that refuses a push gets the next one no sooner than at the interval. The fault
//! hook ([`Builder::on_fault`](crate::Builder::on_fault)) is called once for each new kind of failure.
//!
//! # Metrics
//!
//! `agent_metrics_pushes_total{target, outcome}`, `agent_metrics_push_samples_total`, `agent_metrics_push_lag_seconds` and
//! `agent_metrics_push_duration_seconds` show how pushing goes.

mod address;
mod backoff;
mod delivery;
mod health;
#[cfg(feature = "otlp")]
mod otlp;
mod pusher;
#[cfg(feature = "pushgateway")]
mod pushgateway;
#[cfg(feature = "remote-write")]
mod remote_write;
mod settings;
mod target;
mod transport;

use std::error::Error;
use std::fmt;
use std::time::{Duration, Instant};

use base64::Engine;
use base64::prelude::BASE64_STANDARD;

pub use crate::error::PushError;
use crate::instance::AgentMetrics;
use delivery::Delivery;
pub use delivery::Pushed;
#[cfg(feature = "otlp")]
pub use otlp::Otlp;
pub use pusher::Pusher;
#[cfg(feature = "pushgateway")]
pub use pushgateway::Pushgateway;
#[cfg(feature = "remote-write")]
pub use remote_write::RemoteWrite;
use settings::PushSettings;
pub use target::Target;
pub use transport::{Request, Response};

/// A push to one target.
#[must_use = "nothing is pushed before `start` or `once`"]
pub struct Push<T> {
    target: T,
    settings: PushSettings,
}

impl<T: Target> Push<T> {
    /// Creates a push with the default settings.
    pub fn to(target: T) -> Self {
        Self { target, settings: PushSettings::default() }
    }

    /// Sets the name of this push in `agent_metrics_push*` and in faults. The default is the name of the protocol; two
    /// targets of one protocol need different names.
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.settings.name = Some(name.into());
        self
    }

    /// Sets the time from one push to the next. The default is 15 s.
    pub fn every(mut self, interval: Duration) -> Self {
        self.settings.interval = interval;
        self
    }

    /// Sets the timeout of one request. The default is 10 s.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.settings.timeout = timeout;
        self
    }

    /// Sets the time that [`once`](Self::once), [`Pusher::flush`] and the last push may take with all their retries. The
    /// default is 5 s.
    pub fn deadline(mut self, deadline: Duration) -> Self {
        self.settings.deadline = deadline;
        self
    }

    /// Sets the maximum length of a request body, in bytes before compression. A longer push is split into several
    /// requests. The default is 1 MiB, for a Pushgateway 4 MiB.
    pub fn max_request_bytes(mut self, bytes: usize) -> Self {
        self.settings.max_request_bytes = Some(bytes);
        self
    }

    /// Adds a header to every request, such as `X-Scope-OrgID`.
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.settings.headers.push((name.into(), value.into()));
        self
    }

    /// Authorizes every request with a bearer token.
    pub fn bearer_token(self, token: impl AsRef<str>) -> Self {
        self.header("Authorization", format!("Bearer {}", token.as_ref()))
    }

    /// Authorizes every request with a user name and a password.
    pub fn basic_auth(self, user: impl AsRef<str>, password: impl AsRef<str>) -> Self {
        let login = BASE64_STANDARD.encode(format!("{}:{}", user.as_ref(), password.as_ref()));
        self.header("Authorization", format!("Basic {login}"))
    }

    /// Replaces the built-in HTTP client, for example by one that has client certificates or signs requests.
    ///
    /// `send` is called on the pushing thread and may block it. If it panics, the target counts as unavailable.
    pub fn transport(
        mut self,
        send: impl FnMut(&Request<'_>) -> Result<Response, Box<dyn Error>> + Send + 'static,
    ) -> Self {
        self.settings.transport = Some(Box::new(send));
        self
    }

    /// Starts a background thread that pushes at the interval until the [`Pusher`] is dropped.
    ///
    /// The first push happens at a random time within the first interval, so that processes that start together don't
    /// push together.
    ///
    /// # Errors
    /// An invalid address or setting, which the error names, or a thread that cannot be started. Whether the target can be
    /// reached is not checked.
    pub fn start(self, metrics: &AgentMetrics) -> Result<Pusher, PushError> {
        let (interval, deadline) = (self.settings.interval, self.settings.deadline);
        Pusher::start(self.delivery(metrics)?, interval, deadline)
    }

    /// Pushes once, with retries until the deadline, and blocks the calling thread until then.
    ///
    /// The target keeps what was pushed.
    ///
    /// # Errors
    /// As [`start`](Self::start), and if the target refused the push or was unavailable until the deadline.
    pub fn once(self, metrics: &AgentMetrics) -> Result<Pushed, PushError> {
        let deadline = Instant::now() + self.settings.deadline;
        self.delivery(metrics)?.push_until(deadline)
    }

    /// Checks all settings and prepares the first push.
    fn delivery(self, metrics: &AgentMetrics) -> Result<Delivery, PushError> {
        self.settings.check()?;
        Delivery::new(metrics, self.target.prepare()?, self.settings)
    }
}

#[cfg(feature = "pushgateway")]
impl Push<Pushgateway> {
    /// Deletes the group with everything that was pushed to it.
    ///
    /// # Errors
    /// As [`once`](Self::once).
    pub fn delete(self, metrics: &AgentMetrics) -> Result<(), PushError> {
        let deadline = Instant::now() + self.settings.deadline;
        let target = self.target.delete_at_end();
        Push { target, settings: self.settings }.delivery(metrics)?.push_end(deadline).map(drop)
    }
}

/// Leaves out the values of headers, which may be secrets.
impl<T: fmt::Debug> fmt::Debug for Push<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { target, settings } = self;
        let PushSettings { name, interval, timeout, deadline, max_request_bytes, headers, transport } =
            settings;
        let headers: Vec<_> = headers.iter().map(|(name, _)| name).collect();
        f.debug_struct("Push")
            .field("target", target)
            .field("name", name)
            .field("interval", interval)
            .field("timeout", timeout)
            .field("deadline", deadline)
            .field("max_request_bytes", max_request_bytes)
            .field("headers", &headers)
            .field("has_transport", &transport.is_some())
            .finish()
    }
}
