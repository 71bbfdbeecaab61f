//! Functions that return a future: mistakes before and inside the async block are reported there.
use agent_metrics::track_tool;

use std::future::Future;
use std::pin::Pin;

#[track_tool]
fn opaque_statement() -> impl Future<Output = u8> {
    let _: u8 = "text";
    async { 1 }
}

#[track_tool]
fn boxed_inside() -> Pin<Box<dyn Future<Output = Result<u8, String>>>> {
    let _before = 1;
    Box::pin(async {
        let number: u8 = "text";
        Ok(number)
    })
}

fn main() {}
