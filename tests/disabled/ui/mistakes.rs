//! With the feature `disabled` keys and labels are still checked.
use agent_metrics::{CallLabels, LabelValue, track, track_tool};

#[derive(Clone, Copy, LabelValue)]
enum Index {
    Docs,
}

#[derive(Clone, Copy, CallLabels)]
#[calls(name = "lookup")]
struct Lookup {
    index: Index,
}

#[track_tool(tool_nam = "a")]
fn key() {}

#[track(Lookup, idex = Index::Docs)]
fn label() {}

#[track(Lookup, index = 5)]
fn value() {}

#[track_tool(tool_name = 5u8 + 1)]
fn name() {}

fn main() {}
