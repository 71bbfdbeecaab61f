//! Unused results and futures are reported, in tracked functions and for calls to them.
#![allow(unused_imports)] // Without the attribute, its name is unused.
use agent_metrics::track_tool;

#[track_tool]
async fn fails() -> Result<(), String> {
    inner().await;
    Err::<u8, u8>(1);
    Ok(())
}

#[track_tool]
fn fails_sync() -> Result<(), String> {
    fails();
    1 + 1;
    Ok(())
}

#[track_tool]
async fn inner() -> Result<u8, u8> {
    Ok(1)
}

#[must_use]
#[track_tool]
fn needed_sync() -> u8 {
    1
}

#[track_tool]
#[must_use = "it is needed"]
fn needed_with_reason_sync() -> u8 {
    1
}

struct Agent;

impl Agent {
    #[track_tool]
    async fn method(&self) {}

    #[track_tool]
    fn opaque(&self) -> impl std::future::Future<Output = ()> {
        async {}
    }
}

fn main() {
    fails();
    let _ = fails_sync();
    fails_sync();
    needed_sync();
    needed_with_reason_sync();
    Agent.method();
    Agent.opaque();
}
