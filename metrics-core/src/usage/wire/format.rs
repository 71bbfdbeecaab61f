//! The wire formats and their names.

use std::fmt;
use std::str::FromStr;

use super::shape::Shape;
use super::{anthropic, bedrock_converse, cohere_v2, gemini, mistral, ollama, openai_chat, openai_responses};

/// The JSON format of a provider's API: its responses, its error bodies and the events of its streams.
///
/// `Display` and `FromStr` use the names given below, such as `openai_chat`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub enum WireFormat {
    /// `openai_chat`: "Chat Completions" in OpenAI's API reference, and the many servers that implement it.
    OpenAiChat,
    /// `openai_responses`: "Responses" in OpenAI's API reference.
    OpenAiResponses,
    /// `anthropic`: "Messages" in Anthropic's API reference.
    Anthropic,
    /// `gemini`: `GenerateContentResponse` in the API references of Gemini and Vertex AI.
    Gemini,
    /// `bedrock_converse`: `Converse` and `ConverseStream` in the Amazon Bedrock API reference.
    BedrockConverse,
    /// `ollama`: "Generate a chat message" in Ollama's API documentation.
    Ollama,
    /// `mistral`: "Chat Completion" in Mistral's API documentation.
    Mistral,
    /// `cohere_v2`: "Chat" (v2) in Cohere's API reference. Billed tokens are counted, rounded to whole numbers.
    CohereV2,
}

/// Each format with its name and shape, in the order of the enum's variants, which [`WireFormat::shape`] relies on.
pub(super) const FORMATS: [(WireFormat, &str, &Shape); 8] = [
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
    /// Returns the description of the format.
    pub(super) fn shape(self) -> &'static Shape {
        FORMATS[self as usize].2
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

/// The error of parsing a name that no [`WireFormat`] has. Its message lists the known names.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct UnknownFormat {
    /// The unknown name.
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
    fn every_format_parses_from_the_name_it_displays() {
        for (at, (format, name, _)) in FORMATS.into_iter().enumerate() {
            assert_eq!((format as usize, format.to_string().as_str(), name.parse()), (at, name, Ok(format)));
        }
        let unknown = "openai".parse::<WireFormat>().expect_err("OpenAI has two APIs").to_string();
        assert!(unknown.contains("`openai`") && unknown.ends_with("`mistral`, `cohere_v2`"), "{unknown}");
    }
}
