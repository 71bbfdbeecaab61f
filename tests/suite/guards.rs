//! Guards of calls that are recorded by hand, as values that a program stores and names.

use agent_metrics::llm::Attempt;
use agent_metrics::recording::{CallGuard, LlmGuard, TaskGuard, ToolGuard};
use agent_metrics::{AgentMetrics, CallFamily, CallLabels, Status, Usage};
use agent_metrics_tests::build;

#[derive(Clone, Copy, CallLabels)]
#[calls(name = "guarded")]
struct Guarded {}

/// One guard of each kind.
#[derive(Debug)]
struct Open {
    task: TaskGuard,
    tool: ToolGuard,
    llm: LlmGuard,
    call: CallGuard<Guarded>,
}

fn open(metrics: &AgentMetrics) -> Open {
    Open {
        task: metrics.track_task("stored"),
        tool: metrics.track_tool("stored"),
        llm: metrics.track_llm("stored"),
        call: CallFamily::of(metrics).expect("a new family").start(Guarded {}),
    }
}

fn close(Open { task, tool, llm, call }: Open) {
    task.finish(Status::Success);
    tool.finish_with(&Err::<(), _>(Status::Timeout));
    llm.finish(Status::RateLimited);
    call.finish(Status::Error);
}

#[test]
fn a_guard_of_each_kind_is_stored_in_a_struct_and_passed_to_a_function() {
    let metrics = build();
    let open = open(&metrics);
    assert!(format!("{open:?}").contains("LlmGuard"));
    assert!(metrics.to_text().contains("agent_active_tasks 1\n"));
    close(open);
    let text = metrics.to_text();
    for sample in [
        r#"agent_tasks_total{task_type="stored",status="success"} 1"#,
        r#"agent_tool_calls_total{tool_name="stored",status="timeout"} 1"#,
        r#"agent_llm_calls_total{model="stored",status="rate_limited"} 1"#,
        r#"guarded_calls_total{status="error"} 1"#,
    ] {
        assert!(text.contains(sample), "{sample} is missing in {text}");
    }
}

#[test]
fn the_guard_of_an_llm_call_takes_the_reports_that_call_takes() {
    let metrics = build();
    let mut call = metrics.track_llm("reported");
    call.usage(&Usage::new(7, 3)).model("served").finish_reason("stop").provider("p").operation("chat");
    call.attempt(Attempt::new(Status::Unavailable)).cost_usd(0.5).status(Status::ContentFiltered);
    call.finish(Status::Success);
    let text = metrics.to_text();
    for sample in [
        r#"agent_llm_calls_total{model="reported",status="content_filtered"} 1"#,
        r#"agent_llm_attempts_total{model="reported",outcome="unavailable"} 1"#,
        r#"agent_llm_finish_total{model="reported",reason="stop"} 1"#,
        r#"agent_llm_served_model_total{model="reported",served_model="served"} 1"#,
    ] {
        assert!(text.contains(sample), "{sample} is missing in {text}");
    }
}

#[test]
fn a_status_is_written_as_the_label_value_of_llm_calls() {
    assert_eq!(Status::ContextOverflow.as_str(), "context_overflow");
    assert_eq!(Status::RateLimited.to_string(), "rate_limited");
}
