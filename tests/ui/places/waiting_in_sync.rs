//! An `.await` outside of async code is reported at the `.await`.
use agent_metrics::track_tool;

async fn later() -> u8 {
    1
}

#[track_tool]
fn in_function() -> u8 {
    later().await
}

#[track_tool]
async fn in_closure() -> u8 {
    let f = || later().await;
    f()
}

fn main() {}
