//! Several tracking attributes on one function each record the call.

use super::calls::{llm, task, tool};
use agent_metrics::{CallLabels, Usage, track, track_llm, track_step, track_task, track_tool};
use std::future::Future;
use std::pin::Pin;

#[derive(Clone, Copy, CallLabels)]
#[calls(name = "together")]
struct Together {}

#[track_task]
#[track_tool]
#[track_step]
#[track(Together)]
async fn all_async(number: u8) -> Result<u8, String> {
    if number > 1 { Err("many".to_owned()) } else { Ok(number) }
}

#[track(Together)]
#[track_tool]
#[track_task]
fn all_sync((number, _): (u8, u8)) -> u8 {
    number
}

#[track_llm(model = "both", usage = |_| Usage::default())]
#[track_tool]
fn both_opaque<'a>(text: &'a str) -> impl Future<Output = &'a str> + Send {
    let length = text.len();
    async move { &text[..length - 1] }
}

#[track_task]
#[track_tool]
#[track_step]
fn both_boxed<'a>(text: &'a str) -> Pin<Box<dyn Future<Output = &'a str> + Send + 'a>> {
    let length = text.len();
    Box::pin(async move { &text[..length - 1] })
}

#[track_task]
#[must_use]
#[track_tool(tool_name = name)]
async fn between(name: &str) -> usize {
    name.len()
}

#[test]
fn each_attribute_records_the_call() {
    assert!(tool("all_async").awaited("error", all_async(2)).is_err());
    assert_eq!(task("all_async").so_far(), [("failure".to_owned(), 1)]);
    assert_eq!(tool("all_sync").called("success", || all_sync((1, 2))), 1);
    assert_eq!(task("all_sync").so_far(), [("success".to_owned(), 1)]);
    assert_eq!(tool("both_opaque").awaited("success", both_opaque("ab")), "a");
    assert_eq!(llm("both").so_far(), [("success".to_owned(), 1)]);
    assert_eq!(tool("both_boxed").awaited("success", both_boxed("ab")), "a");
    assert_eq!(task("both_boxed").so_far(), [("success".to_owned(), 1)]);
    assert_eq!(task("between").awaited("success", between("between_tool")), 12);
    assert_eq!(tool("between_tool").so_far(), [("success".to_owned(), 1)]);
    let text = agent_metrics::global().to_text();
    assert!(text.contains("together_calls_total{status=\"error\"} 1"));
}
