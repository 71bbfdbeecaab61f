//! Functions that never return can be tracked; their calls end as `panicked` or `cancelled`.

use super::calls::{poll_once, tool};
use agent_metrics::track_tool;
use std::panic::{AssertUnwindSafe, catch_unwind};

#[track_tool]
async fn never_async() -> ! {
    loop {
        std::future::pending::<()>().await;
    }
}

#[track_tool]
fn never_sync() -> ! {
    panic!("never")
}

#[track_tool]
async fn not_yet_async() -> Result<u8, std::io::Error> {
    todo!()
}

#[track_tool]
fn not_yet_sync(known: bool) -> u8 {
    if known { panic!("known") } else { unimplemented!() }
}

#[track_tool]
async fn returns_only(number: u8) -> u8 {
    return number;
}

fn panics<T>(call: impl FnOnce() -> T) -> bool {
    catch_unwind(AssertUnwindSafe(call)).is_err()
}

#[test]
fn functions_that_never_return_are_counted_as_panicked_or_cancelled() {
    assert!(tool("never_async").called("cancelled", || poll_once(never_async())).is_pending());
    assert!(tool("never_sync").called("panicked", || panics(|| never_sync())));
    let not_yet = not_yet_async();
    assert!(tool("not_yet_async").called("panicked", || panics(|| poll_once(not_yet))));
    assert!(tool("not_yet_sync").called("panicked", || panics(|| not_yet_sync(false))));
    assert_eq!(tool("returns_only").awaited("success", returns_only(1)), 1);
}
