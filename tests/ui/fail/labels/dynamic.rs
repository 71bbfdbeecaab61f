//! A closed label accepts a value of its enum only, no text that is computed at run time.
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

#[track(Lookup, index = name)]
async fn text(name: &str) {}

#[track(Lookup, index = 5)]
fn number() {}

#[track(Lookup, index = format!("{name}"))]
fn formatted(name: u8) {}

struct Agent {
    name: String,
}

impl Agent {
    #[track(Lookup, index = self.name)]
    async fn field(&self) {}

    #[track(Lookup, index = Index::Code)]
    async fn variant(&self) {}
}

fn main() {}
