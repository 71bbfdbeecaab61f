//! A future hidden by a type alias or a named type is an error: its call would end before it is polled.
use agent_metrics::{track_task, track_tool};
use std::future::Future;
use std::pin::Pin;

type Boxed<T> = Pin<Box<dyn Future<Output = T> + Send>>;

#[track_task]
fn boxed() -> Boxed<u8> {
    Box::pin(async { 1 })
}

#[track_tool]
fn ready() -> std::future::Ready<u8> {
    std::future::ready(1)
}

fn main() {}
