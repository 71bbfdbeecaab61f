//! Responses.

use async_openai::types::responses::{
    OutputItem, OutputMessageContent, Response, ResponseError, ResponseErrorCode as Code,
    ResponseStreamEvent, ResponseUsage, ServiceTierResponses as Tier, Status as Progress,
};

use crate::classify::Classify;
use crate::integrations::parts::{counted, named};
use crate::status::Status;
use crate::usage::wire::WireFormat;
use crate::usage::{ServiceTier, TokenUsage, Usage};

impl TokenUsage for ResponseUsage {
    fn token_usage(&self) -> Option<Usage> {
        let usage = Usage::new(self.input_tokens.into(), self.output_tokens.into())
            .cache_read(self.input_tokens_details.cached_tokens.into())
            .reasoning(self.output_tokens_details.reasoning_tokens.into());
        let usage = counted(usage, Usage::cache_write, self.input_tokens_details.cache_write_tokens);
        Some(usage.total(self.total_tokens.into()).reconciled())
    }
}

impl TokenUsage for Response {
    fn token_usage(&self) -> Option<Usage> {
        self.usage.token_usage()
    }

    fn served_model(&self) -> Option<&str> {
        named(&self.model)
    }

    /// Returns the reason why the response is incomplete, otherwise its status once it has ended.
    fn finish_reason(&self) -> Option<&str> {
        if let Some(details) = &self.incomplete_details {
            return named(&details.reason);
        }
        match self.status {
            Progress::Completed => Some("completed"),
            Progress::Failed => Some("failed"),
            Progress::Cancelled => Some("cancelled"),
            Progress::Incomplete => Some("incomplete"),
            Progress::InProgress | Progress::Queued => None,
        }
    }

    fn service_tier(&self) -> Option<ServiceTier> {
        Some(match self.service_tier.as_ref()? {
            Tier::Flex => ServiceTier::FLEX,
            Tier::Priority => ServiceTier::PRIORITY,
            Tier::Fast => ServiceTier::FAST,
            Tier::Auto | Tier::Default | Tier::Scale | Tier::Ultrafast => ServiceTier::STANDARD,
        })
    }
}

impl Classify for Response {
    fn classify(&self) -> Status {
        match (&self.status, &self.error) {
            (_, Some(error)) => error.classify(),
            (Progress::Failed, None) => Status::Error,
            (Progress::Cancelled, None) => Status::Cancelled,
            _ if self.output.iter().any(is_refusal) => Status::ContentFiltered,
            _ => {
                let reason = self.incomplete_details.as_ref().map(|details| details.reason.as_str());
                WireFormat::OpenAiResponses.status_of_words(reason, None)
            }
        }
    }
}

fn is_refusal(item: &OutputItem) -> bool {
    let OutputItem::Message(message) = item else { return false };
    message.content.iter().any(|content| matches!(content, OutputMessageContent::Refusal(_)))
}

impl Classify for ResponseError {
    fn classify(&self) -> Status {
        match &self.code {
            Code::ServerError => Status::Unavailable,
            Code::RateLimitExceeded => Status::RateLimited,
            Code::VectorStoreTimeout => Status::Timeout,
            Code::BioPolicy | Code::MisalignmentPolicyViolation | Code::ImageContentPolicyViolation => {
                Status::ContentFiltered
            }
            Code::Other(code) => {
                WireFormat::OpenAiResponses.status_of_words([code.as_str()], Some(&self.message))
            }
            // Every other code names a defect of the request.
            _ => Status::Rejected,
        }
    }
}

/// Returns the response that an event contains.
fn response_in(event: &ResponseStreamEvent) -> Option<&Response> {
    use ResponseStreamEvent as Event;
    match event {
        Event::ResponseCreated(event) => Some(&event.response),
        Event::ResponseInProgress(event) => Some(&event.response),
        Event::ResponseCompleted(event) => Some(&event.response),
        Event::ResponseFailed(event) => Some(&event.response),
        Event::ResponseIncomplete(event) => Some(&event.response),
        _ => None,
    }
}

impl TokenUsage for ResponseStreamEvent {
    fn token_usage(&self) -> Option<Usage> {
        response_in(self)?.token_usage()
    }

    fn served_model(&self) -> Option<&str> {
        response_in(self)?.served_model()
    }

    fn finish_reason(&self) -> Option<&str> {
        response_in(self)?.finish_reason()
    }

    fn service_tier(&self) -> Option<ServiceTier> {
        response_in(self)?.service_tier()
    }
}

impl Classify for ResponseStreamEvent {
    fn classify(&self) -> Status {
        match self {
            Self::ResponseRefusalDone(_) => Status::ContentFiltered,
            Self::ResponseError(error) => {
                WireFormat::OpenAiResponses.status_of_words(error.code.as_deref(), Some(&error.message))
            }
            event => response_in(event).map_or(Status::Success, Classify::classify),
        }
    }
}
