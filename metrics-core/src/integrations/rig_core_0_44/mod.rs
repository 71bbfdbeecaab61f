//! rig-core 0.44: completions, errors and attempts. Needs the feature `rig-core-0_44`; 0.44.0 is the newest release that
//! Rust 1.95 builds.
//!
//! rig normalises token counts as this crate does: the input includes cached tokens, the output includes reasoning. With a
//! [`CallWitness`], more is recorded of a call: each attempt with its outcome, wait and usage, also if the attempt failed
//! or was dropped, and the facts that the events of a stream don't report.
//!
#![cfg_attr(feature = "stream", doc = "```")]
#![cfg_attr(not(feature = "stream"), doc = "```ignore")]
//! use agent_metrics::integrations::rig_core_0_44::observation;
//! use agent_metrics::track_llm;
//! use futures_core::Stream;
//! use rig_core::completion::{CompletionRequest, CompletionResponse};
//! use rig_core::operation::Completion;
//! use rig_core::streaming::{Item, StreamEvent};
//! use rig_core::{DynModel, ProviderError};
//!
//! #[track_llm(model = model.id().unwrap_or("unknown"))]
//! async fn ask(model: &DynModel<Completion>, prompt: &str) -> Result<CompletionResponse, ProviderError> {
//!     model.call_observed(CompletionRequest::new(prompt), observation()).await
//! }
//!
//! type Part = Result<Item<StreamEvent>, ProviderError>;
//!
//! #[track_llm(model = model.id().unwrap_or("unknown"), usage = in_body, stream)]
//! fn stream(
//!     model: &DynModel<Completion>,
//!     prompt: &str,
//! ) -> Result<impl Stream<Item = Part> + use<>, ProviderError> {
//!     model.stream_observed(CompletionRequest::new(prompt), observation())
//! }
//! ```

mod completion;
mod error;
mod witness;

pub use witness::{CallWitness, observation};
