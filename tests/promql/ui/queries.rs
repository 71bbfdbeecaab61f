// What is no query, or no argument, is said at the place.
use agent_metrics::promql;

struct Plain;

fn main() {
    let _ = promql!("sum(rate(agent_tasks_total[5m])");
    let _ = promql!("rate(agent_tasks_total)");
    let _ = promql!("agent_tasks_total{task_type=~\"(\"}");
    let query = "up";
    let _ = promql!(query);
    let _ = promql!("up", label = ["a"], labels = "a");
    let _ = promql!("up", Plain);
    let _ = promql!();
}
