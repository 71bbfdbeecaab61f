//! Usage and status of rig's completions.

use rig_core::completion::{CompletionResponse, FinishReason, Usage as CompletionUsage};

use crate::classify::Classify;
use crate::integrations::parts::{counted, known, named};
use crate::status::Status;
use crate::usage::{TokenUsage, Usage};

impl TokenUsage for CompletionUsage {
    fn token_usage(&self) -> Option<Usage> {
        let usage = Usage {
            input: self.input_tokens,
            output: self.output_tokens,
            cache_read: self.cached_input_tokens,
            cache_write: self.cache_creation_input_tokens,
            reasoning: self.reasoning_tokens,
            ..Usage::default()
        };
        known(counted(usage, Usage::total, self.total_tokens))
    }
}

impl TokenUsage for CompletionResponse {
    fn token_usage(&self) -> Option<Usage> {
        self.usage.token_usage()
    }

    fn served_model(&self) -> Option<&str> {
        named(self.model()?)
    }

    /// Returns the finish reason in rig's words; `other` for a reason that rig doesn't distinguish.
    fn finish_reason(&self) -> Option<&str> {
        Some(match self.finish_reason()? {
            FinishReason::Stop => "stop",
            FinishReason::Length => "length",
            FinishReason::ToolCalls => "tool_calls",
            FinishReason::ContentFilter => "content_filter",
            _ => "other",
        })
    }
}

/// `content_filtered` if the provider filtered the content, `error` if it reports that the turn failed, `cancelled` if the
/// caller stopped reading.
impl Classify for CompletionResponse {
    fn classify(&self) -> Status {
        match self.finish_reason() {
            Some(FinishReason::ContentFilter) => Status::ContentFiltered,
            _ if self.error.is_some() => Status::Error,
            _ if self.aborted.is_some() => Status::Cancelled,
            _ => Status::Success,
        }
    }
}
