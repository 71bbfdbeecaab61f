//! Arguments that the body names but never reads are reported in sync functions; for async ones that is lost.
#![allow(unused_imports)] // Without the attribute, its name is unused.
use agent_metrics::track_tool;

#[track_tool]
async fn shadowed(number: u8) -> u8 {
    let number = 1;
    number
}

#[track_tool]
fn shadowed_sync(number: u8) -> u8 {
    let number = 1;
    number
}

#[track_tool]
async fn assigned(mut number: u8) {
    number = 2;
}

#[track_tool]
async fn after_panic(number: u8) -> u8 {
    panic!();
    number + 1
}

fn main() {
    drop(assigned(1));
    drop(after_panic(1));
    drop(shadowed(1));
    shadowed_sync(1);
}
