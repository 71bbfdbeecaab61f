//! The formats, by name.

use std::fmt;
use std::str::FromStr;

use serde_json::Value;

use super::facts::Facts;
use super::shape::Shape;
use super::stream::WireStream;
use super::{anthropic, bedrock_converse, cohere_v2, gemini, mistral, ollama, openai_chat, openai_responses};
use crate::status::Status;

/// A provider's JSON: its responses, its error bodies and the events of its streams.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub enum WireFormat {
    /// `openai_chat`: "Chat Completions" in OpenAI's API reference, and the many servers that speak it.
    OpenAiChat,
    /// `openai_responses`: "Responses" in OpenAI's API reference.
    OpenAiResponses,
    /// `anthropic`: "Messages" in Anthropic's API reference.
    Anthropic,
    /// `gemini`: `GenerateContentResponse` in the Gemini API reference and Vertex AI's.
    Gemini,
    /// `bedrock_converse`: `Converse` and `ConverseStream` in the Amazon Bedrock API reference.
    BedrockConverse,
    /// `ollama`: "Generate a chat message" in Ollama's API documentation.
    Ollama,
    /// `mistral`: "Chat Completion" in Mistral's API documentation.
    Mistral,
    /// `cohere_v2`: "Chat" (v2) in Cohere's API reference. Billed tokens are counted, rounded.
    CohereV2,
}

/// In the order of their declaration.
const FORMATS: [(WireFormat, &str, &Shape); 8] = [
    (WireFormat::OpenAiChat, "openai_chat", &openai_chat::SHAPE),
    (WireFormat::OpenAiResponses, "openai_responses", &openai_responses::SHAPE),
    (WireFormat::Anthropic, "anthropic", &anthropic::SHAPE),
    (WireFormat::Gemini, "gemini", &gemini::SHAPE),
    (WireFormat::BedrockConverse, "bedrock_converse", &bedrock_converse::SHAPE),
    (WireFormat::Ollama, "ollama", &ollama::SHAPE),
    (WireFormat::Mistral, "mistral", &mistral::SHAPE),
    (WireFormat::CohereV2, "cohere_v2", &cohere_v2::SHAPE),
];

impl WireFormat {
    /// What a whole response or an error body says.
    pub fn facts(self, body: &Value) -> Facts {
        let mut stream = WireStream::new(self);
        stream.event(body);
        stream.facts()
    }

    /// What the bytes of a whole response or of an error body say. If they are no JSON, that is
    /// nothing: no facts, and `success`.
    pub fn facts_of_slice(self, body: &[u8]) -> Facts {
        serde_json::from_slice(body).map_or_else(|_| Facts::default(), |body| self.facts(&body))
    }

    /// The status of an HTTP response by its status code and its body.
    ///
    /// The body decides where it names a cause of its own, such as an overflow of the context behind a
    /// code 400, or a refusal behind a 200; else the code does: 408 and 504 are `timeout`, 429
    /// `rate_limited`, other 5xx `unavailable`, other 4xx `rejected`, but for Cohere's 498 (unsafe, so
    /// `content_filtered`) and 499 (`cancelled`). Any body will do, also none.
    pub fn status_of(self, http_status: u16, body: &[u8]) -> Status {
        let own = self.shape().http.iter().find(|(code, _)| *code == http_status);
        let by_code = own.map_or_else(|| Status::of_http(http_status), |(_, status)| *status);
        prefer_cause(by_code, self.facts_of_slice(body).status)
    }

    /// The status by what a client has read of a body already: a provider's words (error codes and types, or why
    /// the model stopped), the most telling first, and an error's message.
    #[cfg(feature = "__llm")]
    #[allow(dead_code)] // Each of these crates uses some.
    pub(crate) fn status_of_words<'w>(
        self,
        words: impl IntoIterator<Item = &'w str>,
        message: Option<&str>,
    ) -> Status {
        self.shape().status_of_words(words, message)
    }

    /// The status of an HTTP response from a provider that isn't known: the first format in which its body names a
    /// cause decides.
    #[cfg(feature = "__llm")]
    #[allow(dead_code)] // Each of these crates uses some.
    pub(crate) fn status_of_any(http_status: u16, body: &[u8]) -> Status {
        let by_code = Status::of_http(http_status);
        serde_json::from_slice(body).map_or(by_code, |body| Self::cause_of_any(by_code, &body))
    }

    /// The same of JSON, where the rest tells so much.
    #[cfg(feature = "__llm")]
    #[allow(dead_code)] // Each of these crates uses some.
    pub(crate) fn cause_of_any(otherwise: Status, body: &Value) -> Status {
        let causes = FORMATS.iter().map(|(format, ..)| prefer_cause(otherwise, format.facts(body).status));
        causes.into_iter().find(|cause| *cause != otherwise).unwrap_or(otherwise)
    }

    /// What the words of a provider that isn't known stand for, if any format knows them.
    #[cfg(feature = "__llm")]
    #[allow(dead_code)] // Each of these crates uses some.
    pub(crate) fn cause_of_any_words(words: &[&str], message: Option<&str>) -> Option<Status> {
        let told = FORMATS.map(|(.., shape)| shape.status_of_words(words.iter().copied(), message));
        let says = |status: &&Status| !matches!(status, Status::Success | Status::Error | Status::Rejected);
        let rejected = || told.iter().find(|status| **status == Status::Rejected);
        told.iter().find(says).or_else(rejected).copied()
    }

    pub(super) fn shape(self) -> &'static Shape {
        FORMATS[self as usize].2
    }
}

/// A body's status where it names a cause of its own, else that of the HTTP status code.
pub(crate) fn prefer_cause(by_code: Status, by_body: Status) -> Status {
    match by_body {
        Status::Success | Status::Error | Status::Rejected if by_code != Status::Success => by_code,
        by_body => by_body,
    }
}

impl fmt::Display for WireFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(FORMATS[*self as usize].1)
    }
}

impl FromStr for WireFormat {
    type Err = UnknownFormat;

    fn from_str(name: &str) -> Result<Self, UnknownFormat> {
        let named = FORMATS.iter().find(|(_, known, _)| *known == name);
        named.map(|(format, ..)| *format).ok_or_else(|| UnknownFormat { name: name.to_owned() })
    }
}

/// A name that no [`WireFormat`] has. Its message lists those that there are.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct UnknownFormat {
    /// The name as given.
    pub name: String,
}

impl fmt::Display for UnknownFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let known = FORMATS.map(|(_, name, _)| name).join("`, `");
        write!(f, "unknown wire format `{}`; expected one of `{known}`", self.name)
    }
}

impl std::error::Error for UnknownFormat {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_format_is_found_by_its_name() {
        for (at, (format, name, _)) in FORMATS.into_iter().enumerate() {
            assert_eq!((format as usize, format.to_string().as_str(), name.parse()), (at, name, Ok(format)));
        }
        let unknown = "openai".parse::<WireFormat>().expect_err("which API is not said").to_string();
        assert!(unknown.contains("`openai`") && unknown.ends_with("`mistral`, `cohere_v2`"), "{unknown}");
    }

    #[test]
    fn the_body_decides_only_where_it_names_a_cause() {
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
