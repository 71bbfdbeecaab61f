//! A key that is given more than once is an error at each repetition, in every attribute and derive.
use agent_metrics::{CallLabels, LabelValue, Metrics, track, track_llm, track_task, track_tool};

#[track_tool(tool_name = "a", tool_name = "b", tool_name = "c")]
fn thrice() {}

#[track_task(timeout = "5s", task_type = "a", timeout = "5s")]
async fn timeouts() -> anyhow::Result<()> {
    Ok(())
}

#[track_llm(model = "m", usage = in_body, usage = |_| agent_metrics::Usage::default())]
fn usages() {}

#[derive(Clone, Copy, LabelValue)]
enum Kind {
    #[label(name = "a", name = "b")]
    Variant,
}

#[derive(Clone, Copy, CallLabels)]
#[calls(name = "lookup", in_flight)]
#[calls(name = "again", in_flight)]
struct Lookup {
    kind: Kind,
}

#[track(Lookup, kind = Kind::Variant, kind = Kind::Variant)]
fn labels() {}

#[derive(Metrics)]
#[metrics(namespace = "a", namespace = "b")]
struct Families {
    /// A family with a repeated key.
    things_total: agent_metrics::Counter,
}

fn main() {
    thrice();
}
