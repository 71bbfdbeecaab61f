//! What can go wrong with pushing.

use std::fmt;
use std::time::Duration;

use super::RegisterError;

/// Why pushing was not set up, or what was pushed did not arrive.
#[derive(Clone, PartialEq, Debug)]
#[non_exhaustive]
pub enum PushError {
    /// An address to which nothing can be pushed.
    Address {
        /// As given, without a login and without its query.
        address: String,
        /// What is wrong with it.
        why: &'static str,
    },
    /// Something else that was asked for can't be had.
    Setting {
        /// The method that set it.
        setting: &'static str,
        /// What it was given.
        given: String,
        /// What is wrong with that.
        why: &'static str,
    },
    /// The families that tell how pushing goes could not be registered.
    Register(RegisterError),
    /// The system gave no thread to push from.
    Thread {
        /// The system's own words.
        why: String,
    },
    /// The engine refused what it was sent, and would again.
    Rejected {
        /// Where.
        address: String,
        /// The answer's status; 200 where it said that it took only a part.
        status: u16,
        /// The first line of the answer's body.
        message: String,
    },
    /// The engine wasn't there or had no time. What it missed is in the next push, since counters are cumulative.
    Unavailable {
        /// Where.
        address: String,
        /// What happened.
        why: String,
        /// How long the engine asked not to be bothered.
        retry_after: Option<Duration>,
    },
    /// A collector in the registry panicked, so nothing could be read; the fault hook has its message.
    Unreadable,
    /// The deadline passed before there was an outcome.
    Deadline,
}

impl PushError {
    /// Whether the same may work later.
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
            Self::Setting { setting, given, why } => write!(f, "`{setting}` of a push, `{given}`: {why}"),
            Self::Register(error) => error.fmt(f),
            Self::Thread { why } => write!(f, "no thread to push from: {why}"),
            Self::Rejected { address, status, message } => {
                write!(f, "{address} refused what was pushed with status {status}")?;
                match what_to_do(*status) {
                    Some(advice) => write!(f, ": {message}; {advice}"),
                    None => write!(f, ": {message}"),
                }
            }
            Self::Unavailable { address, why, retry_after } => {
                write!(f, "{address} could not take what was pushed: {why}")?;
                match retry_after {
                    Some(wait) => write!(f, "; it asks for a pause of {} s", wait.as_secs()),
                    None => Ok(()),
                }
            }
            Self::Unreadable => f.write_str("a collector in the registry panicked, so nothing was pushed"),
            Self::Deadline => f.write_str("the deadline passed before the push ended"),
        }
    }
}

fn what_to_do(status: u16) -> Option<&'static str> {
    match status {
        300..=399 => Some("give the address that it names; a push follows no redirection"),
        401 | 403 => Some("see `bearer_token` and `basic_auth`"),
        404 | 405 => Some("see whether the path is right and the receiver is switched on"),
        413 => Some("see `max_request_bytes`"),
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
