//! aws-sdk-bedrockruntime 1: `Converse` and `ConverseStream`. Needs the feature
//! `aws-sdk-bedrockruntime-1`.
//!
//! Bedrock's `inputTokens` exclude cached tokens; the recorded input includes them, as for every provider. A response names
//! its model only if a prompt router chose it.
//!
//! ```
//! use aws_sdk_bedrockruntime::Client;
//! use aws_sdk_bedrockruntime::error::SdkError;
//! use aws_sdk_bedrockruntime::operation::converse::{ConverseError, ConverseOutput};
//! use aws_sdk_bedrockruntime::types::Message;
//!
//! #[agent_metrics::track_llm(model = model, provider = "aws.bedrock")]
//! async fn ask(client: &Client, model: &str, prompt: Message) -> Result<ConverseOutput, SdkError<ConverseError>> {
//!     client.converse().model_id(model).messages(prompt).send().await
//! }
//! ```

use aws_sdk_bedrockruntime::error::{ConnectorError, ProvideErrorMetadata, SdkError};
use aws_sdk_bedrockruntime::operation::converse::{ConverseError, ConverseOutput};
use aws_sdk_bedrockruntime::operation::converse_stream::ConverseStreamError;
use aws_sdk_bedrockruntime::operation::invoke_model::InvokeModelError;
use aws_sdk_bedrockruntime::operation::invoke_model_with_response_stream::InvokeModelWithResponseStreamError;
use aws_sdk_bedrockruntime::types::error::ConverseStreamOutputError;
use aws_sdk_bedrockruntime::types::{
    CacheTtl, ConverseStreamMetadataEvent, ConverseStreamOutput, StopReason, TokenUsage as ConverseUsage,
};

use super::parts::{counted, found_in_chains, named};
use crate::classify::Classify;
use crate::status::Status;
use crate::usage::wire::WireFormat;
use crate::usage::{TokenUsage, Usage};

impl TokenUsage for ConverseUsage {
    fn token_usage(&self) -> Option<Usage> {
        let mut usage = counted(Usage::default(), Usage::input, Some(self.input_tokens));
        usage = counted(usage, Usage::output, Some(self.output_tokens));
        usage = counted(usage, Usage::cache_read, self.cache_read_input_tokens);
        usage = counted(usage, Usage::cache_write, self.cache_write_input_tokens);
        if let Some(details) = &self.cache_details {
            let long = details.iter().filter(|detail| detail.ttl == CacheTtl::OneHour);
            let tokens: i64 = long.map(|detail| i64::from(detail.input_tokens)).sum();
            usage = counted(usage, Usage::cache_write_long, Some(tokens));
        }
        let cached = usage.cache_read.unwrap_or(0) + usage.cache_write.unwrap_or(0);
        usage.input = usage.input.map(|uncached| uncached + cached);
        Some(usage)
    }
}

impl TokenUsage for ConverseOutput {
    fn token_usage(&self) -> Option<Usage> {
        self.usage.token_usage()
    }

    fn served_model(&self) -> Option<&str> {
        named(self.trace.as_ref()?.prompt_router.as_ref()?.invoked_model_id.as_deref()?)
    }

    fn finish_reason(&self) -> Option<&str> {
        named(self.stop_reason.as_str())
    }
}

impl Classify for ConverseOutput {
    fn classify(&self) -> Status {
        self.stop_reason.classify()
    }
}

/// `content_filtered` if a guardrail or the provider intervened, `context_overflow` if the context window was full.
impl Classify for StopReason {
    fn classify(&self) -> Status {
        WireFormat::BedrockConverse.status_of_words([self.as_str()], None)
    }
}

impl TokenUsage for ConverseStreamMetadataEvent {
    fn token_usage(&self) -> Option<Usage> {
        self.usage.token_usage()
    }

    fn served_model(&self) -> Option<&str> {
        named(self.trace.as_ref()?.prompt_router.as_ref()?.invoked_model_id.as_deref()?)
    }
}

impl TokenUsage for ConverseStreamOutput {
    fn token_usage(&self) -> Option<Usage> {
        let Self::Metadata(metadata) = self else { return None };
        metadata.token_usage()
    }

    fn served_model(&self) -> Option<&str> {
        let Self::Metadata(metadata) = self else { return None };
        metadata.served_model()
    }

    fn finish_reason(&self) -> Option<&str> {
        let Self::MessageStop(stop) = self else { return None };
        named(stop.stop_reason.as_str())
    }
}

impl Classify for ConverseStreamOutput {
    fn classify(&self) -> Status {
        let Self::MessageStop(stop) = self else { return Status::Success };
        stop.stop_reason.classify()
    }
}

/// Returns the status of a service error by its code and its message.
fn service_error_status(error: &impl ProvideErrorMetadata) -> Status {
    match WireFormat::BedrockConverse.status_of_words(error.code(), error.message()) {
        Status::Success => Status::Error,
        known => known,
    }
}

/// The errors of every operation, of this client and of other AWS clients.
impl<E: ProvideErrorMetadata, R> Classify for SdkError<E, R> {
    fn classify(&self) -> Status {
        match self {
            Self::TimeoutError(_) => Status::Timeout,
            Self::DispatchFailure(failure) => match failure.as_connector_error() {
                Some(error) => error.classify(),
                None => Status::Unavailable,
            },
            // The response could not be read completely.
            Self::ResponseError(_) => Status::Unavailable,
            Self::ServiceError(error) => service_error_status(error.err()),
            _ => Status::Error,
        }
    }
}

impl Classify for ConnectorError {
    fn classify(&self) -> Status {
        match self {
            error if error.is_timeout() => Status::Timeout,
            error if error.is_user() => Status::Error,
            _ => Status::Unavailable,
        }
    }
}

found_in_chains!(ConnectorError);

macro_rules! service_errors {
    ($($error:ty),* $(,)?) => {$(
        impl Classify for $error {
            fn classify(&self) -> Status {
                service_error_status(self)
            }
        }

        found_in_chains!($error, SdkError<$error>);
    )*};
}

service_errors! {
    aws_sdk_bedrockruntime::Error,
    ConverseError,
    ConverseStreamError,
    ConverseStreamOutputError,
    InvokeModelError,
    InvokeModelWithResponseStreamError,
}
