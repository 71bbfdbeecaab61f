//! A `timeout` is a string literal with a number and a unit, and is for async functions only.
use agent_metrics::{track_task, track_tool};

#[track_task(timeout = "soon")]
async fn word() -> anyhow::Result<()> {
    Ok(())
}

#[track_task(timeout = 30)]
async fn number() -> anyhow::Result<()> {
    Ok(())
}

#[track_task(timeout = "5 days")]
async fn unit() -> anyhow::Result<()> {
    Ok(())
}

#[track_task(timeout = "-5s")]
async fn negative() -> anyhow::Result<()> {
    Ok(())
}

#[track_task(timeout = "99999999999999999999s")]
async fn too_long() -> anyhow::Result<()> {
    Ok(())
}

#[track_task(timeout = "")]
async fn empty() -> anyhow::Result<()> {
    Ok(())
}

#[track_task(timeout = "0ms")]
async fn zero() -> anyhow::Result<()> {
    Ok(())
}

#[track_tool(timeout = "5s")]
fn synchronous() {}

fn main() {
    synchronous();
}
