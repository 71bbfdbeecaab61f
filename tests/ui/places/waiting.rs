//! An `.await` of a value that isn't a future, a missing one, and one of the wrong type are reported.
use agent_metrics::track_tool;

fn number() -> u8 {
    1
}

async fn later() -> u8 {
    1
}

#[track_tool]
async fn not_a_future() -> u8 {
    number().await
}

#[track_tool]
async fn forgotten() -> u8 {
    later()
}

#[track_tool]
fn in_closure_sync() -> u8 {
    let f = || later();
    f()
}

#[track_tool]
async fn wrong_output() -> String {
    later().await
}

fn main() {}
