//! A tracking attribute on an item that isn't a function is an error at its keyword; the item is kept.
use agent_metrics::{track, track_llm, track_step, track_task, track_tool};

#[track_tool]
pub struct Tool;

#[track_task(task_type = "a")]
struct Task {
    field: u8,
}

#[track_llm(model = "m")]
enum Llm {
    Variant,
}

#[track_step]
type Step = u8;

#[track(Labels)]
static STATIC: u8 = 1;

#[track_tool]
mod module {}

fn main() {
    let _ = (Tool, Task { field: STATIC }, Llm::Variant, 1 as Step);
}
