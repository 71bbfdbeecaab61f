//! Errors of async-openai's client.

use async_openai::error::{ApiErrorResponse, OpenAIError, StreamError};

use crate::classify::{Classify, error_status};
use crate::status::Status;
use crate::usage::wire::{WireFormat, prefer_cause};

crate::integrations::parts::found_in_chains!(ApiErrorResponse, OpenAIError);

/// The status by the error if it names a specific cause, otherwise by the HTTP status code.
impl Classify for ApiErrorResponse {
    fn classify(&self) -> Status {
        prefer_cause(Status::from_http(self.status_code.as_u16()), self.api_error.classify())
    }
}

impl Classify for OpenAIError {
    fn classify(&self) -> Status {
        match self {
            Self::Reqwest(error) => error.classify(),
            Self::ApiError(error) => error.classify(),
            // The error is kept as text only. Nearly always, the connection broke.
            Self::StreamError(error) => match &**error {
                StreamError::EventStream(_) => Status::Unavailable,
                StreamError::UnknownEvent(event) => {
                    failure(WireFormat::OpenAiChat.facts_of_slice(event.data.as_bytes()).status)
                }
            },
            // An error event in a stream doesn't parse as a chunk, so it is reported as this variant.
            Self::JSONDeserialize(_, content) => {
                failure(WireFormat::OpenAiChat.facts_of_slice(content.as_bytes()).status)
            }
            Self::Boxed(error) => error_status(&**error),
            Self::InvalidArgument(_) | Self::FileSaveError(_) | Self::FileReadError(_) => Status::Error,
        }
    }
}

/// Returns the status of a text that could not be parsed as expected: `error` unless it has a more specific status.
fn failure(status: Status) -> Status {
    if status == Status::Success { Status::Error } else { status }
}
