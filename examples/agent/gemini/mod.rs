//! A client for models that speak Gemini's REST format, <https://ai.google.dev/api/generate-content>.

mod client;
mod error;
mod retry;
pub(crate) mod wire;

pub(crate) use client::{GeminiModel, ModelConfig, PUBLIC_SERVICE, http_client};
pub(crate) use error::GeminiError;
pub(crate) use retry::RetryPolicy;
