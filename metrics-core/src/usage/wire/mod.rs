//! Usage, served model, finish reason, status and rate limits from the JSON and the headers that providers send.
//! Needs the feature `serde_json`.
//!
//! This module is for programs that call a model over plain HTTP or keep a client's raw responses. A [`WireFormat`]
//! reads whole responses and error bodies, a [`WireStream`] the events of a stream, and [`RateLimits`] the headers. None
//! of them fails: a field that is missing, `null` or of another type than documented is reported as `None`, not as 0.
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

mod body;
mod cost;
mod facts;
mod format;
mod framing;
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
#[cfg(feature = "__llm")]
#[allow(unused_imports)] // Each integration uses some of these.
pub(crate) use body::prefer_cause;
pub use facts::Facts;
pub use format::{UnknownFormat, WireFormat};
pub use stream::WireStream;
