//! A `String` field can't be a label; the error lists the types that can.
use agent_metrics::{CallLabels, LabelSet};

#[derive(Clone, Copy, LabelSet)]
struct ByModel {
    model: &'static str,
}

#[derive(Clone, CallLabels)]
#[calls(name = "lookup")]
struct Lookup {
    tenant: String,
}

fn main() {}
