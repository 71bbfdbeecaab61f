//! A label that is missing in the attribute is reported at the family's name.
use agent_metrics::{Bounded, CallLabels, LabelValue, track, track_llm};

#[derive(Clone, Copy, LabelValue)]
enum Index {
    Docs,
}

#[derive(Clone, Copy, CallLabels)]
#[calls(name = "lookup")]
struct Lookup {
    index: Index,
    tenant: Bounded<10>,
}

#[track(Lookup, index = Index::Docs)]
async fn one() {}

#[track(Lookup)]
fn both() {}

#[track]
fn no_family() {}

#[track_llm(usage = in_body)]
fn no_model() {}

fn main() {}
