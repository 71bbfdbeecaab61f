//! `status = ..` in `#[track]` is the closure that reads the status, never a label of the family.
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
