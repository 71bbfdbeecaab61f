//! Instances for tests, and helpers to query them.

use std::error::Error;
use std::fmt;

use agent_metrics::{AgentMetrics, Classify};

use crate::Samples;

/// Builds an instance with the defaults.
///
/// # Panics
/// Never: the defaults are valid.
pub fn build() -> AgentMetrics {
    AgentMetrics::builder().build().expect("the defaults are valid")
}

/// Returns the samples that an instance exposes now.
pub fn samples(metrics: &AgentMetrics) -> Samples {
    Samples::parse(&metrics.to_text())
}

/// Returns the number of calls of a tool that ended with a status.
pub fn tools(metrics: &AgentMetrics, name: &str, status: &str) -> f64 {
    samples(metrics).sum("agent_tool_calls_total", &[("tool_name", name), ("status", status)])
}

/// The error of the tools in these tests.
#[derive(Debug, Classify)]
pub enum ToolError {
    /// The call took too long.
    #[classify(timeout)]
    Slow,
    /// An error of the operating system.
    #[classify(transparent)]
    Io(std::io::Error),
    /// Anything else.
    Odd,
}

impl fmt::Display for ToolError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self:?}")
    }
}

impl Error for ToolError {}
