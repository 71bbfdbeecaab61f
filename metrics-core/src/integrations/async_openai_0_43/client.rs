//! Errors of async-openai's client.

use async_openai::error::{ApiErrorResponse, OpenAIError, StreamError};

use std::time::Duration;

use crate::classify::{Classify, error_status};
use crate::recorder::Call;
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
            // An error event in a stream doesn't parse as a chunk, nor does an error body with a numeric code, or one without
            // JSON, parse as an error, so they are reported as this variant. It lacks the HTTP status code, which the
            // layer below has seen.
            Self::JSONDeserialize(_, content) => {
                let by_content = failure(status_of_text(content));
                failed_head().map_or(by_content, |(by_head, _)| prefer_cause(by_head, by_content))
            }
            Self::Boxed(error) => error_status(&**error),
            Self::InvalidArgument(_) | Self::FileSaveError(_) | Self::FileReadError(_) => Status::Error,
        }
    }

    /// Returns the wait that the response requests. The error lacks the headers, so it is known only with
    /// [`AttemptLayer`](crate::integrations::tower::AttemptLayer), and inside of the call.
    fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::ApiError(_) | Self::JSONDeserialize(..) => failed_head()?.1,
            Self::Reqwest(error) => error.retry_after(),
            _ => None,
        }
    }
}

/// Returns the status of the last response's head and the wait that it requests, if the response was an error and
/// `AttemptLayer` saw it.
fn failed_head() -> Option<(Status, Option<Duration>)> {
    Call::head().filter(|(status, _)| *status != Status::Success)
}

/// Returns the status of the body of an error, which may be a text without any JSON.
fn status_of_text(content: &str) -> Status {
    let facts = WireFormat::OpenAiChat.facts_of_slice(content.as_bytes());
    match facts.status {
        Status::Success => WireFormat::OpenAiChat.status_of_words([], Some(content)),
        known => known,
    }
}

/// Returns the status of a text that could not be parsed as expected: `error` unless it has a more specific status.
fn failure(status: Status) -> Status {
    if status == Status::Success { Status::Error } else { status }
}
