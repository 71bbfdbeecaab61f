//! genai 0.7: chat responses and the ends of streams, for every provider that genai supports. Needs the feature
//! `genai-0_7`.
//!
//! genai normalises token counts as this crate does: the input includes cached tokens, the output includes reasoning. It
//! omits a detail that is 0. Streams report their usage if `ChatOptions::with_capture_usage(true)` is set.

use std::time::Duration;

use genai::chat::{ChatResponse, ChatStreamEvent, StopReason, StreamEnd, Usage as ChatUsage};
use genai::webc;

use super::parts::{counted, found_in_chains, known, named};
use crate::classify::{Classify, error_status, retry_after};
use crate::status::Status;
use crate::usage::wire::WireFormat;
use crate::usage::{TokenUsage, Usage};

found_in_chains!(genai::Error, webc::Error);

impl TokenUsage for ChatUsage {
    fn token_usage(&self) -> Option<Usage> {
        let mut usage = counted(Usage::default(), Usage::input, self.prompt_tokens);
        usage = counted(usage, Usage::output, self.completion_tokens);
        if let Some(input) = &self.prompt_tokens_details {
            usage = counted(usage, Usage::cache_read, input.cached_tokens);
            usage = counted(usage, Usage::cache_write, input.cache_creation_tokens);
            usage = counted(usage, Usage::audio_input, input.audio_tokens);
            if let Some(lifetimes) = &input.cache_creation_details {
                usage = counted(usage, Usage::cache_write_long, lifetimes.ephemeral_1h_tokens);
            }
        }
        if let Some(output) = &self.completion_tokens_details {
            usage = counted(usage, Usage::reasoning, output.reasoning_tokens);
            usage = counted(usage, Usage::audio_output, output.audio_tokens);
        }
        known(counted(usage, Usage::total, self.total_tokens).completed_by_total().reconciled())
    }
}

impl TokenUsage for ChatResponse {
    fn token_usage(&self) -> Option<Usage> {
        self.usage.token_usage()
    }

    fn served_model(&self) -> Option<&str> {
        named(&self.provider_model_iden.model_name)
    }

    fn finish_reason(&self) -> Option<&str> {
        self.stop_reason.as_ref().map(StopReason::raw)
    }
}

impl Classify for ChatResponse {
    fn classify(&self) -> Status {
        stop_status(self.stop_reason.as_ref())
    }
}

impl TokenUsage for StreamEnd {
    fn token_usage(&self) -> Option<Usage> {
        self.captured_usage.token_usage()
    }

    fn finish_reason(&self) -> Option<&str> {
        self.captured_stop_reason.as_ref().map(StopReason::raw)
    }
}

impl TokenUsage for ChatStreamEvent {
    fn token_usage(&self) -> Option<Usage> {
        let Self::End(end) = self else { return None };
        end.token_usage()
    }

    fn finish_reason(&self) -> Option<&str> {
        let Self::End(end) = self else { return None };
        end.finish_reason()
    }
}

impl Classify for ChatStreamEvent {
    fn classify(&self) -> Status {
        let Self::End(end) = self else { return Status::Success };
        stop_status(end.captured_stop_reason.as_ref())
    }
}

/// Returns the status that a stop reason means.
fn stop_status(reason: Option<&StopReason>) -> Status {
    match reason {
        Some(StopReason::ContentFilter(_)) => Status::ContentFiltered,
        Some(StopReason::MaxTokens(raw)) if raw == "model_context_window_exceeded" => Status::ContextOverflow,
        _ => Status::Success,
    }
}

impl Classify for webc::Error {
    fn classify(&self) -> Status {
        match self {
            Self::ResponseFailedStatus { status, body, .. } => {
                WireFormat::status_of_any(status.as_u16(), body.as_bytes())
            }
            Self::Reqwest(error) => error.classify(),
            _ => Status::Error,
        }
    }

    fn retry_after(&self) -> Option<Duration> {
        let headers = self.headers()?;
        retry_after(|name| headers.get(name)?.to_str().ok())
    }
}

impl Classify for genai::Error {
    fn classify(&self) -> Status {
        match self {
            Self::WebModelCall { webc_error, .. } | Self::WebAdapterCall { webc_error, .. } => {
                webc_error.classify()
            }
            Self::HttpError { status, body, .. } => {
                WireFormat::status_of_any(status.as_u16(), body.as_bytes())
            }
            Self::WebStream { error, .. } => match error_status(&**error) {
                Status::Error => Status::Unavailable,
                known => known,
            },
            // An error event in a stream.
            Self::ChatResponse { body, .. } => WireFormat::cause_of_any(Status::Error, body),
            _ => Status::Error,
        }
    }

    fn retry_after(&self) -> Option<Duration> {
        let headers = self.headers()?;
        retry_after(|name| headers.get(name)?.to_str().ok())
    }
}
