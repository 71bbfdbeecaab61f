//! Values of keys may use the arguments, even if the body moves or changes them: keys are evaluated first.

use super::calls::{llm, task, tool};
use agent_metrics::{Usage, track_llm, track_task, track_tool};

struct Agent {
    model: String,
}

impl Agent {
    #[track_llm(model = self.model, usage = |text| Usage::new(text.len() as u64, 1))]
    async fn moves_itself(self) -> String {
        self.model
    }

    #[track_task(task_type = &self.model[1..], status = |text: &String| match text.len() {
        0 => agent_metrics::Status::Error,
        _ => agent_metrics::Status::Timeout,
    })]
    fn status(&self) -> String {
        self.model.clone()
    }
}

#[track_tool(tool_name = name)]
async fn moves(name: String) -> String {
    name
}

#[track_tool(tool_name = name)]
fn moves_sync(name: String) -> String {
    name
}

#[track_tool(tool_name = only)]
async fn only_the_key(only: &str) {}

#[track_tool(tool_name = only)]
fn only_the_key_sync(only: &str) {}

#[track_tool(tool_name = if first { "key_first" } else { "key_second" })]
async fn computed(first: bool) -> bool {
    first
}

#[track_tool(tool_name = format!("key_{number}"))]
fn formatted(mut number: u8) -> u8 {
    number += 1;
    number
}

#[test]
fn keys_are_evaluated_before_the_body_moves_the_arguments() {
    let agent = || Agent { model: "key_model".to_owned() };
    assert_eq!(task("ey_model").called("timeout", || agent().status()), "key_model");
    assert_eq!(llm("key_model").awaited("success", agent().moves_itself()), "key_model");
    assert_eq!(tool("key_a").awaited("success", moves("key_a".to_owned())), "key_a");
    assert_eq!(tool("key_b").called("success", || moves_sync("key_b".to_owned())), "key_b");
    tool("key_c").awaited("success", only_the_key("key_c"));
    tool("key_d").called("success", || only_the_key_sync("key_d"));
    assert!(!tool("key_second").awaited("success", computed(false)));
    assert_eq!(tool("key_7").called("success", || formatted(7)), 8);
}

#[derive(Clone, Copy, agent_metrics::LabelValue)]
enum Referenced {
    BehindReference,
}

#[agent_metrics::track_task(task_type = kind)]
async fn label_behind_a_reference(kind: &Referenced) {
    let _ = kind;
}

#[test]
fn an_enum_behind_a_reference_is_a_label() {
    let future = label_behind_a_reference(&Referenced::BehindReference);
    super::calls::task("behind_reference").awaited("success", future);
}
