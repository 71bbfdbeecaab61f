//! Unused arguments and variables are reported.
#![allow(unused_imports)] // Without the attribute, its name is unused.
use agent_metrics::track_tool;

#[track_tool]
async fn arguments(used: u8, unused: u8, _meant: u8) -> u8 {
    used
}

#[track_tool]
fn arguments_sync(used: u8, unused: u8, _meant: u8) -> u8 {
    used
}

#[track_tool]
async fn patterns((used, unused): (u8, u8), Point { x, y }: Point) -> u8 {
    used + x
}

#[track_tool]
fn patterns_sync((used, unused): (u8, u8), Point { x, y }: Point) -> u8 {
    used + x
}

#[track_tool]
async fn locals() {
    let unused = 1;
    let assigned;
    assigned = 2;
    let mut again = 1;
    again = 2;
}

#[track_tool]
fn locals_sync() {
    let unused = 1;
    let assigned;
    assigned = 2;
    let mut again = 1;
    again = 2;
}

#[track_tool]
fn opaque(unused: u8) -> impl std::future::Future<Output = ()> {
    let local = 1;
    async {}
}

#[track_tool]
fn boxed(unused: u8) -> std::pin::Pin<Box<dyn std::future::Future<Output = ()>>> {
    let local = 1;
    Box::pin(async {})
}

struct Point {
    x: u8,
    y: u8,
}

fn main() {
    drop(arguments(1, 2, 3));
    arguments_sync(1, 2, 3);
    drop(patterns((1, 2), Point { x: 1, y: 1 }));
    patterns_sync((1, 2), Point { x: 1, y: 1 });
    drop(locals());
    locals_sync();
    drop(opaque(1));
    drop(boxed(1));
}
