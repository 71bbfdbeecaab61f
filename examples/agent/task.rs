//! The tasks of the agent.

use std::str::FromStr;

use agent_metrics::LabelValue;
use serde::Serialize;

/// The type of a task, which is also the closed label `task_type`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, LabelValue)]
pub(crate) enum TaskKind {
    Search,
    Analysis,
    Coding,
    /// A chat, whose answer is streamed.
    Chat,
}

impl TaskKind {
    pub(crate) const ALL: [Self; 4] = [Self::Search, Self::Analysis, Self::Coding, Self::Chat];

    pub(crate) fn name(self) -> &'static str {
        Self::VALUES[self.index()]
    }
}

#[derive(Debug, thiserror::Error)]
#[error("unknown task_type `{found}`, expected one of {}", allowed())]
pub(crate) struct UnknownTaskKind {
    found: String,
}

fn allowed() -> String {
    TaskKind::VALUES.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

impl FromStr for TaskKind {
    type Err = UnknownTaskKind;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let found = || UnknownTaskKind { found: text.chars().take(40).collect() };
        Self::ALL.into_iter().find(|kind| kind.name() == text).ok_or_else(found)
    }
}

/// The result of a successful task.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub(crate) struct Answer {
    pub(crate) text: String,
    pub(crate) steps: usize,
    /// The called tools, in order.
    pub(crate) tools: Vec<String>,
    /// The tokens of all its LLM calls, from its ledger.
    pub(crate) tokens: u64,
    /// The cost in USD, including its tools.
    pub(crate) cost_usd: f64,
    /// `true` if a remembered answer was reused without an LLM call.
    pub(crate) cached: bool,
}

/// The first tasks of the example.
pub(crate) const OPENING: [(TaskKind, &str); 5] = [
    (TaskKind::Search, "Find information about Python"),
    (TaskKind::Analysis, "Analyse the benefits of microservices"),
    (TaskKind::Coding, "Write a function that sorts a list"),
    (TaskKind::Search, "Find the documentation of FastAPI"),
    (TaskKind::Analysis, "Compare SQL with NoSQL"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_are_read_as_they_are_written() {
        for kind in TaskKind::ALL {
            assert_eq!(kind.name().parse::<TaskKind>().unwrap(), kind);
        }
        let error = "cooking".parse::<TaskKind>().unwrap_err().to_string();
        assert_eq!(
            error,
            "unknown task_type `cooking`, expected one of `search`, `analysis`, `coding`, `chat`"
        );
    }
}
