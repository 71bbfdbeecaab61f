//! The common part of the simulated services: requests and answers, independent of their JSON.

use axum::http::StatusCode;
use serde_json::Value;

use super::{replies::Reply, tokens::Usage};

/// The parts of a request that the simulated model uses.
#[derive(Debug, Default)]
pub(super) struct Asked {
    pub(super) model: String,
    pub(super) streams: bool,
    /// The names of the available tools.
    pub(super) tools: Vec<String>,
    pub(super) turns: Vec<Turn>,
    /// The number of characters of the instruction and the tools.
    pub(super) fixed: u64,
    /// OpenAI's streams report a usage only on request.
    pub(super) wants_usage: bool,
    /// Anthropic's requests are cached only where they are marked.
    pub(super) is_marked: bool,
}

#[derive(Debug)]
pub(super) struct Turn {
    pub(super) said: Said,
    pub(super) characters: u64,
}

#[derive(Debug)]
pub(super) enum Said {
    /// The message of the user.
    Text(String),
    /// The results of tools: `{"result": ..}` or `{"error": ".."}` each.
    Results(Vec<Value>),
    /// The turn of the model.
    Model,
}

pub(super) struct Answer {
    pub(super) reply: Reply,
    pub(super) usage: Usage,
    /// The number for ids in responses.
    pub(super) id: u64,
}

/// The reason for an error response.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Refusal {
    /// Retry after this number of seconds.
    RateLimited(u64),
    Overloaded,
    Internal,
    NotFound(String),
    Invalid(String),
}

/// An event of a stream: its name, where the format has names, and its data.
pub(super) type Event = (Option<&'static str>, String);

/// The server side of a wire format.
pub(super) trait Service: Sync {
    /// # Errors
    /// Returns an error when the path or the model doesn't exist, or the request is invalid.
    fn read(&self, path: &str, body: &Value) -> Result<Asked, Refusal>;

    fn refuse(&self, refusal: &Refusal) -> (StatusCode, Value);

    fn whole(&self, asked: &Asked, answer: &Answer) -> Value;

    /// Returns the answer as a stream of pieces.
    fn events(&self, asked: &Asked, answer: &Answer) -> Vec<Event>;

    /// Returns the header with the number of remaining requests.
    fn limit_header(&self) -> Option<&'static str> {
        None
    }
}

/// Returns the items of a list, or none if the value is not a list.
pub(super) fn items(list: &Value) -> impl Iterator<Item = &Value> {
    list.as_array().into_iter().flatten()
}

/// Returns the texts of a list of parts or blocks.
pub(super) fn text_of(parts: &Value) -> String {
    items(parts).filter_map(|part| part["text"].as_str()).collect::<Vec<_>>().join(" ")
}

/// Splits a text into pieces of a few words.
pub(super) fn pieces(text: &str) -> Vec<String> {
    let words: Vec<_> = text.split_inclusive(' ').collect();
    words.chunks(3).map(<[_]>::concat).collect()
}
