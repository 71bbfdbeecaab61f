//! The errors of its client.

use async_openai::error::{ApiErrorResponse, OpenAIError, StreamError};

use crate::classify::{Classify, error_status};
use crate::status::Status;
use crate::usage::wire::{WireFormat, prefer_cause};

crate::integrations::parts::found_in_chains!(ApiErrorResponse, OpenAIError);

/// The error decides where it names a cause of its own, else the HTTP status code.
impl Classify for ApiErrorResponse {
    fn classify(&self) -> Status {
        prefer_cause(Status::of_http(self.status_code.as_u16()), self.api_error.classify())
    }
}

impl Classify for OpenAIError {
    fn classify(&self) -> Status {
        match self {
            Self::Reqwest(error) => error.classify(),
            Self::ApiError(error) => error.classify(),
            // It keeps no more of it than a text, mostly that the connection broke.
            Self::StreamError(error) => match &**error {
                StreamError::EventStream(_) => Status::Unavailable,
                StreamError::UnknownEvent(event) => {
                    told(WireFormat::OpenAiChat.facts_of_slice(event.data.as_bytes()).status)
                }
            },
            // An error in the middle of a stream is no chunk, so it ends up here.
            Self::JSONDeserialize(_, content) => {
                told(WireFormat::OpenAiChat.facts_of_slice(content.as_bytes()).status)
            }
            Self::Boxed(error) => error_status(&**error),
            Self::InvalidArgument(_) | Self::FileSaveError(_) | Self::FileReadError(_) => Status::Error,
        }
    }
}

/// What a text tells that should have been something else.
fn told(status: Status) -> Status {
    if status == Status::Success { Status::Error } else { status }
}
