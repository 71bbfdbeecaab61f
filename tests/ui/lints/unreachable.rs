//! Unreachable expressions and match arms are reported.
#![allow(unused_imports)] // Without the attribute, its name is unused.
use agent_metrics::track_tool;

#[track_tool]
async fn after_return() -> u8 {
    return 1;
    2
}

#[track_tool]
fn after_return_sync() -> u8 {
    return 1;
    2
}

#[track_tool]
async fn after_panic() -> u8 {
    panic!();
    1
}

#[track_tool]
fn after_panic_sync(number: u8) -> u8 {
    panic!();
    number + 1
}

#[track_tool]
async fn after_loop() {
    loop {
        std::future::ready(()).await;
    }
    drop(1);
}

#[track_tool]
fn arms_sync(number: u8) -> u8 {
    match number {
        _ => 1,
        2 => 2,
    }
}

#[track_tool]
async fn never() -> ! {
    loop {}
    panic!()
}

fn main() {
    drop(after_return());
    after_return_sync();
    drop(after_panic());
    drop(after_loop());
    drop(never());
    arms_sync(1);
    after_panic_sync(1);
}
