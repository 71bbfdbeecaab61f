//! A boxed future that isn't created as the last expression is an error that names the supported form.
use agent_metrics::{track_task, track_tool};
use std::future::Future;
use std::pin::Pin;

fn make() -> Pin<Box<dyn Future<Output = u8> + Send>> {
    Box::pin(async { 1 })
}

#[track_tool]
fn made_elsewhere() -> Pin<Box<dyn Future<Output = u8> + Send>> {
    make()
}

#[track_task]
fn made_before() -> Pin<Box<dyn Future<Output = u8> + Send>> {
    let future = Box::pin(async { 1 });
    future
}

#[track_tool]
fn returned_early(early: bool) -> Pin<Box<dyn Future<Output = u8> + Send>> {
    if early {
        return Box::pin(async { 1 });
    }
    Box::pin(async { 2 })
}

#[track_tool]
fn in_an_arm(early: bool) -> Pin<Box<dyn Future<Output = u8> + Send>> {
    if early { Box::pin(async { 1 }) } else { Box::pin(async { 2 }) }
}

fn main() {}
