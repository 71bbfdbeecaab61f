//! Unmet trait bounds are reported at the expression that needs them.
use agent_metrics::track_tool;

fn shown(_: impl std::fmt::Display) {}

struct Agent;

#[track_tool]
async fn argument(agent: Agent) {
    shown(agent);
}

#[track_tool]
fn argument_sync(agent: Agent) {
    shown(agent);
}

#[track_tool]
async fn generic<T>(value: T) -> T {
    value.clone()
}

#[track_tool]
fn format_sync(agent: Agent) -> String {
    format!("{}", agent)
}

#[track_tool]
async fn collected() -> Vec<u8> {
    [1u8].iter().collect()
}

#[track_tool]
fn collected_sync() -> Vec<u8> {
    [1u8].iter().collect()
}

fn main() {}
