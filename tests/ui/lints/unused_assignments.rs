//! Assigned values that are never read are reported.
#![allow(unused_imports)] // Without the attribute, its name is unused.
use agent_metrics::track_tool;

#[track_tool]
fn argument_sync(mut number: u8) {
    number = 2;
}

#[track_tool]
async fn twice() -> u8 {
    let mut number = 1;
    number = 2;
    number
}

#[track_tool]
fn twice_sync() -> u8 {
    let mut number = 1;
    number = 2;
    number
}

fn main() {
    argument_sync(1);
    drop(twice());
    twice_sync();
}
