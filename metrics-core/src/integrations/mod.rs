//! Integrations with LLM clients, HTTP clients and tool protocols. Each implements the traits of this crate for the types
//! of one client crate, behind a feature that names the crate and the supported version.
//!
//! With the feature enabled, a function that returns the client's types needs only its attribute. Usage, served model and
//! finish reason are read from the response through [`TokenUsage`](crate::TokenUsage). The status is read from the error
//! through [`Classify`](crate::Classify), also if the error is wrapped in `anyhow::Error`, `eyre::Report` or
//! `Box<dyn Error>`. A fact that a response doesn't report is unknown, which is not the same as 0.
//!
//! | feature | supported types | recorded facts |
//! |---|---|---|
//! | `async-openai-0_43` | chat completions and responses, without the HTTP client | usage, model, finish reason, refusals; whole and streamed |
//! | `async-openai-client-0_43` | the HTTP client | errors; attempts, with `tower::AttemptLayer` |
//! | `anthropic-sdk-rs-0_1` | messages | usage with cached tokens, model, finish reason, errors; whole and streamed |
//! | `genai-0_7` | chat responses and the ends of streams | usage, model, finish reason, errors, `Retry-After` |
//! | `ollama-rs-0_3` | chat and generation | usage, model, errors; whole and streamed |
//! | `rig-core-0_44` | completions | usage, model, finish reason, errors, `Retry-After`; attempts, with a witness |
//! | `aws-sdk-bedrockruntime-1` | `Converse` and `ConverseStream` | usage with cached tokens, finish reason, errors |
//! | `rmcp-3` | tool results | `is_error`, errors |
//! | `reqwest-0_13` | errors and responses | statuses, `Retry-After` |
//! | `tonic-0_14` | gRPC statuses | statuses, retry push-back of gRPC servers |
//! | `tower` | any HTTP client below `tower::AttemptLayer` | attempts, waits, rate limits |

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

#[allow(dead_code, unused_imports, unused_macros)] // Each feature uses some of these.
mod parts;
