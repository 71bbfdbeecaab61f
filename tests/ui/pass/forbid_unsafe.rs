//! Generated code contains no `unsafe`: it compiles under `#![forbid(unsafe_code)]`.
#![forbid(unsafe_code)]

use super::calls::{llm, task, tool};
use agent_metrics::{CallLabels, LabelValue, Usage, track, track_llm, track_step, track_task, track_tool};
use std::future::Future;
use std::pin::Pin;

#[derive(Clone, Copy, LabelValue)]
enum Kind {
    Safe,
}

#[derive(Clone, Copy, CallLabels)]
#[calls(name = "safe_lookup")]
struct Lookup {
    kind: Kind,
}

#[track_task]
async fn safe_task() {
    safe_step();
}

#[track_step]
fn safe_step() {}

#[track_tool]
fn safe_tool() -> Pin<Box<dyn Future<Output = Option<u8>> + Send>> {
    Box::pin(async { Some(1) })
}

#[track_llm(model = "safe_model", usage = |_| Usage::default())]
fn safe_llm() -> String {
    String::new()
}

#[track(Lookup, kind = Kind::Safe)]
async fn safe_lookup() {}

#[test]
fn every_attribute_compiles_without_unsafe_code() {
    task("safe_task").awaited("success", safe_task());
    assert_eq!(tool("safe_tool").awaited("success", safe_tool()), Some(1));
    llm("safe_model").called("success", safe_llm);
    super::calls::ready(safe_lookup());
}
