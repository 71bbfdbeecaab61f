//! The supported providers and their differences.

use std::{fmt, str::FromStr, time::Duration};

use agent_metrics::usage::wire::WireFormat;
use serde_json::Value;

use super::{Reply, Request, anthropic::Anthropic, gemini::Gemini, openai::OpenAi};

/// A service, or one that speaks its wire format.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Provider {
    #[default]
    Gemini,
    OpenAi,
    Anthropic,
}

impl Provider {
    pub(crate) const ALL: [Self; 3] = [Self::Gemini, Self::OpenAi, Self::Anthropic];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Gemini => "gemini",
            Self::OpenAi => "openai",
            Self::Anthropic => "anthropic",
        }
    }

    /// The environment variable of its API key.
    pub(crate) fn key_variable(self) -> &'static str {
        match self {
            Self::Gemini => "GEMINI_API_KEY",
            Self::OpenAi => "OPENAI_API_KEY",
            Self::Anthropic => "ANTHROPIC_API_KEY",
        }
    }

    /// The default model.
    pub(crate) fn default_model(self, is_simulated: bool) -> &'static str {
        match self {
            Self::Gemini if is_simulated => "gemini-2.0-flash",
            Self::Gemini => "gemini-flash-latest",
            Self::OpenAi => "gpt-4.1-mini",
            Self::Anthropic => "claude-haiku-4-5",
        }
    }

    /// The address of its service.
    pub(crate) fn public_service(self) -> &'static str {
        match self {
            Self::Gemini => "https://generativelanguage.googleapis.com",
            Self::OpenAi => "https://api.openai.com/v1",
            Self::Anthropic => "https://api.anthropic.com",
        }
    }

    pub(super) fn dialect(self) -> &'static dyn Dialect {
        match self {
            Self::Gemini => &Gemini,
            Self::OpenAi => &OpenAi,
            Self::Anthropic => &Anthropic,
        }
    }
}

impl fmt::Display for Provider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[derive(Debug)]
pub(crate) struct UnknownProvider;

impl FromStr for Provider {
    type Err = UnknownProvider;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|provider| provider.name() == text).ok_or(UnknownProvider)
    }
}

/// The wire format of a provider: requests, and the turns in responses. Usage, finish reason and errors of a response
/// are read by `agent_metrics::usage::wire`.
pub(super) trait Dialect: fmt::Debug + Sync {
    fn format(&self) -> WireFormat;

    /// The path below the service's address.
    fn path(&self, model: &str, streams: bool) -> String;

    /// The header of the API key, and the prefix of its value.
    fn key_header(&self) -> (&'static str, &'static str);

    /// A header of every request.
    fn version_header(&self) -> Option<(&'static str, &'static str)> {
        None
    }

    fn body(&self, model: &str, request: &Request<'_>, streams: bool) -> Value;

    /// Reads the answer of a complete response.
    fn reply(&self, response: &Value) -> Reply;

    /// Returns the text that an event of a stream adds to the answer.
    fn text_of_event(&self, event: &Value) -> String;

    /// Returns the wait before the next attempt, if the body of an error has it.
    fn retry_delay(&self, _error: &Value) -> Option<Duration> {
        None
    }
}
