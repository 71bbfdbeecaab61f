//! Exemplars contain the active trace of `tracing` and OpenTelemetry.

use std::time::Duration;

use agent_metrics::metric::active_trace;
use agent_metrics::{AgentMetrics, Status, track_tool};
use opentelemetry::trace::{TraceContextExt as _, TracerProvider as _};
use opentelemetry_sdk::trace::{Sampler, SdkTracerProvider};
use tracing::Span;
use tracing_opentelemetry::OpenTelemetrySpanExt as _;
use tracing_subscriber::layer::SubscriberExt as _;

/// Runs a function with spans whose traces are sampled as `sampler` decides.
fn with_traces(sampler: Sampler, run: impl FnOnce()) {
    let provider = SdkTracerProvider::builder().with_sampler(sampler).build();
    let layer = tracing_opentelemetry::layer().with_tracer(provider.tracer("test"));
    tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), run);
}

/// Returns the labels of an exemplar of the current span.
fn ids() -> String {
    let context = Span::current().context();
    let span = context.span().span_context().clone();
    format!("{{trace_id=\"{}\",span_id=\"{}\"}}", span.trace_id(), span.span_id())
}

fn exposed(metrics: &AgentMetrics) -> String {
    let body = metrics.encode(Some("application/openmetrics-text"), None).body;
    String::from_utf8(body).expect("UTF-8")
}

#[test]
fn an_exemplar_contains_the_enclosing_span() {
    with_traces(Sampler::AlwaysOn, || {
        let metrics = AgentMetrics::builder().build().expect("the defaults are valid");
        let span = tracing::info_span!("request");
        let ids = span.in_scope(|| {
            metrics.record_tool_call("t", Duration::from_millis(70), Status::Success);
            ids()
        });
        let text = exposed(&metrics);
        let bucket = "agent_tool_call_duration_seconds_bucket{tool_name=\"t\",le=\"0.1\"} 1 # ";
        let (_, after) =
            text.split_once(&format!("{bucket}{ids} ")).unwrap_or_else(|| panic!("{ids} is not in {text}"));
        let value = after.split_whitespace().next().and_then(|value| value.parse::<f64>().ok());
        assert!((value.expect("a value") - 0.07).abs() < 1e-6, "{value:?}");
        // Outside of any span there is no trace.
        assert_eq!(active_trace(), None);
    });
}

#[test]
fn the_exemplar_of_a_tracked_function_contains_the_span_of_its_caller() {
    #[track_tool]
    #[tracing::instrument]
    async fn search() -> Result<String, std::fmt::Error> {
        tokio::task::yield_now().await;
        // Long enough that the call always looks up the active trace.
        std::thread::sleep(Duration::from_millis(1));
        Ok(ids())
    }

    with_traces(Sampler::AlwaysOn, || {
        let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
        let outer = tracing::info_span!("task");
        let (inner, outer) = {
            let _entered = outer.enter();
            (runtime.block_on(search()).expect("it can't fail"), ids())
        };
        let trace = |ids: &str| ids.split('"').nth(1).map(str::to_owned);
        assert_eq!(trace(&inner), trace(&outer));
        let text = exposed(agent_metrics::global());
        let line = text.lines().find(|line| line.contains("tool_name=\"search\"") && line.contains(" # "));
        let line = line.unwrap_or_else(|| panic!("no exemplar in {text}"));
        assert!(line.contains(&outer), "{outer} is not in {line}");
    });
}

#[test]
fn a_trace_that_is_not_sampled_creates_no_exemplar() {
    with_traces(Sampler::AlwaysOff, || {
        let metrics = AgentMetrics::builder().build().expect("the defaults are valid");
        tracing::info_span!("request").in_scope(|| {
            metrics.record_tool_call("t", Duration::from_millis(70), Status::Success);
        });
        assert!(!exposed(&metrics).contains(" # "));
    });
}

#[test]
fn without_opentelemetry_there_are_no_exemplars() {
    let metrics = AgentMetrics::builder().build().expect("the defaults are valid");
    tracing::info_span!("request").in_scope(|| {
        metrics.record_tool_call("t", Duration::from_millis(70), Status::Success);
    });
    assert!(!exposed(&metrics).contains(" # "));
}
