//! anthropic-async 0.5: messages, whole and streamed, with what was read from and written to the cache. The feature is
//! `anthropic-async-0_5`.
//!
//! Anthropic's `input_tokens` leave the cache out; here, as everywhere, the input includes it. In a stream the first event
//! tells the input, the last ones the output so far: each takes its place beside the other.
//!
//! Its client tries up to 21 times in silence and has no place from which to see that. To count attempts, have it try once,
//! `Client::with_backoff(ExponentialBuilder::default().with_max_times(0))`, and call it by `retry(..)`.

use anthropic_async::AnthropicError;
use anthropic_async::error::ApiErrorObject;
use anthropic_async::streaming::{Event, EventError, MessageStartUsage};
use anthropic_async::types::common::Usage as MessageUsage;
use anthropic_async::types::messages::MessagesCreateResponse;

use super::parts::named;
use crate::recorder::Classify;
use crate::status::Status;
use crate::usage::wire::{WireFormat, prefer_cause};
use crate::usage::{TokenUsage, Usage};

fn usage(
    uncached: Option<u64>,
    output: Option<u64>,
    cache_read: Option<u64>,
    cache_write: Option<u64>,
) -> Option<Usage> {
    let cached = cache_read.unwrap_or(0).saturating_add(cache_write.unwrap_or(0));
    let input = uncached.map(|uncached| uncached.saturating_add(cached));
    let usage = Usage { input, output, cache_read, cache_write, ..Usage::default() };
    (usage != Usage::default()).then_some(usage)
}

impl TokenUsage for MessageUsage {
    fn token_usage(&self) -> Option<Usage> {
        let Self { input_tokens, output_tokens, cache_read_input_tokens, cache_creation_input_tokens } = *self;
        usage(input_tokens, output_tokens, cache_read_input_tokens, cache_creation_input_tokens)
    }
}

impl TokenUsage for MessageStartUsage {
    fn token_usage(&self) -> Option<Usage> {
        let Self { input_tokens, output_tokens, cache_read_input_tokens, cache_creation_input_tokens } = *self;
        let (input, output) = (Some(input_tokens), Some(output_tokens));
        usage(input, output, cache_read_input_tokens, cache_creation_input_tokens)
    }
}

impl TokenUsage for MessagesCreateResponse {
    fn token_usage(&self) -> Option<Usage> {
        self.usage.token_usage()
    }

    fn served_model(&self) -> Option<&str> {
        named(&self.model)
    }

    fn finish_reason(&self) -> Option<&str> {
        self.stop_reason.as_deref()
    }
}

/// `content_filtered` for a refusal, `context_overflow` where the window was full.
impl Classify for MessagesCreateResponse {
    fn classify(&self) -> Status {
        WireFormat::Anthropic.status_of_words(self.stop_reason.as_deref(), None)
    }
}

impl TokenUsage for Event {
    fn token_usage(&self) -> Option<Usage> {
        match self {
            Self::MessageStart { message } => message.usage.token_usage(),
            Self::MessageDelta { usage, .. } => Some(Usage::default().output(usage.as_ref()?.output_tokens)),
            _ => None,
        }
    }

    fn served_model(&self) -> Option<&str> {
        let Self::MessageStart { message } = self else { return None };
        named(&message.model)
    }

    fn finish_reason(&self) -> Option<&str> {
        match self {
            Self::MessageStart { message } => message.stop_reason.as_deref(),
            Self::MessageDelta { delta, .. } => delta.stop_reason.as_deref(),
            _ => None,
        }
    }
}

impl Classify for Event {
    fn classify(&self) -> Status {
        match self {
            Self::Error { error } => error.classify(),
            event => WireFormat::Anthropic.status_of_words(event.finish_reason(), None),
        }
    }
}

impl Classify for EventError {
    fn classify(&self) -> Status {
        WireFormat::Anthropic.status_of_words([self.kind.as_str()], Some(&self.message))
    }
}

impl Classify for ApiErrorObject {
    fn classify(&self) -> Status {
        let told = WireFormat::Anthropic.status_of_words(self.r#type.as_deref(), Some(&self.message));
        self.status_code.map_or(told, |code| prefer_cause(Status::of_http(code), told))
    }
}

impl Classify for AnthropicError {
    fn classify(&self) -> Status {
        match self {
            Self::Reqwest(error) => error.classify(),
            Self::Api(error) => error.classify(),
            Self::Config(_) | Self::Serde(_) => Status::Error,
        }
    }
}
