//! Chat completions.

use async_openai::types::chat::{
    CompletionUsage, CreateChatCompletionResponse, CreateChatCompletionStreamResponse, FinishReason,
    ServiceTier as Tier,
};

use crate::classify::Classify;
use crate::integrations::parts::{counted, named};
use crate::status::Status;
use crate::usage::{ServiceTier, TokenUsage, Usage};

impl TokenUsage for CompletionUsage {
    fn token_usage(&self) -> Option<Usage> {
        let mut usage = Usage::new(self.prompt_tokens.into(), self.completion_tokens.into());
        if let Some(input) = &self.prompt_tokens_details {
            usage = counted(usage, Usage::cache_read, input.cached_tokens);
            usage = counted(usage, Usage::cache_write, input.cache_write_tokens);
            usage = counted(usage, Usage::audio_input, input.audio_tokens);
            usage = counted(usage, Usage::image_input, input.image_tokens);
        }
        if let Some(output) = &self.completion_tokens_details {
            usage = counted(usage, Usage::reasoning, output.reasoning_tokens);
            usage = counted(usage, Usage::audio_output, output.audio_tokens);
        }
        Some(usage.total(self.total_tokens.into()).reconciled())
    }
}

/// Returns a finish reason as OpenAI spells it.
fn spelling(reason: FinishReason) -> &'static str {
    match reason {
        FinishReason::Stop => "stop",
        FinishReason::Length => "length",
        FinishReason::ToolCalls => "tool_calls",
        FinishReason::ContentFilter => "content_filter",
        FinishReason::FunctionCall => "function_call",
    }
}

fn tier(tier: &Tier) -> ServiceTier {
    match tier {
        Tier::Flex => ServiceTier::FLEX,
        Tier::Priority => ServiceTier::PRIORITY,
        Tier::Fast => ServiceTier::FAST,
        Tier::Auto | Tier::Default | Tier::Scale => ServiceTier::STANDARD,
    }
}

macro_rules! completion {
    ($($response:ident: $message:ident;)*) => {$(
        impl TokenUsage for $response {
            fn token_usage(&self) -> Option<Usage> {
                self.usage.token_usage()
            }

            fn served_model(&self) -> Option<&str> {
                named(&self.model)
            }

            fn finish_reason(&self) -> Option<&str> {
                self.choices.iter().find_map(|choice| choice.finish_reason).map(spelling)
            }

            fn service_tier(&self) -> Option<ServiceTier> {
                self.service_tier.as_ref().map(tier)
            }
        }

        /// `content_filtered` if the model refused or its output was blocked.
        impl Classify for $response {
            fn classify(&self) -> Status {
                let withheld = self.choices.iter().any(|choice| {
                    let refusal = choice.$message.refusal.as_deref();
                    choice.finish_reason == Some(FinishReason::ContentFilter)
                        || refusal.is_some_and(|refusal| !refusal.is_empty())
                });
                if withheld { Status::ContentFiltered } else { Status::Success }
            }
        }
    )*};
}

completion! {
    CreateChatCompletionResponse: message;
    CreateChatCompletionStreamResponse: delta;
}
