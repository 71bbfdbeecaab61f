//! `status` is the attribute's own key and the runtime's label: it takes a closure, never a label.
use agent_metrics::{CallLabels, LabelValue, track};

#[derive(Clone, Copy, LabelValue)]
enum Index {
    Docs,
}

#[derive(Clone, Copy, CallLabels)]
#[calls(name = "lookup")]
struct Lookup {
    index: Index,
}

#[track(Lookup, index = Index::Docs, status = Index::Docs)]
fn reserved() {}

fn main() {}
