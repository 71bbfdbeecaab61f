//! async-openai 0.43: chat completions and responses, whole and streamed, and embeddings.
//!
//! The feature `async-openai-0_43` supports the response types only. OpenAI sends the usage of a stream in the last chunk,
//! and only if the request has `stream_options: {include_usage: true}`; a stream that was cut off has no usage.
//!
//! The feature `async-openai-client-0_43` supports the client's errors as well. The client sends up to four requests per
//! call without reporting the retries. To count them, put [`AttemptLayer`](super::tower::AttemptLayer) between its retry
//! layer and its transport. With that layer, an error whose body is not OpenAI's keeps the status of its response, and
//! its `Retry-After`.
//!
#![cfg_attr(feature = "async-openai-client-0_43", doc = "```")]
#![cfg_attr(not(feature = "async-openai-client-0_43"), doc = "```ignore")]
//! use agent_metrics::integrations::tower::AttemptLayer;
//! use async_openai::Client;
//! use async_openai::middleware::{ReqwestService, retry::OpenAIRetryLayer};
//! use tower_layer::Layer as _;
//!
//! let transport = AttemptLayer.layer(ReqwestService::new(reqwest::Client::new()));
//! let client = Client::new().with_http_service(OpenAIRetryLayer::default().layer(transport));
//! ```

mod chat;
#[cfg(feature = "async-openai-client-0_43")]
mod client;
mod embeddings;
mod responses;

use async_openai::error::ApiError;

use crate::classify::Classify;
use crate::status::Status;
use crate::usage::wire::WireFormat;

crate::integrations::parts::found_in_chains!(ApiError);

/// The status by the error's code and type, and by its message if the input was too long.
impl Classify for ApiError {
    fn classify(&self) -> Status {
        let words = [self.code.as_deref(), self.r#type.as_deref()];
        WireFormat::OpenAiChat.status_of_words(words.into_iter().flatten(), Some(&self.message))
    }
}
