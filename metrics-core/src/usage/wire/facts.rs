//! Facts that a response reports about itself.

use serde_json::Value;

use super::cost::cost_usd;
use super::path::{find, is_there, text};
use super::shape::Shape;
use crate::classify::Classify;
use crate::status::Status;
use crate::usage::{ServiceTier, TokenUsage, Usage};

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
    /// What the provider charged for the call in USD, if it reports it: OpenRouter's and Perplexity's `usage.cost`, xAI's
    /// `cost_in_usd_ticks`, and the amounts of gateways. It may be set for a provider that reports it elsewhere, such as in
    /// a header.
    pub cost_usd: Option<f64>,
    /// The service tier in which the provider processed the call, if it reports it. A line of a batch's output is always
    /// [`BATCH`](ServiceTier::BATCH).
    pub service_tier: Option<ServiceTier>,
}

impl Default for Facts {
    fn default() -> Self {
        Self {
            usage: None,
            served_model: None,
            finish_reason: None,
            status: Status::Success,
            cost_usd: None,
            service_tier: None,
        }
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

    fn service_tier(&self) -> Option<ServiceTier> {
        self.service_tier
    }

    fn cost_usd(&self) -> Option<f64> {
        self.cost_usd
    }
}

impl Classify for Facts {
    fn classify(&self) -> Status {
        self.status
    }
}

impl Facts {
    /// Adds the facts of a body, except for its usage, which [`Readings`](super::reading::Readings) reads, and its service
    /// tier.
    pub(super) fn absorb(&mut self, shape: &Shape, body: &Value) {
        keep(&mut self.served_model, text(body, shape.model));
        let finished = |reason: &&str| !reason.is_empty() && !shape.unfinished.contains(reason);
        let reason = |path: &&str| find(body, path, |found| found.as_str().filter(finished));
        keep(&mut self.finish_reason, shape.finish.iter().find_map(reason));
        if let Some(usd) = cost_usd(shape, body).filter(|usd| *usd > 0.0 || self.cost_usd.is_none()) {
            self.cost_usd = Some(usd);
        }
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
    let codes = || shape.codes.iter();
    let by_word = codes().find_map(|path| find(body, path, |code| shape.status_of_word(code.as_str()?)));
    let marks = || shape.marks.iter().filter(|(path, _)| is_there(body, path)).map(|(_, status)| *status);
    let by_mark = || marks().find(|status| *status != Status::Error);
    let by_number = || codes().find_map(|path| find(body, path, status_of_number));
    let known = by_word.or_else(by_mark).or_else(by_number).or_else(|| marks().next());
    shape.with_message(known, text(body, shape.messages))
}

/// Returns the status by a code that is an HTTP status code, as a number or as a text.
fn status_of_number(code: &Value) -> Option<Status> {
    let number = code.as_u64().or_else(|| code.as_str()?.parse().ok())?;
    u16::try_from(number).ok().filter(|code| (400..600).contains(code)).map(Status::from_http)
}

/// Phrases, in lower case, of messages about a rate limit.
const LIMITED: &[&str] = &["rate limit", "too many requests"];

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
                let says = |phrases: &[&str]| phrases.iter().any(|phrase| message.contains(phrase));
                match status {
                    _ if says(self.too_long) => Status::ContextOverflow,
                    // Without a code, the message is all that tells.
                    Status::Error if says(LIMITED) => Status::RateLimited,
                    status => status,
                }
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
        let (mut by_word, mut by_number) = (None, None);
        for word in words {
            by_word = by_word.or_else(|| self.status_of_word(word));
            by_number = by_number.or_else(|| status_of_number(&Value::from(word)));
        }
        self.with_message(by_word.or(by_number), message.filter(|message| !message.is_empty()))
    }
}

/// Returns the bare type of an AWS error, which may be written as `namespace#Type:address`.
fn bare(code: &str) -> &str {
    let code = code.split(':').next().unwrap_or(code);
    code.rsplit('#').next().unwrap_or(code)
}
