//! The settings that every push has, whatever its target.

use std::time::Duration;

use ureq::http::{HeaderName, HeaderValue};

use super::transport::Transport;
use crate::error::PushError;

/// The settings of one push.
pub(super) struct PushSettings {
    pub(super) name: Option<String>,
    pub(super) interval: Duration,
    pub(super) timeout: Duration,
    pub(super) deadline: Duration,
    pub(super) max_request_bytes: Option<usize>,
    pub(super) headers: Vec<(String, String)>,
    pub(super) transport: Option<Transport>,
}

impl Default for PushSettings {
    fn default() -> Self {
        Self {
            name: None,
            interval: Duration::from_secs(15),
            timeout: Duration::from_secs(10),
            deadline: Duration::from_secs(5),
            max_request_bytes: None,
            headers: Vec::new(),
            transport: None,
        }
    }
}

impl PushSettings {
    /// The largest limit of a request's size: a request is built in memory, several times its size at the peak.
    const MAX_REQUEST_BYTES: usize = 256 << 20;

    /// The longest interval, timeout and deadline. A longer one is most likely a mistaken unit.
    const MAX_DURATION: Duration = Duration::from_secs(365 * 86_400);

    pub(super) fn check(&self) -> Result<(), PushError> {
        for (setting, duration) in
            [("every", self.interval), ("timeout", self.timeout), ("deadline", self.deadline)]
        {
            let refuse = |why| Err(PushError::setting(setting, format!("{duration:?}"), why));
            if duration.is_zero() {
                return refuse("expected more than zero");
            }
            if duration > Self::MAX_DURATION {
                return refuse("at most a year");
            }
        }
        if let Some(bytes) =
            self.max_request_bytes.filter(|bytes| !(1..=Self::MAX_REQUEST_BYTES).contains(bytes))
        {
            let why = "expected 1 to 268435456";
            return Err(PushError::setting("max_request_bytes", bytes.to_string(), why));
        }
        for (name, value) in &self.headers {
            // The error leaves out the value, which may be a secret.
            if HeaderName::from_bytes(name.as_bytes()).is_err() {
                return Err(PushError::setting("header", name, "it is not a valid header name"));
            }
            if HeaderValue::from_str(value).is_err() {
                let why = "its value has characters that no header can carry";
                return Err(PushError::setting("header", name, why));
            }
        }
        Ok(())
    }
}
