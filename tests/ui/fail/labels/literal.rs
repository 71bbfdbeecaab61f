//! An unknown or missing label and a label of the wrong type are errors, as fields of a struct literal are.
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

#[track(Lookup, indx = Index::Docs)]
fn unknown() {}

#[track(Lookup)]
fn missing() {}

#[track(Lookup, index = "docs")]
fn wrong_type() {}

#[track_tool(tool_name = 5 + 5)]
fn no_label() {}

fn main() {}
