//! The error for an unknown key lists the valid keys and suggests the nearest one.
use agent_metrics::{CallLabels, LabelSet, LabelValue, Metrics, track_llm, track_step, track_task, track_tool};

#[track_tool(tool_nam = "a")]
fn near() {}

#[track_task(colour = "blue", tsk_type = "a")]
async fn two() {}

#[track_llm(model = "m", usage = in_body, provder = "p")]
async fn llm() {}

#[track_step(name = "a")]
fn step() {}

#[derive(Clone, Copy, LabelValue)]
#[label(nme = "a")]
enum Kind {
    #[label(nam = "a")]
    Variant,
}

#[derive(Clone, Copy, CallLabels)]
#[calls(name = "lookup", bucket = [1.0])]
struct Lookup {
    #[calls(help = "a")]
    kind: Kind,
}

#[derive(Clone, Copy, LabelSet)]
#[labels(budgt = 5)]
struct Labels {
    kind: Kind,
}

#[derive(Metrics)]
#[metrics(namspace = "a")]
struct Families {
    #[metric(bucket = [1.0])]
    /// A family with an unknown key.
    things_total: agent_metrics::Counter,
}

fn main() {
    near();
    step();
}
