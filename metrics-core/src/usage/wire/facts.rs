//! Facts that a response reports about itself.

use serde_json::Value;

use super::path::{find, is_there, text};
use super::shape::Shape;
use crate::classify::Classify;
use crate::status::Status;
use crate::usage::{TokenUsage, Usage};

/// Facts that a response, an error body or a stream reports about one LLM call.
#[derive(Clone, PartialEq, Debug)]
#[non_exhaustive]
pub struct Facts {
    /// Token usage, counted as [`Usage`] counts for every provider; `None` if no count was found.
    pub usage: Option<Usage>,
    /// The served model: the model that answered, as the provider names it. It may differ from the requested model.
    pub served_model: Option<String>,
    /// The finish reason in the provider's words. `None` for an error body and for a stream that was cut off.
    pub finish_reason: Option<String>,
    /// The status: `success` unless the JSON reports a failure. `content_filtered` for refusals and blocks,
    /// `context_overflow` for an input that was too long, `rate_limited`, `unavailable`, `rejected`, `timeout` and
    /// `cancelled` by the error's code or type, and `error` for every other error. If a provider has no code for an
    /// input that is too long, phrases of its message are recognised; should the wording change, such an error is
    /// `rejected` or `error`.
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
    /// Adds the facts of a body, except for its usage, which [`Readings`](super::reading::Readings) reads.
    pub(super) fn absorb(&mut self, shape: &Shape, body: &Value) {
        keep(&mut self.served_model, text(body, shape.model));
        let finished = |reason: &&str| !reason.is_empty() && !shape.unfinished.contains(reason);
        let reason = |path: &&str| find(body, path, |found| found.as_str().filter(finished));
        keep(&mut self.finish_reason, shape.finish.iter().find_map(reason));
        // A second report of an error may name its kind if the first did not.
        if matches!(self.status, Status::Success | Status::Error) {
            self.status = match status(shape, body) {
                Status::Success => self.status,
                known => known,
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
    let by_code =
        shape.codes.iter().find_map(|path| find(body, path, |code| shape.status_of_word(code.as_str()?)));
    let marked = || shape.marks.iter().find(|(path, _)| is_there(body, path)).map(|(_, status)| *status);
    shape.with_message(by_code.or_else(marked), text(body, shape.messages))
}

impl Shape {
    fn status_of_word(&self, code: &str) -> Option<Status> {
        let code = bare(code);
        self.words.iter().find(|(word, _)| *word == code).map(|(_, status)| *status)
    }

    /// Returns the status by a code or a mark, refined by an error's message.
    fn with_message(&self, known: Option<Status>, message: Option<&str>) -> Status {
        let status = known.or(message.map(|_| Status::Error)).unwrap_or(Status::Success);
        match message {
            // Most providers have no code for an input that is too long, and reject it like any invalid request.
            Some(message) if matches!(status, Status::Error | Status::Rejected) => {
                let message = message.to_lowercase();
                let too_long = self.too_long.iter().any(|part| message.contains(part));
                if too_long { Status::ContextOverflow } else { status }
            }
            _ => status,
        }
    }

    /// Returns the status by a provider's words, the most specific first, and by an error's message.
    #[cfg(feature = "__llm")]
    #[allow(dead_code)] // Each integration uses some of these.
    pub(super) fn status_of_words<'w>(
        &self,
        words: impl IntoIterator<Item = &'w str>,
        message: Option<&str>,
    ) -> Status {
        let by_word = words.into_iter().find_map(|word| self.status_of_word(word));
        self.with_message(by_word, message.filter(|message| !message.is_empty()))
    }
}

/// Returns the bare type of an AWS error, which may be written as `namespace#Type:address`.
fn bare(code: &str) -> &str {
    let code = code.split(':').next().unwrap_or(code);
    code.rsplit('#').next().unwrap_or(code)
}
