//! A `String` cannot be a label, and the error says what can.
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
