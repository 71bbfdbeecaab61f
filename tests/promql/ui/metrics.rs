// A metric that no family has is named, with the nearest one that there is.
use agent_metrics::{Counter, Metrics, promql};

#[derive(Metrics)]
#[metrics(namespace = "support")]
struct Support {
    documents_total: Counter,
}

const TYPO: &str = promql!("sum(rate(agent_task_total[5m]))");

fn main() {
    let _ = promql!("rate(support_documents_total[5m])"); // whose families it may name has to be said
    let _ = promql!("rate(support_document_total[5m])", Support);
    let _ = promql!("rate(agent_llm_tokens[5m])");
    let _ = promql!("sum(rate(agent_task_duration_seconds[5m]))");
    let _ = promql!("node_load1");
    let _ = Support::global().documents_total.clone();
}
