//! anthropic-sdk-rs 0.1: messages, whole and streamed, with cached tokens. Needs the feature `anthropic-sdk-rs-0_1`.
//!
//! Anthropic's `input_tokens` exclude cached tokens; the recorded input includes them, as for every provider. In a stream,
//! the first event reports the input and the last events the output so far; both are combined.
//!
//! The client sends up to three requests per call and has no hook to observe the retries. To count attempts, disable its
//! retries (`ClientOptions { max_retries: Some(0), .. }`) and call it through `agent_metrics::retry`.

use anthropic_sdk::types::messages::{Message, MessageDeltaUsage, RawMessageStreamEvent as Event};
use anthropic_sdk::{ApiError, Error, HttpApiError};
use serde_json::json;

use super::parts::{found_in_chains, named, reqwest_status};
use crate::classify::Classify;
use crate::status::Status;
use crate::usage::wire::{WireFormat, prefer_cause};
use crate::usage::{TokenUsage, Usage};

found_in_chains!(Error, HttpApiError);

const FORMAT: WireFormat = WireFormat::Anthropic;

impl TokenUsage for Message {
    fn token_usage(&self) -> Option<Usage> {
        // The crate keeps the usage as JSON.
        FORMAT.facts(&json!({"usage": self.usage})).usage
    }

    fn served_model(&self) -> Option<&str> {
        named(&self.model)
    }

    fn finish_reason(&self) -> Option<&str> {
        self.stop_reason.as_deref()
    }
}

/// `content_filtered` for a refusal, `context_overflow` if the context window was full.
impl Classify for Message {
    fn classify(&self) -> Status {
        FORMAT.status_of_words(self.stop_reason.as_deref(), None)
    }
}

impl TokenUsage for MessageDeltaUsage {
    fn token_usage(&self) -> Option<Usage> {
        let (cache_read, cache_write) = (self.cache_read_input_tokens, self.cache_creation_input_tokens);
        let cached = cache_read.unwrap_or(0).saturating_add(cache_write.unwrap_or(0));
        let details = self.extra.get("output_tokens_details");
        Some(Usage {
            input: self.input_tokens.map(|uncached| uncached.saturating_add(cached)),
            output: Some(self.output_tokens),
            cache_read,
            cache_write,
            reasoning: details.and_then(|details| details.get("thinking_tokens")?.as_u64()),
            ..Usage::default()
        })
    }
}

impl TokenUsage for Event {
    fn token_usage(&self) -> Option<Usage> {
        match self {
            Self::MessageStart { message } => message.token_usage(),
            Self::MessageDelta { usage, .. } => usage.token_usage(),
            _ => None,
        }
    }

    fn served_model(&self) -> Option<&str> {
        let Self::MessageStart { message } = self else { return None };
        message.served_model()
    }

    fn finish_reason(&self) -> Option<&str> {
        match self {
            Self::MessageStart { message } => message.finish_reason(),
            Self::MessageDelta { delta, .. } => delta.stop_reason.as_deref(),
            _ => None,
        }
    }
}

impl Classify for Event {
    fn classify(&self) -> Status {
        FORMAT.status_of_words(self.finish_reason(), None)
    }
}

/// The status by the body if it names a specific cause, otherwise by the HTTP status code, which an error in a stream
/// doesn't have.
impl Classify for ApiError {
    fn classify(&self) -> Status {
        let by_code = self.status.map_or(Status::Error, |code| Status::from_http(code.as_u16()));
        let by_body = self.body.as_ref().map_or(Status::Error, |body| FORMAT.facts(body).status);
        match (self.status, by_body) {
            (None, Status::Success) => Status::Error,
            (None, by_body) => by_body,
            (Some(_), by_body) => prefer_cause(by_code, by_body),
        }
    }
}

impl Classify for HttpApiError {
    fn classify(&self) -> Status {
        match self {
            Self::BadRequest(error)
            | Self::Authentication(error)
            | Self::PermissionDenied(error)
            | Self::NotFound(error)
            | Self::Conflict(error)
            | Self::UnprocessableEntity(error)
            | Self::RateLimit(error)
            | Self::InternalServer(error)
            | Self::Other(error) => error.classify(),
        }
    }
}

impl Classify for Error {
    fn classify(&self) -> Status {
        match self {
            Self::Http(error) => error.classify(),
            Self::Timeout => Status::Timeout,
            Self::Aborted => Status::Cancelled,
            Self::Transport(error) => reqwest_status!(error),
            _ => Status::Error,
        }
    }
}
