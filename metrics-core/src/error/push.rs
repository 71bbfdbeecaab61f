//! Errors of setting up a push and of pushing.

use std::fmt;
use std::time::Duration;

use super::RegisterError;

/// The error of setting up a push, or of a push that failed.
#[derive(Clone, PartialEq, Debug)]
#[non_exhaustive]
pub enum PushError {
    /// The address of the receiver is invalid.
    Address {
        /// The given address, without user, password and query.
        address: String,
        /// The reason.
        why: &'static str,
    },
    /// A setting is invalid.
    Setting {
        /// The name of the method that set it.
        setting: &'static str,
        /// The given value.
        given: String,
        /// The reason.
        why: &'static str,
    },
    /// The families about the push itself could not be registered.
    Register(RegisterError),
    /// The operating system could not start the pushing thread.
    Thread {
        /// The message of the operating system.
        why: String,
    },
    /// The receiver refused the request, and would refuse it again.
    Rejected {
        /// The address of the receiver.
        address: String,
        /// The HTTP status of the response; 200 when the receiver accepted only a part.
        status: u16,
        /// The first line of the response body.
        message: String,
    },
    /// The receiver could not be reached or was overloaded. No count is lost: the next push includes it, since counters
    /// are cumulative.
    Unavailable {
        /// The address of the receiver.
        address: String,
        /// The reason.
        why: String,
        /// The wait that the receiver requested.
        retry_after: Option<Duration>,
    },
    /// Encoding the families panicked, so that nothing could be pushed. The fault hook received the message.
    Unreadable,
    /// The deadline passed before the push ended.
    Deadline,
}

impl PushError {
    /// Returns `true` if the same push may succeed later.
    pub fn is_temporary(&self) -> bool {
        matches!(self, Self::Unavailable { .. } | Self::Deadline)
    }

    pub(crate) fn setting(setting: &'static str, given: impl Into<String>, why: &'static str) -> Self {
        Self::Setting { setting, given: given.into(), why }
    }
}

impl From<RegisterError> for PushError {
    fn from(error: RegisterError) -> Self {
        Self::Register(error)
    }
}

impl fmt::Display for PushError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Address { address, why } => write!(f, "can't push to `{address}`: {why}"),
            Self::Setting { setting, given, why } => write!(f, "`{setting}` of a push is `{given}`: {why}"),
            Self::Register(error) => error.fmt(f),
            Self::Thread { why } => write!(f, "the pushing thread could not be started: {why}"),
            Self::Rejected { address, status, message } => {
                write!(f, "{address} refused the push with status {status}")?;
                match what_to_do(*status) {
                    Some(advice) => write!(f, ": {message}; {advice}"),
                    None => write!(f, ": {message}"),
                }
            }
            Self::Unavailable { address, why, retry_after } => {
                write!(f, "{address} could not accept the push: {why}")?;
                match retry_after {
                    Some(wait) => write!(f, "; it requests a wait of {} s", wait.as_secs()),
                    None => Ok(()),
                }
            }
            Self::Unreadable => f.write_str("encoding the families panicked, so nothing was pushed"),
            Self::Deadline => f.write_str("the deadline passed before the push ended"),
        }
    }
}

fn what_to_do(status: u16) -> Option<&'static str> {
    match status {
        300..=399 => Some("use the address that the response names, since a push follows no redirects"),
        401 | 403 => Some("check `bearer_token` or `basic_auth`"),
        404 | 405 => Some("check the path, and that the receiver is enabled"),
        413 => Some("lower `max_request_bytes`"),
        _ => None,
    }
}

impl std::error::Error for PushError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Register(error) => Some(error),
            _ => None,
        }
    }
}
