//! Everyday mistakes are one short error each, at the user's token, which says what to write.
use agent_metrics::{CallLabels, LabelValue, track, track_llm, track_step, track_task, track_tool};

#[derive(Debug)]
enum AppError {
    Down,
}

struct App {
    kind: String,
}

struct State(App);

#[derive(Clone, Copy, LabelValue)]
enum Index {
    Docs,
}

#[derive(Clone, Copy, CallLabels)]
#[calls(name = "lookup")]
struct Lookup {
    index: Index,
}

#[track_task("search")]
async fn positional() {}

#[track_llm("gpt-4o", usage = in_body)]
async fn positional_model() {}

#[track_tool(name = "web")]
async fn named() {}

#[track_task(type = "web")]
async fn typed() {}

#[track_tool(label = "web", tool = "web")]
async fn labelled() {}

#[track_llm(name = "gpt-4o", model = "gpt-4o")]
fn named_model() {}

#[track_task(task_type = app.kind)]
async fn pattern(State(app): State) {}

#[track_tool]
#[track_tool(tool_name = "twice")]
fn twice() {}

#[track_step]
#[inline]
#[track_step]
fn twice_a_step() {}

#[track(Lookup, index = Index::Docs)]
#[track(Lookup, index = Index::Docs)]
fn twice_in_a_family() {}

fn main() {}
