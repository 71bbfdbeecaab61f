//! A label that the family doesn't have is reported at the label, an unknown family at the family's name.
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

#[track(Lookup, index = Index::Docs, tenant = "a")]
async fn unknown() {}

#[track(Absent, index = Index::Docs)]
fn no_family() {}

fn main() {}
