//! What cannot be measured, or cannot carry a key, says why.
use agent_metrics::{track_step, track_task, track_tool};

#[track_tool]
const fn constant() {}

#[track_task(timeout = "30s")]
fn synchronous() {}

#[track_task(timeout = "soon")]
async fn soon() -> anyhow::Result<()> {
    Ok(())
}

#[track_task(timeout = "0s")]
async fn never() -> anyhow::Result<()> {
    Ok(())
}

#[track_step(metrics = 1)]
fn step() {}

fn main() {}
