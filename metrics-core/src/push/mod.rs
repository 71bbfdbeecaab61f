//! Pushing what is in the registry, for jobs that don't live to be scraped and for engines that can't reach the agent.
//!
//! ```no_run
//! # #[cfg(feature = "remote-write")]
//! # fn service() -> Result<(), agent_metrics::push::PushError> {
//! use agent_metrics::push::{Push, RemoteWrite};
//!
//! // A service: every 15 s from a thread of its own, and once more when `pusher` is dropped.
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
//! Everything that a scrape would show is pushed: the agent's families, the user's, and other people's collectors, with
//! the registry's prefix and labels. Recording is never held up, and nothing is queued: counters are cumulative, so the
//! first push that arrives after an outage has all of it.
//!
//! An engine that can't be reached, or whose status says by its protocol that it has no time (429 and 5xx; for OTLP 429, 502,
//! 503 and 504), is tried again after 1 s, 2 s, 4 s, up to a minute, each with chance in it, or when its `Retry-After` says;
//! the values are read anew, or if it took a part of them, it gets the rest. One that answers another status is not bothered more often than at the interval, and the fault
//! hook ([`Builder::on_fault`](crate::Builder::on_fault)) is told once.
//!
//! How it goes is told by `agent_metrics_pushes_total{target, outcome}`, `agent_metrics_push_samples_total`,
//! `agent_metrics_push_lag_seconds` and `agent_metrics_push_duration_seconds`.

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

pub use crate::error::PushError;
pub use delivery::Pushed;
#[cfg(feature = "otlp")]
pub use otlp::Otlp;
pub use pusher::Pusher;
#[cfg(feature = "pushgateway")]
pub use pushgateway::Pushgateway;
#[cfg(feature = "remote-write")]
pub use remote_write::RemoteWrite;
pub use settings::Push;
pub use target::Target;
pub use transport::{Answer, Request};
