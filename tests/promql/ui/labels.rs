// A label that the series in its place don't have is named, with those that they have.
use agent_metrics::{CallLabels, LabelValue, promql};

#[derive(Clone, Copy, LabelValue)]
enum Index {
    Docs,
}

#[derive(Clone, Copy, CallLabels)]
#[calls(name = "lookup")]
struct Lookup {
    index: Index,
}

fn main() {
    let _ = promql!("rate(agent_llm_calls_total{modle=\"a\"}[5m])");
    let _ = promql!(
        "sum by (le, tool)
           (rate(agent_tool_call_duration_seconds_bucket{status=\"success\"}[5m]))"
    );
    let _ = promql!("sum by (indx) (rate(lookup_calls_total[5m]))", Lookup);
    let _ = promql!("sum by (model) (sum(agent_llm_calls_total))");
    let _ = promql!("sum by (workspace) (agent_active_tasks)", labels = ["project"]);
    let _ = promql!("sum(rate(agent_tasks_total{status=\"sucess\"}[5m]))");
    let _ = promql!("histogram_quantile(0.9, sum by (model) (rate(agent_llm_call_duration_seconds_bucket[5m])))");
    let _ = promql!("rate(agent_active_tasks[5m])");
    let _ = promql!("rate(agent_llm_call_duration_seconds_bucket{le=\"0.3\"}[5m])");
    let _ = promql!("rate(agent_tasks_total[5m]) / scalar(sum(node_load1))", other_metrics = ["disk_*"]);
    let _ = Lookup { index: Index::Docs };
}
