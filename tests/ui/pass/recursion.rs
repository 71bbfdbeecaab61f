//! Recursive functions can be tracked; every level counts as a call.

use super::calls::{ready, tool};
use agent_metrics::track_tool;
use std::future::Future;
use std::pin::Pin;

#[track_tool]
async fn recursive(depth: usize) -> usize {
    if depth == 0 { 0 } else { Box::pin(recursive(depth - 1)).await + 1 }
}

#[track_tool]
fn recursive_sync(depth: usize) -> usize {
    if depth == 0 { 0 } else { recursive_sync(depth - 1) + 1 }
}

#[track_tool]
fn recursive_boxed(depth: usize) -> Pin<Box<dyn Future<Output = usize> + Send>> {
    Box::pin(async move { if depth == 0 { 0 } else { recursive_boxed(depth - 1).await + 1 } })
}

#[track_tool]
async fn even(number: usize) -> bool {
    number == 0 || Box::pin(odd(number - 1)).await
}

#[track_tool]
async fn odd(number: usize) -> bool {
    number != 0 && Box::pin(even(number - 1)).await
}

#[test]
fn every_level_of_recursion_is_counted() {
    assert_eq!(ready(recursive(3)), 3);
    assert_eq!(recursive_sync(3), 3);
    assert_eq!(ready(recursive_boxed(3)), 3);
    for name in ["recursive", "recursive_sync", "recursive_boxed"] {
        assert_eq!(tool(name).so_far(), [("success".to_owned(), 4)], "{name}");
    }
    assert!(ready(even(4)));
    assert_eq!(tool("even").so_far(), [("success".to_owned(), 3)]);
    assert_eq!(tool("odd").so_far(), [("success".to_owned(), 2)]);
}
