//! What a response says of itself.

use serde_json::Value;

use super::path::{find, is_there, text};
use super::shape::Shape;
use crate::classify::Classify;
use crate::status::Status;
use crate::usage::{TokenUsage, Usage};

/// What a response, an error body or a stream says of itself.
#[derive(Clone, PartialEq, Debug)]
#[non_exhaustive]
pub struct Facts {
    /// Tokens, counted as [`Usage`] counts for every provider; `None` if there is no number at all.
    pub usage: Option<Usage>,
    /// The model that answered, as the provider names it. It may be another than was asked for.
    pub served_model: Option<String>,
    /// Why the model stopped, in the provider's word. `None` for error bodies, and for a stream that was
    /// cut off.
    pub finish_reason: Option<String>,
    /// `success` unless the JSON says otherwise: `content_filtered` for refusals and blocks,
    /// `context_overflow` for what was too long, `rate_limited`, `unavailable`, `rejected`, `timeout` and
    /// `cancelled` by the error's code or type, `error` for errors that tell none of these. Where a
    /// provider has no code for what is too long, its message tells; should the wording change, such an
    /// error is `rejected` or `error`.
    pub status: Status,
}

impl Default for Facts {
    fn default() -> Self {
        Self { usage: None, served_model: None, finish_reason: None, status: Status::Success }
    }
}

impl TokenUsage for Facts {
    fn token_usage(&self) -> Option<Usage> {
        self.usage
    }

    fn served_model(&self) -> Option<&str> {
        self.served_model.as_deref()
    }

    fn finish_reason(&self) -> Option<&str> {
        self.finish_reason.as_deref()
    }
}

impl Classify for Facts {
    fn classify(&self) -> Status {
        self.status
    }
}

impl Facts {
    /// Adds all that a body says but its usage.
    pub(super) fn absorb(&mut self, shape: &Shape, body: &Value) {
        keep(&mut self.served_model, text(body, shape.model));
        let finished = |reason: &&str| !reason.is_empty() && !shape.unfinished.contains(reason);
        let reason = |path: &&str| find(body, path, |found| found.as_str().filter(finished));
        keep(&mut self.finish_reason, shape.finish.iter().find_map(reason));
        // An error's second notice may tell its kind where the first didn't.
        if matches!(self.status, Status::Success | Status::Error) {
            self.status = match status(shape, body) {
                Status::Success => self.status,
                told => told,
            };
        }
    }
}

fn keep(fact: &mut Option<String>, new: Option<&str>) {
    if let Some(new) = new.filter(|new| fact.as_deref() != Some(*new)) {
        *fact = Some(new.to_owned());
    }
}

fn status(shape: &Shape, body: &Value) -> Status {
    let told =
        shape.codes.iter().find_map(|path| find(body, path, |code| shape.status_of_word(code.as_str()?)));
    let marked = || shape.marks.iter().find(|(path, _)| is_there(body, path)).map(|(_, status)| *status);
    shape.with_message(told.or_else(marked), text(body, shape.messages))
}

impl Shape {
    fn status_of_word(&self, code: &str) -> Option<Status> {
        let code = bare(code);
        self.words.iter().find(|(word, _)| *word == code).map(|(_, status)| *status)
    }

    /// What was told by a code, and what an error's message adds to it.
    fn with_message(&self, told: Option<Status>, message: Option<&str>) -> Status {
        let status = told.or(message.map(|_| Status::Error)).unwrap_or(Status::Success);
        match message {
            // Most providers have no code for this, and reject such a request as they would any other.
            Some(message) if matches!(status, Status::Error | Status::Rejected) => {
                let message = message.to_lowercase();
                let too_long = self.too_long.iter().any(|part| message.contains(part));
                if too_long { Status::ContextOverflow } else { status }
            }
            _ => status,
        }
    }

    /// The status by a provider's words, the most telling first, and by an error's message.
    #[cfg(feature = "__llm")]
    #[allow(dead_code)] // Each of these crates uses some.
    pub(super) fn status_of_words<'w>(
        &self,
        words: impl IntoIterator<Item = &'w str>,
        message: Option<&str>,
    ) -> Status {
        let told = words.into_iter().find_map(|word| self.status_of_word(word));
        self.with_message(told, message.filter(|message| !message.is_empty()))
    }
}

/// AWS may write `namespace#Type:address` for a type.
fn bare(code: &str) -> &str {
    let code = code.split(':').next().unwrap_or(code);
    code.rsplit('#').next().unwrap_or(code)
}
