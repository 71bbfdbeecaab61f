//! The attributes don't show: no warning, no other size, no other drop order, whatever the user's names.
#![deny(warnings)]
#![allow(clippy::large_types_passed_by_value, clippy::unused_async)] // As the functions that are compared with.

use std::cell::RefCell;
use std::future::Future;
use std::mem::size_of_val;
use std::pin::pin;
use std::task::{Context, Waker};

use agent_metrics::{AgentMetrics, global, track_tool};

/// Only what is written absolutely is found here.
mod shadowed {
    #![allow(dead_code, non_camel_case_types)]

    pub(super) struct Ok;
    pub(super) struct Err;
    pub(super) struct Option;
    pub(super) struct Result;
    pub(super) trait Future {}
    pub(super) mod core {}
    pub(super) mod std {}
    pub(super) mod metrics {}
    pub(super) use agent_metrics as renamed;

    #[renamed::track_task(crate = renamed, task_type = "shadowed")]
    pub(super) async fn task(n: u8) -> ::core::result::Result<u8, ::std::string::String> {
        if n > 1 {
            return ::core::result::Result::Err(::std::string::String::new());
        }
        ::core::result::Result::Ok(n)
    }

    #[renamed::track_tool(crate = renamed)]
    pub(super) fn tool(r#type: u8, (a, mut b): (u8, u8), _: u8) -> u8 {
        b += r#type;
        a + b
    }
}

#[test]
fn names_of_the_users_are_in_nobodys_way() {
    let task = pin!(shadowed::task(1));
    assert!(task.poll(&mut Context::from_waker(Waker::noop())).is_ready());
    assert_eq!(shadowed::tool(1, (2, 3), 4), 6);
}

async fn plain_leaf(_: [u8; 1024]) {}

async fn plain_inner(bytes: [u8; 1024]) -> u8 {
    plain_leaf(bytes).await;
    bytes[0]
}

async fn plain_middle(bytes: [u8; 1024]) -> u8 {
    plain_inner(bytes).await + bytes[1]
}

async fn plain_outer(bytes: [u8; 1024]) -> u8 {
    plain_middle(bytes).await + bytes[2]
}

#[track_tool]
async fn tracked_inner(bytes: [u8; 1024]) -> u8 {
    plain_leaf(bytes).await;
    bytes[0]
}

#[track_tool]
async fn tracked_middle(bytes: [u8; 1024]) -> u8 {
    tracked_inner(bytes).await + bytes[1]
}

#[track_tool]
async fn tracked_outer(bytes: [u8; 1024]) -> u8 {
    tracked_middle(bytes).await + bytes[2]
}

async fn plain_small() {}

#[track_tool]
async fn tracked_small() {}

#[agent_metrics::track_task]
async fn tracked_task() {}

#[agent_metrics::track_llm(model = "m", usage = in_body)]
async fn tracked_llm() {}

#[agent_metrics::track_task(metrics = metrics)]
async fn tracked_task_of(metrics: &'static AgentMetrics) {}

#[agent_metrics::track_llm(model = "m", usage = in_body, metrics = metrics)]
async fn tracked_llm_of(metrics: &'static AgentMetrics) {}

async fn plain_of(_: &'static AgentMetrics) {}

#[track_tool(timeout = "5s")]
async fn limited_inner(bytes: [u8; 1024]) -> anyhow::Result<u8> {
    plain_leaf(bytes).await;
    Ok(bytes[0])
}

#[track_tool(timeout = "5s")]
async fn limited_middle(bytes: [u8; 1024]) -> anyhow::Result<u8> {
    Ok(limited_inner(bytes).await? + bytes[1])
}

#[track_tool(timeout = "5s")]
async fn limited_outer(bytes: [u8; 1024]) -> anyhow::Result<u8> {
    Ok(limited_middle(bytes).await? + bytes[2])
}

#[test]
fn futures_do_not_grow() {
    let plain = size_of_val(&plain_outer([0; 1024]));
    let tracked = [
        ("tracked", size_of_val(&tracked_outer([0; 1024]))),
        ("limited", size_of_val(&limited_outer([0; 1024]))),
    ];
    for (what, size) in tracked {
        assert!(size <= plain, "{what}: {size} bytes, untracked {plain}");
    }
    let metrics = global();
    let (small, small_of) = (size_of_val(&plain_small()), size_of_val(&plain_of(metrics)));
    for (what, size, plain) in [
        ("tool", size_of_val(&tracked_small()), small),
        ("task", size_of_val(&tracked_task()), small),
        ("llm", size_of_val(&tracked_llm()), small),
        ("task elsewhere", size_of_val(&tracked_task_of(metrics)), small_of),
        ("llm elsewhere", size_of_val(&tracked_llm_of(metrics)), small_of),
    ] {
        assert!(size - plain <= 40, "a {what}'s future grew by {} bytes", size - plain);
    }
}

thread_local! {
    static DROPS: RefCell<Vec<&'static str>> = const { RefCell::new(Vec::new()) };
}

struct Noted(&'static str);

impl Drop for Noted {
    fn drop(&mut self) {
        DROPS.with_borrow_mut(|drops| drops.push(self.0));
    }
}

async fn plain_drops(_a: Noted, b: Noted, wait: bool) -> u8 {
    let _local = Noted("local");
    if wait {
        std::future::pending::<()>().await;
    }
    drop(b);
    0
}

#[track_tool]
async fn tracked_drops(_a: Noted, b: Noted, wait: bool) -> u8 {
    let _local = Noted("local");
    if wait {
        std::future::pending::<()>().await;
    }
    drop(b);
    0
}

fn drops_of<F: Future>(call: impl FnOnce(bool) -> F, wait: bool) -> Vec<&'static str> {
    {
        let future = pin!(call(wait));
        assert_eq!(future.poll(&mut Context::from_waker(Waker::noop())).is_ready(), !wait);
    }
    DROPS.take()
}

#[test]
fn what_is_dropped_is_dropped_in_order() {
    for wait in [false, true] {
        let plain = drops_of(|wait| plain_drops(Noted("a"), Noted("b"), wait), wait);
        let tracked = drops_of(|wait| tracked_drops(Noted("a"), Noted("b"), wait), wait);
        assert_eq!(tracked, plain, "waiting: {wait}");
        assert_eq!(plain.len(), 3);
    }
}
