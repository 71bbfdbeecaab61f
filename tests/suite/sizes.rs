//! A tracked future is as large as the untracked one, or slightly larger where it is small.
#![deny(warnings)]
#![allow(clippy::large_types_passed_by_value, clippy::unused_async)] // As the functions that are compared with.

use std::mem::size_of_val;

use agent_metrics::{AgentMetrics, global, track_tool};

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
fn tracked_futures_stay_within_their_size_limits() {
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
