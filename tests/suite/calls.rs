//! What the attributes record, on every shape of function.

use std::error::Error;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use agent_metrics::{
    AgentMetrics, Call, Classify, LabelValue, Status, TimedOut, TokenUsage, Usage, global, track_llm,
    track_step, track_task, track_tool,
};
use agent_metrics_tests::Samples;

fn build() -> AgentMetrics {
    AgentMetrics::builder().build().expect("the defaults are valid")
}

fn samples(metrics: &AgentMetrics) -> Samples {
    Samples::parse(&metrics.to_text())
}

fn tools(metrics: &AgentMetrics, name: &str, status: &str) -> f64 {
    samples(metrics).sum("agent_tool_calls_total", &[("tool_name", name), ("status", status)])
}

#[derive(Debug, Classify)]
enum ToolError {
    #[classify(timeout)]
    Slow,
    #[classify(transparent)]
    Io(std::io::Error),
    Odd,
}

impl fmt::Display for ToolError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self:?}")
    }
}

impl Error for ToolError {}

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
async fn every_receiver_is_measured_to_its_end() {
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

#[track_tool(metrics = metrics)]
fn anyhow_fails(metrics: &AgentMetrics, error: ToolError) -> anyhow::Result<()> {
    Err(anyhow::Error::new(error).context("while looking"))
}

#[track_tool(metrics = metrics)]
fn eyre_fails(metrics: &AgentMetrics) -> Result<(), eyre::Report> {
    Err(eyre::Report::new(ToolError::Slow).wrap_err("while looking"))
}

#[track_tool(metrics = metrics)]
fn boxed_fails(metrics: &AgentMetrics) -> Result<(), Box<dyn Error + Send + Sync>> {
    Err(Box::new(ToolError::Slow))
}

#[track_tool(metrics = metrics)]
fn local_boxed_fails(metrics: &AgentMetrics) -> Result<(), Box<dyn Error>> {
    Err(Box::new(TimedOut::default()))
}

#[track_tool(metrics = metrics)]
fn unknown_fails(metrics: &AgentMetrics) -> Result<(), String> {
    Err("odd".to_owned())
}

#[track_llm(model = "m", metrics = metrics, usage = |()| None)]
fn llm_fails(metrics: &AgentMetrics, error: ToolError) -> anyhow::Result<()> {
    Err(error.into())
}

#[test]
fn errors_are_classified_through_their_chains() {
    let metrics = build();
    let refused = || ToolError::Io(std::io::ErrorKind::ConnectionRefused.into());
    let _ = anyhow_fails(&metrics, ToolError::Slow);
    let _ = anyhow_fails(&metrics, ToolError::Odd);
    let _ =
        (eyre_fails(&metrics), boxed_fails(&metrics), local_boxed_fails(&metrics), unknown_fails(&metrics));
    let _ = llm_fails(&metrics, refused());
    for name in ["anyhow_fails", "eyre_fails", "boxed_fails", "local_boxed_fails"] {
        assert_eq!(tools(&metrics, name, "timeout"), 1.0, "{name}");
    }
    assert_eq!(tools(&metrics, "anyhow_fails", "error"), 1.0);
    assert_eq!(tools(&metrics, "unknown_fails", "error"), 1.0);
    assert_eq!(samples(&metrics).sum("agent_llm_calls_total", &[("status", "unavailable")]), 1.0);
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
async fn steps_belong_to_the_task_around_them() {
    let metrics = build();
    step().await; // outside of any task: nobody's
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
    // Marked steps count; where none is marked, LLM calls do.
    assert_eq!(steps("search"), (2.0, 3.0 + 2.0));
    assert_eq!(steps("coding"), (3.0, 5.0 + 1.0 + 2.0));
    assert_eq!(samples.value("agent_active_tasks"), 0.0);
    assert_eq!(samples.sum("agent_llm_tokens_total", &[("direction", "input")]), 28.0);
}

#[tokio::test]
async fn a_call_that_tells_no_usage_is_missing_it() {
    let metrics = build();
    ask(&metrics, None).await.expect("no failure");
    Call::current().usage(&Usage::new(1, 1)); // outside of any call: nobody's
    let samples = samples(&metrics);
    assert_eq!(samples.sum("agent_llm_usage_missing_total", &[("model", "m")]), 1.0);
    assert_eq!(samples.sum("agent_llm_input_tokens_count", &[]), 0.0);
}

struct Reply(u64, u64);

impl TokenUsage for Reply {
    fn token_usage(&self) -> Option<Usage> {
        Some(Usage::new(self.0, self.1).cache_read(self.0 / 2))
    }
}

#[track_llm(model = model, metrics = metrics)]
async fn generate(metrics: &AgentMetrics, model: String, fail: bool) -> Result<Reply, ToolError> {
    if fail { Err(ToolError::Slow) } else { Ok(Reply(1_000_000, 1_000_000)) }
}

#[tokio::test]
async fn tokens_become_money_or_unpriced() {
    let metrics = build();
    for fail in [false, true] {
        let _ = generate(&metrics, "gemini-2.0-flash".to_owned(), fail).await;
        let _ = generate(&metrics, "nobody-knows".to_owned(), fail).await;
    }
    let samples = samples(&metrics);
    let near = |series: &str, expected: f64| {
        let found = samples.value(series);
        assert!((found - expected).abs() < 1e-9, "{series} {found}");
    };
    near("agent_cost_usd_total{cost_type=\"input\",model=\"gemini-2.0-flash\"}", 0.075);
    near("agent_cost_usd_total{cost_type=\"output\",model=\"gemini-2.0-flash\"}", 0.30);
    near("agent_cost_total_cents{cost_type=\"output\",model=\"gemini-2.0-flash\"}", 30.0);
    near("agent_llm_unpriced_tokens_total{direction=\"input\",model=\"nobody-knows\"}", 1e6);
    assert_eq!(
        samples.get("agent_cost_usd_total{cost_type=\"input\",model=\"nobody-knows\"}"),
        None,
        "never $0"
    );
    assert_eq!(samples.sum("agent_llm_input_tokens_count", &[]), 2.0, "a failed call observes no tokens");
    assert_eq!(samples.sum("agent_llm_token_details_total", &[("kind", "cache_read")]), 1e6);
}

#[track_task(task_type = "limited", timeout = "20ms", metrics = metrics)]
async fn limited(metrics: &AgentMetrics) -> anyhow::Result<()> {
    waits(metrics).await;
    Ok(())
}

#[track_tool(metrics = metrics)]
async fn waits(metrics: &AgentMetrics) {
    std::future::pending::<()>().await;
}

#[tokio::test]
async fn what_is_given_up_is_timeout_and_what_is_dropped_cancelled() {
    let metrics = build();
    let error = limited(&metrics).await.expect_err("never ready");
    assert!(error.is::<TimedOut>());
    assert_eq!(tools(&metrics, "waits", "timeout"), 1.0, "what was dropped with it");
    let limit = Duration::from_millis(5);
    assert!(agent_metrics::timeout(limit, waits(&metrics)).await.is_err());
    assert_eq!(tools(&metrics, "waits", "timeout"), 2.0);
    assert!(tokio::time::timeout(limit, waits(&metrics)).await.is_err());
    assert_eq!(tools(&metrics, "waits", "cancelled"), 1.0);
    drop(waits(&metrics)); // never polled: never a call
    let samples = samples(&metrics);
    assert_eq!(samples.sum("agent_tasks_total", &[("status", "timeout")]), 1.0);
    assert_eq!(samples.sum("agent_tool_calls_total", &[]), 3.0);
    assert_eq!(samples.sum("agent_tool_calls_in_progress", &[]), 0.0);
    assert_eq!(samples.value("agent_active_tasks"), 0.0);
}

#[track_tool(metrics = metrics, status = |output: &u8| if *output > 1 { Status::Error } else { Status::Success })]
fn judged(metrics: &AgentMetrics, output: u8) -> u8 {
    output
}

#[track_tool(metrics = metrics, status = |_| panic!("in a callback"))]
fn misjudged(metrics: &AgentMetrics) -> u8 {
    5
}

#[test]
fn a_callbacks_panic_stays_with_us() {
    let metrics = build();
    assert_eq!((judged(&metrics, 1), judged(&metrics, 2)), (1, 2));
    assert_eq!((tools(&metrics, "judged", "success"), tools(&metrics, "judged", "error")), (1.0, 1.0));
    let before = samples(&metrics).value("agent_metrics_callback_panics_total");
    assert_eq!(misjudged(&metrics), 5);
    assert_eq!(samples(&metrics).value("agent_metrics_callback_panics_total"), before + 1.0);
    assert_eq!(samples(&metrics).sum("agent_tool_calls_total", &[("tool_name", "misjudged")]), 1.0);
}

#[test]
fn guards_by_hand_never_pass_a_drop_for_a_success() {
    let metrics = build();
    drop(metrics.track_task("dropped"));
    let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        let _guard = metrics.track_task("panicked");
        panic!("as it should");
    }));
    assert!(panicked.is_err());
    metrics.track_task("failed").finish_with(&Err::<(), _>(ToolError::Odd));
    let mut call = metrics.track_llm("gemini-2.0-flash");
    call.usage(&Usage::new(3, 4));
    call.finish(Status::Success);
    let samples = samples(&metrics);
    for (kind, status) in [("dropped", "cancelled"), ("panicked", "panicked"), ("failed", "failure")] {
        assert_eq!(
            samples.sum("agent_tasks_total", &[("task_type", kind), ("status", status)]),
            1.0,
            "{kind}"
        );
    }
    assert_eq!(samples.sum("agent_llm_tokens_total", &[("direction", "output")]), 4.0);
    assert_eq!(samples.value("agent_active_tasks"), 0.0);
    // Panicked tasks count against the completion rate, cancelled ones don't.
    assert_eq!(samples.value("agent_task_completion_rate{window=\"1h\"}"), 0.0);
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
fn never_called_but_seen() {}

#[test]
fn one_site_serves_every_instantiation_its_own_series() {
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
    let zero = "agent_tool_calls_total{status=\"success\",tool_name=\"never_called_but_seen\"}";
    assert_eq!(samples(global()).value(zero), 0.0);
    let _ = never_called_but_seen;
}

#[track_tool(tool_name = "either", metrics = metrics)]
fn either(metrics: &AgentMetrics) {}

#[test]
fn one_site_serves_several_instances() {
    let (first, second) = (build(), build());
    either(&first);
    either(&second);
    either(&second);
    either(global());
    assert_eq!(tools(&first, "either", "success"), 1.0);
    assert_eq!(tools(&second, "either", "success"), 2.0);
    assert_eq!(tools(global(), "either", "success"), 1.0);
}

#[test]
fn durations_by_status_add_up() {
    let metrics = AgentMetrics::builder().duration_by_status().build().expect("valid");
    metrics.record_tool_call("t", Duration::from_millis(30), Status::Success);
    metrics.record_tool_call("t", Duration::from_secs(3), Status::Error);
    let samples = samples(&metrics);
    let sum = |status| samples.sum("agent_tool_call_duration_seconds_sum", &[("status", status)]);
    assert!((sum("success") - 0.03).abs() < 1e-6 && (sum("error") - 3.0).abs() < 1e-6);
    assert_eq!(samples.sum("agent_tool_call_duration_seconds_count", &[]), 2.0);
}
