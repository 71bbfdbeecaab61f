//! Facts from the JSON that providers send: usage, served model, finish reason, status, rate limits.
//!
//! For who talks to a model over plain HTTP, or keeps a client's raw responses. A [`WireFormat`] reads
//! whole responses and error bodies, a [`WireStream`] the events of a stream, [`RateLimits`] the
//! headers. None of them fails: what isn't there, is `null` or isn't of its type is absent, which is
//! not 0, whatever else the JSON holds. The feature is `serde_json`.
//!
//! ```
//! use agent_metrics::usage::wire::{RateLimits, WireFormat, WireStream};
//! use agent_metrics::{Status, Usage};
//!
//! let format: WireFormat = "anthropic".parse()?;
//!
//! let body = br#"{"type": "message", "model": "claude-opus-4-8", "stop_reason": "end_turn",
//!     "usage": {"input_tokens": 12, "cache_read_input_tokens": 2000, "output_tokens": 80}}"#;
//! let facts = format.facts_of_slice(body);
//! assert_eq!(facts.usage, Some(Usage::new(2012, 80).cache_read(2000)));
//! assert_eq!(facts.finish_reason.as_deref(), Some("end_turn"));
//! assert_eq!(facts.status, Status::Success);
//!
//! let mut stream = WireStream::new(format);
//! stream.data(r#"{"type": "message_start", "message": {"usage": {"input_tokens": 25, "output_tokens": 1}}}"#);
//! stream.data(r#"{"type": "message_delta", "delta": {}, "usage": {"output_tokens": 15}}"#);
//! assert_eq!(stream.facts().usage, Some(Usage::new(25, 15)));
//!
//! let overloaded = br#"{"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}"#;
//! assert_eq!(format.status_of(529, overloaded), Status::Unavailable);
//!
//! let limits = RateLimits::from_headers(|name| (name == "x-ratelimit-remaining-requests").then_some("59"));
//! assert_eq!((limits.requests, limits.tokens), (Some(59), None));
//! # Ok::<(), agent_metrics::usage::wire::UnknownFormat>(())
//! ```

mod facts;
mod format;
mod path;
mod reading;
mod shape;
mod stream;

mod anthropic;
mod bedrock_converse;
mod cohere_v2;
mod gemini;
mod mistral;
mod ollama;
mod openai_chat;
mod openai_responses;

#[cfg(test)]
mod tests;

pub use super::RateLimits;
pub use facts::Facts;
#[cfg(feature = "__llm")]
#[allow(unused_imports)] // Each of these crates uses some.
pub(crate) use format::prefer_cause;
pub use format::{UnknownFormat, WireFormat};
pub use stream::WireStream;
