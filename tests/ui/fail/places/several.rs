//! A function that can't be measured or can't have a key gets an error that gives the reason.
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
