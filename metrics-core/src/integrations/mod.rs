//! The crates people use: each tells of its own types what the attributes record, behind a feature that names the
//! crate and the version whose types are meant.
//!
//! With a feature on, a function that returns the crate's types needs no more than its attribute: usage, served model and
//! finish reason come from the response by [`TokenUsage`](crate::TokenUsage), the status from the error by
//! [`Classify`](crate::Classify), also where the error is inside of `anyhow::Error`, `eyre::Report` or
//! `Box<dyn Error>`. What a response has no word for is absent, which is not 0.
//!
//! | feature | of the crate | tells |
//! |---|---|---|
//! | `async-openai-0_43` | its types of chat completions and responses, without its HTTP client | usage, model, finish reason, refusals; whole and streamed |
//! | `async-openai-client-0_43` | its client | its errors; attempts, by [`tower::AttemptLayer`] |
//! | `anthropic-sdk-rs-0_1` | messages | usage with the cache's, model, finish reason, errors; whole and streamed |
//! | `genai-0_7` | chat responses and the end of streams | usage, model, finish reason, errors, `Retry-After` |
//! | `ollama-rs-0_3` | chat and generation | usage, model, errors; whole and streamed |
//! | `rig-core-0_44` | completions | usage, model, finish reason, errors, `Retry-After`; attempts, by a witness |
//! | `aws-sdk-bedrockruntime-1` | `Converse` and `ConverseStream` | usage with the cache's, finish reason, errors |
//! | `rmcp-3` | results of tools | `is_error`, errors |
//! | `reqwest-0_13` | errors and responses | statuses, `Retry-After` |
//! | `tonic-0_14` | gRPC's statuses | statuses, gRPC's own `Retry-After` |
//! | `tower` | any HTTP client under [`tower::AttemptLayer`] | attempts, waits, rate limits |

#[cfg(feature = "anthropic-sdk-rs-0_1")]
pub mod anthropic_sdk_rs_0_1;
#[cfg(feature = "async-openai-0_43")]
pub mod async_openai_0_43;
#[cfg(feature = "aws-sdk-bedrockruntime-1")]
pub mod aws_sdk_bedrockruntime_1;
#[cfg(feature = "genai-0_7")]
pub mod genai_0_7;
#[cfg(feature = "ollama-rs-0_3")]
pub mod ollama_rs_0_3;
#[cfg(feature = "reqwest-0_13")]
pub mod reqwest_0_13;
#[cfg(feature = "rig-core-0_44")]
pub mod rig_core_0_44;
#[cfg(feature = "rmcp-3")]
pub mod rmcp_3;
#[cfg(feature = "tonic-0_14")]
pub mod tonic_0_14;
#[cfg(feature = "tower")]
pub mod tower;

#[allow(dead_code, unused_imports, unused_macros)] // Each feature uses some.
mod parts;
