//! ollama-rs 0.3: chat and generation, whole and streamed. Needs the feature `ollama-rs-0_3`.
//!
//! The last part of a stream has the counts. The crate's errors don't keep the HTTP status code, so an error of the server
//! is `error`, unless its message says that the input was too long.

use ollama_rs::error::{OllamaError, ToolCallError};
use ollama_rs::generation::chat::{ChatMessageFinalResponseData, ChatMessageResponse};
use ollama_rs::generation::completion::GenerationResponse;

use super::parts::{found_in_chains, known, named, reqwest_status};
use crate::classify::{Classify, error_status};
use crate::status::Status;
use crate::usage::wire::WireFormat;
use crate::usage::{TokenUsage, Usage};

found_in_chains!(OllamaError);

impl TokenUsage for ChatMessageFinalResponseData {
    fn token_usage(&self) -> Option<Usage> {
        Some(Usage::new(self.prompt_eval_count, self.eval_count))
    }
}

impl TokenUsage for ChatMessageResponse {
    fn token_usage(&self) -> Option<Usage> {
        self.final_data.token_usage()
    }

    fn served_model(&self) -> Option<&str> {
        named(&self.model)
    }
}

impl TokenUsage for GenerationResponse {
    fn token_usage(&self) -> Option<Usage> {
        let usage = Usage { input: self.prompt_eval_count, output: self.eval_count, ..Usage::default() };
        known(usage)
    }

    fn served_model(&self) -> Option<&str> {
        named(&self.model)
    }
}

/// One item of a stream, which may have several parts.
impl TokenUsage for Vec<GenerationResponse> {
    fn token_usage(&self) -> Option<Usage> {
        self.iter().rev().find_map(TokenUsage::token_usage)
    }

    fn served_model(&self) -> Option<&str> {
        self.iter().find_map(TokenUsage::served_model)
    }
}

impl Classify for OllamaError {
    fn classify(&self) -> Status {
        match self {
            Self::ReqwestError(error) => reqwest_status!(error),
            Self::InternalError(error) => WireFormat::Ollama.status_of_words([], Some(&error.message)),
            Self::Other(text) => WireFormat::Ollama.status_of_words([], Some(text)),
            Self::ToolCallError(ToolCallError::InternalToolError(error)) => error_status(&**error),
            Self::ToolCallError(_) | Self::JsonError(_) => Status::Error,
        }
    }
}
