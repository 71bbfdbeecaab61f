//! A future behind an alias or a name of its own is found out: it would count as a call that ended at once.
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
