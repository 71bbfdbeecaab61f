//! Facts and statuses of whole bodies.

use serde_json::Value;

use super::facts::Facts;
#[cfg(feature = "__llm")]
use super::format::FORMATS;
use super::format::WireFormat;
use super::stream::WireStream;
use crate::status::Status;

impl WireFormat {
    /// Returns the facts of a whole response or an error body.
    pub fn facts(self, body: &Value) -> Facts {
        let mut stream = WireStream::new(self);
        stream.event(body);
        stream.facts()
    }

    /// Returns the facts of a whole response or an error body, given as bytes. If they aren't JSON, there are no facts,
    /// and the status is `success`.
    pub fn facts_of_slice(self, body: &[u8]) -> Facts {
        serde_json::from_slice(body).map_or_else(|_| Facts::default(), |body| self.facts(&body))
    }

    /// Returns the status of an HTTP response by its status code and its body.
    ///
    /// The body decides if it names a specific cause, such as a context overflow reported with code 400, or a refusal
    /// with code 200; otherwise the code decides: 408 and 504 are `timeout`, 429 is `rate_limited`, any other 5xx is
    /// `unavailable` and any other 4xx is `rejected`, except for Cohere's 498 (unsafe content, so `content_filtered`)
    /// and 499 (`cancelled`). The body may be anything, including empty.
    pub fn status_of(self, http_status: u16, body: &[u8]) -> Status {
        let of_provider = self.shape().http.iter().find(|(code, _)| *code == http_status);
        let by_code = of_provider.map_or_else(|| Status::from_http(http_status), |(_, status)| *status);
        prefer_cause(by_code, self.facts_of_slice(body).status)
    }

    /// Returns the status by parts of a body that a client has parsed: the provider's words (error codes and types, or
    /// the finish reason), the most specific first, and an error's message.
    #[cfg(feature = "__llm")]
    #[allow(dead_code)] // Each integration uses some of these.
    pub(crate) fn status_of_words<'w>(
        self,
        words: impl IntoIterator<Item = &'w str>,
        message: Option<&str>,
    ) -> Status {
        self.shape().status_of_words(words, message)
    }

    /// Returns the status of an HTTP response from an unknown provider: the first format in which the body names a
    /// specific cause decides, otherwise the HTTP status code.
    #[cfg(feature = "__llm")]
    #[allow(dead_code)] // Each integration uses some of these.
    pub(crate) fn status_of_any(http_status: u16, body: &[u8]) -> Status {
        let by_code = Status::from_http(http_status);
        serde_json::from_slice(body).map_or(by_code, |body| Self::cause_of_any(by_code, &body))
    }

    /// Returns the status by a JSON body from an unknown provider; `otherwise` if no format finds a specific cause.
    #[cfg(feature = "__llm")]
    #[allow(dead_code)] // Each integration uses some of these.
    pub(crate) fn cause_of_any(otherwise: Status, body: &Value) -> Status {
        let causes = FORMATS.iter().map(|(format, ..)| prefer_cause(otherwise, format.facts(body).status));
        causes.into_iter().find(|cause| *cause != otherwise).unwrap_or(otherwise)
    }

    /// Returns the status that the words of an unknown provider stand for, if any format knows them.
    #[cfg(feature = "__llm")]
    #[allow(dead_code)] // Each integration uses some of these.
    pub(crate) fn cause_of_any_words(words: &[&str], message: Option<&str>) -> Option<Status> {
        let statuses = FORMATS.map(|(.., shape)| shape.status_of_words(words.iter().copied(), message));
        let is_specific =
            |status: &&Status| !matches!(status, Status::Success | Status::Error | Status::Rejected);
        let rejected = || statuses.iter().find(|status| **status == Status::Rejected);
        statuses.iter().find(is_specific).or_else(rejected).copied()
    }
}

/// Returns a body's status if it names a specific cause, otherwise the status by the HTTP status code.
pub(crate) fn prefer_cause(by_code: Status, by_body: Status) -> Status {
    match by_body {
        Status::Success | Status::Error | Status::Rejected if by_code != Status::Success => by_code,
        by_body => by_body,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_body_decides_only_if_it_names_a_specific_cause() {
        let too_long = br#"{"error": {"message": "..", "type": "invalid_request_error", "code": "context_length_exceeded"}}"#;
        let odd = br#"{"error": {"message": "..", "type": "invalid_request_error", "code": null}}"#;
        let format = WireFormat::OpenAiChat;
        assert_eq!(format.status_of(400, too_long), Status::ContextOverflow);
        assert_eq!(format.status_of(500, odd), Status::Unavailable);
        assert_eq!(format.status_of(200, odd), Status::Rejected);
        assert_eq!(format.status_of(429, b"<html>"), Status::RateLimited);
        assert_eq!(format.status_of(504, b""), Status::Timeout);
        assert_eq!(format.status_of(200, b"{}"), Status::Success);
        assert_eq!(format.status_of(498, b"{}"), Status::Rejected);
        assert_eq!(WireFormat::CohereV2.status_of(498, br#"{"message": ".."}"#), Status::ContentFiltered);
    }
}
