//! Token usage of LLM calls, in one form for all providers.
//!
//! [`Usage`] has the token counts of one call, [`TokenUsage`] is implemented by responses that report them, and
//! [`RateLimits`] reads a provider's rate-limit headers. With the feature `serde_json`, the module `wire` reads usage, served
//! model, finish reason and status from the JSON of eight API formats.

mod check;
mod rate_limits;
mod service_tier;
mod token_usage;
mod tokens;
#[cfg(feature = "serde_json")]
pub mod wire;

pub(crate) use check::{ANOMALIES, Anomalies};
pub use rate_limits::RateLimits;
pub use service_tier::ServiceTier;
pub use token_usage::{IntoUsage, TokenUsage};
pub use tokens::Usage;
