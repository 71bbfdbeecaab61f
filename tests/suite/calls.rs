//! The records of the attributes on every shape of function.

use std::future::Future;
use std::pin::Pin;

use agent_metrics::{
    AgentMetrics, Call, LabelValue, Usage, global, track_llm, track_step, track_task, track_tool,
};
use agent_metrics_tests::{ToolError, build, samples, tools};

struct Toolbox {
    metrics: AgentMetrics,
}

#[async_trait::async_trait]
trait Search {
    async fn search(&self, query: &str) -> Result<usize, ToolError>;
}

#[async_trait::async_trait]
impl Search for Toolbox {
    #[track_tool(metrics = self.metrics)]
    async fn search(&self, query: &str) -> Result<usize, ToolError> {
        tokio::task::yield_now().await;
        Ok(query.len())
    }
}

trait Native {
    fn native(&self) -> impl Future<Output = u8>;
}

impl Native for Toolbox {
    #[track_tool(metrics = self.metrics)]
    async fn native(&self) -> u8 {
        tokio::task::yield_now().await;
        3
    }
}

impl Toolbox {
    #[track_tool(metrics = self.metrics)]
    fn by_ref(&self) -> u8 {
        1
    }

    #[track_tool(metrics = self.metrics)]
    async fn by_mut(&mut self) -> u8 {
        tokio::task::yield_now().await;
        2
    }

    #[track_tool(metrics = self.metrics)]
    fn by_value(self) -> AgentMetrics {
        self.metrics
    }

    #[track_tool(metrics = self.metrics)]
    fn boxed<'a>(
        &'a self,
        prelude: &mut Vec<u8>,
    ) -> Pin<Box<dyn Future<Output = Result<u8, ToolError>> + 'a>> {
        prelude.push(1);
        Box::pin(async move {
            tokio::task::yield_now().await;
            Err(ToolError::Odd)
        })
    }

    #[track_tool(metrics = self.metrics)]
    fn future(&self) -> impl Future<Output = Result<u8, ToolError>> {
        async {
            tokio::task::yield_now().await;
            Err(ToolError::Slow)
        }
    }
}

#[tokio::test]
async fn methods_with_every_kind_of_receiver_are_measured() {
    let metrics = build();
    let mut toolbox = Toolbox { metrics: metrics.clone() };
    let mut prelude = Vec::new();
    assert_eq!((toolbox.by_ref(), toolbox.by_mut().await, toolbox.native().await), (1, 2, 3));
    assert_eq!(toolbox.search("abc").await.expect("found"), 3);
    assert!(toolbox.boxed(&mut prelude).await.is_err());
    assert!(toolbox.future().await.is_err());
    assert_eq!(prelude, [1]);
    drop(toolbox.by_value());
    for name in ["by_ref", "by_mut", "by_value", "search", "native"] {
        assert_eq!(tools(&metrics, name, "success"), 1.0, "{name}");
    }
    assert_eq!(tools(&metrics, "boxed", "error"), 1.0);
    assert_eq!(tools(&metrics, "future", "timeout"), 1.0);
}

#[derive(Clone, Copy, LabelValue)]
enum Kind {
    Search,
    Coding,
}

#[track_step]
async fn step() {
    tokio::task::yield_now().await;
}

#[track_llm(model = "m", metrics = metrics, usage = in_body)]
async fn ask(metrics: &AgentMetrics, tokens: Option<u64>) -> anyhow::Result<String> {
    tokio::task::yield_now().await;
    if let Some(tokens) = tokens {
        Call::current().usage(&Usage::new(tokens, 1));
    }
    Ok("text".to_owned())
}

#[track_task(task_type = kind, metrics = metrics)]
async fn answer(
    metrics: &AgentMetrics,
    kind: Kind,
    steps: usize,
    calls: usize,
    nested: bool,
) -> anyhow::Result<()> {
    for _ in 0..steps {
        step().await;
    }
    for _ in 0..calls {
        ask(metrics, Some(7)).await?;
    }
    if nested {
        assert_eq!(samples(metrics).value("agent_active_tasks"), 1.0);
        Box::pin(answer(metrics, Kind::Coding, 5, 0, false)).await?;
        assert_eq!(samples(metrics).value("agent_active_tasks"), 1.0, "a nested task is no root");
    }
    Ok(())
}

#[tokio::test]
async fn steps_are_counted_in_the_enclosing_task() {
    let metrics = build();
    step().await; // outside of any task, so it is not counted in one
    answer(&metrics, Kind::Search, 3, 2, true).await.expect("no failure");
    answer(&metrics, Kind::Search, 0, 2, false).await.expect("no failure");
    let (first, second) = tokio::join!(
        answer(&metrics, Kind::Coding, 1, 0, false),
        answer(&metrics, Kind::Coding, 2, 0, false)
    );
    first.and(second).expect("no failure");
    let samples = samples(&metrics);
    let steps = |kind| {
        let of = |end: &str| samples.sum(&format!("agent_steps_per_task_{end}"), &[("task_type", kind)]);
        (of("count"), of("sum"))
    };
    // Marked steps count; in a task without any, LLM calls count as steps.
    assert_eq!(steps("search"), (2.0, 3.0 + 2.0));
    assert_eq!(steps("coding"), (3.0, 5.0 + 1.0 + 2.0));
    assert_eq!(samples.value("agent_active_tasks"), 0.0);
    assert_eq!(samples.sum("agent_llm_tokens_total", &[("direction", "input")]), 28.0);
}

#[tokio::test]
async fn a_call_without_reported_usage_is_counted_as_missing_it() {
    let metrics = build();
    ask(&metrics, None).await.expect("no failure");
    Call::current().usage(&Usage::new(1, 1)); // outside of any call, so it is ignored
    let samples = samples(&metrics);
    assert_eq!(samples.sum("agent_llm_usage_missing_total", &[("model", "m")]), 1.0);
    assert_eq!(samples.sum("agent_llm_input_tokens_count", &[]), 0.0);
}

trait Named {
    const NAME: &'static str;
}

struct A;
struct B;

impl Named for A {
    const NAME: &'static str = "generic_a";
}

impl Named for B {
    const NAME: &'static str = "generic_b";
}

#[track_tool(tool_name = T::NAME)]
fn generic<T: Named>() {}

#[derive(Clone, Copy, LabelValue)]
enum Other {
    #[label(name = "generic_other")]
    Only,
}

#[track_tool(tool_name = value)]
fn generic_enum<T: LabelValue>(value: T) {}

#[derive(Clone, Copy, LabelValue)]
enum This {
    #[label(name = "generic_this")]
    Only,
}

#[track_tool]
fn never_called() {}

#[test]
fn instantiations_of_a_generic_function_have_separate_series() {
    for _ in 0..3 {
        generic::<A>();
        generic::<B>();
        generic_enum(Other::Only);
        generic_enum(This::Only);
    }
    generic::<B>();
    for (name, calls) in
        [("generic_a", 3.0), ("generic_b", 4.0), ("generic_other", 3.0), ("generic_this", 3.0)]
    {
        assert_eq!(tools(global(), name, "success"), calls, "{name}");
    }
    let zero = "agent_tool_calls_total{status=\"success\",tool_name=\"never_called\"}";
    assert_eq!(samples(global()).value(zero), 0.0);
    let _ = never_called;
}

#[track_tool(tool_name = "either", metrics = metrics)]
fn either(metrics: &AgentMetrics) {}

#[test]
fn one_function_records_in_several_instances() {
    let (first, second) = (build(), build());
    either(&first);
    either(&second);
    either(&second);
    either(global());
    assert_eq!(tools(&first, "either", "success"), 1.0);
    assert_eq!(tools(&second, "either", "success"), 2.0);
    assert_eq!(tools(global(), "either", "success"), 1.0);
}
