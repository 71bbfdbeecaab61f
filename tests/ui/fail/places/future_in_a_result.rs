//! A future in a `Result` is an error: its call would end when it is created, with status `success`.
use agent_metrics::track_tool;
use std::future::Future;
use std::pin::Pin;

#[track_tool]
fn connect(fails: bool) -> Result<impl Future<Output = u8>, String> {
    if fails { Err(String::new()) } else { Ok(async { 1 }) }
}

#[track_tool]
fn boxed() -> Result<Pin<Box<dyn Future<Output = u8>>>, String> {
    Ok(Box::pin(async { 1 }))
}

fn main() {}
