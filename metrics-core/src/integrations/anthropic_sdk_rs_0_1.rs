//! anthropic-sdk-rs 0.1: messages, whole and streamed, with cached tokens. Needs the feature `anthropic-sdk-rs-0_1`.
//!
//! Anthropic's `input_tokens` exclude cached tokens; the recorded input includes them, as for every provider. In a stream,
//! the first event reports the input and the last events the output so far; both are combined.
//!
//! The client sends up to three requests per call and has no hook to observe the retries. To count attempts, disable its
//! retries (`ClientOptions { max_retries: Some(0), .. }`) and call it through `agent_metrics::retry`.

use anthropic_sdk::types::messages::{Message, MessageDeltaUsage, RawMessageStreamEvent as Event};
use anthropic_sdk::{ApiError, Error, HttpApiError};
use serde_json::{Value, json};

use super::parts::{found_in_chains, named, reqwest_status};
use crate::classify::Classify;
use crate::status::Status;
use crate::usage::wire::{Facts, WireFormat, prefer_cause};
use crate::usage::{ServiceTier, TokenUsage, Usage};

found_in_chains!(Error, HttpApiError);

const FORMAT: WireFormat = WireFormat::Anthropic;

impl TokenUsage for Message {
    fn token_usage(&self) -> Option<Usage> {
        facts(json!(self.usage)).usage
    }

    fn served_model(&self) -> Option<&str> {
        named(&self.model)
    }

    fn finish_reason(&self) -> Option<&str> {
        self.stop_reason.as_deref()
    }

    fn service_tier(&self) -> Option<ServiceTier> {
        facts(json!(self.usage)).service_tier
    }

    fn cost_usd(&self) -> Option<f64> {
        facts(json!(self.usage)).cost_usd
    }
}

/// Returns the facts of a usage, which the crate keeps as JSON, or with some of its fields as JSON.
#[allow(clippy::needless_pass_by_value)] // `json!` makes the value in place.
fn facts(usage: Value) -> Facts {
    FORMAT.facts(&json!({ "usage": usage }))
}

/// `content_filtered` for a refusal, `context_overflow` if the context window was full.
impl Classify for Message {
    fn classify(&self) -> Status {
        FORMAT.status_of_words(self.stop_reason.as_deref(), None)
    }
}

impl TokenUsage for MessageDeltaUsage {
    fn token_usage(&self) -> Option<Usage> {
        facts(json!(self)).usage
    }

    fn service_tier(&self) -> Option<ServiceTier> {
        facts(json!(self)).service_tier
    }

    fn cost_usd(&self) -> Option<f64> {
        facts(json!(self)).cost_usd
    }
}

impl TokenUsage for Event {
    fn token_usage(&self) -> Option<Usage> {
        match self {
            // A stream that is cut off after its start has more output than the start says.
            Self::MessageStart { message } => message.token_usage().map(Usage::incomplete),
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

    fn service_tier(&self) -> Option<ServiceTier> {
        match self {
            Self::MessageStart { message } => message.service_tier(),
            Self::MessageDelta { usage, .. } => usage.service_tier(),
            _ => None,
        }
    }

    fn cost_usd(&self) -> Option<f64> {
        match self {
            Self::MessageStart { message } => message.cost_usd(),
            Self::MessageDelta { usage, .. } => usage.cost_usd(),
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
