//! What the simulated services have in common: a request and its answer apart from their JSON.

use axum::http::StatusCode;
use serde_json::Value;

use super::{replies::Reply, tokens::Usage};

/// A request, as far as a model needs to know it.
#[derive(Debug, Default)]
pub(super) struct Asked {
    pub(super) model: String,
    pub(super) streams: bool,
    /// The names of the tools it may ask for.
    pub(super) tools: Vec<String>,
    pub(super) turns: Vec<Turn>,
    /// Characters of the instruction and of the tools.
    pub(super) fixed: u64,
    /// OpenAI's streams tell a usage only when asked to.
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
    /// The user's words.
    Text(String),
    /// What tools gave: `{"result": ..}` or `{"error": ".."}` each.
    Results(Vec<Value>),
    /// The model itself.
    Model,
}

pub(super) struct Answer {
    pub(super) reply: Reply,
    pub(super) usage: Usage,
    /// For the ids that services give.
    pub(super) id: u64,
}

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Refusal {
    /// Come back in so many seconds.
    RateLimited(u64),
    Overloaded,
    Internal,
    NotFound(String),
    Invalid(String),
}

/// An event of a stream: its name, where the format has names, and its data.
pub(super) type Event = (Option<&'static str>, String);

/// A wire format, from the service's side.
pub(super) trait Service: Sync {
    /// # Errors
    /// There is no such path or no such model, or the request is wrong.
    fn read(&self, path: &str, body: &Value) -> Result<Asked, Refusal>;

    fn refuse(&self, refusal: &Refusal) -> (StatusCode, Value);

    fn whole(&self, asked: &Asked, answer: &Answer) -> Value;

    /// The answer as a stream; a text comes in pieces.
    fn events(&self, asked: &Asked, answer: &Answer) -> Vec<Event>;

    /// The header that tells how many requests are left.
    fn limit_header(&self) -> Option<&'static str> {
        None
    }
}

/// The items of a list, none of what is no list.
pub(super) fn items(list: &Value) -> impl Iterator<Item = &Value> {
    list.as_array().into_iter().flatten()
}

/// The texts of a list of parts or blocks.
pub(super) fn text_of(parts: &Value) -> String {
    items(parts).filter_map(|part| part["text"].as_str()).collect::<Vec<_>>().join(" ")
}

/// A text a few words at a time.
pub(super) fn pieces(text: &str) -> Vec<String> {
    let words: Vec<_> = text.split_inclusive(' ').collect();
    words.chunks(3).map(<[_]>::concat).collect()
}
