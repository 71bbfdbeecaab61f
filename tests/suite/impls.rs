//! One attribute on an impl block: the functions that it tracks, and their names.

use std::fmt::Display;
use std::future::Future;

use agent_metrics::{
    AgentMetrics, Call, CallLabels, LabelValue, TimedOut, Usage, global, sites, track, track_llm, track_step,
    track_task, track_tool,
};
use agent_metrics_tests::Samples;

fn build() -> AgentMetrics {
    AgentMetrics::builder().build().expect("the defaults are valid")
}

fn samples(metrics: &AgentMetrics) -> Samples {
    Samples::parse(&metrics.to_text())
}

/// The `name status` of every tool call so far, in order, with its count.
fn called(metrics: &AgentMetrics) -> Vec<(String, f64)> {
    let samples = samples(metrics);
    let label = |series: &str, name: &str| {
        let (_, rest) = series.split_once(&format!("{name}=\"")).expect("the label");
        rest.split('"').next().expect("its value").to_owned()
    };
    let calls =
        samples.iter().filter(|(name, calls)| name.starts_with("agent_tool_calls_total{") && *calls > 0.0);
    let mut calls: Vec<_> = calls
        .map(|(series, calls)| (format!("{} {}", label(series, "tool_name"), label(series, "status")), calls))
        .collect();
    calls.sort_by(|left, right| left.0.cmp(&right.0));
    calls
}

fn once(calls: &[&str]) -> Vec<(String, f64)> {
    calls.iter().map(|call| ((*call).to_owned(), 1.0)).collect()
}

struct Tools {
    metrics: AgentMetrics,
}

#[track_tool(metrics = self.metrics)]
impl Tools {
    const ANSWER: u8 = { 42 };

    fn new() -> Self {
        Self { metrics: build() }
    }

    const fn answer() -> u8 {
        Self::ANSWER
    }

    const LINE_OF_SEARCH: u32 = line!() + 1;
    async fn search(&self, query: &str) -> usize {
        tokio::task::yield_now().await;
        query.len()
    }

    /// A reference given by the caller.
    fn fetch<'a>(&mut self, url: &'a str) -> Result<&'a str, String> {
        if url.is_empty() { Err("gone".to_owned()) } else { Ok(url) }
    }

    #[track(tool_name = "named", timeout = "1ms")]
    async fn slow(&self) -> Result<(), TimedOut> {
        std::future::pending().await
    }

    #[track(skip)]
    const fn skipped(&self) -> &AgentMetrics {
        &self.metrics
    }

    #[track_tool(tool_name = "of_its_own", metrics = self.metrics)]
    fn own(&self) {}

    #[track(metrics = metrics)]
    fn free(metrics: &AgentMetrics) -> bool {
        samples(metrics).sum("agent_tool_calls_in_progress", &[("tool_name", "free")]) > 0.0
    }

    fn end(self) -> AgentMetrics {
        self.metrics
    }
}

#[tokio::test]
async fn methods_are_measured_and_constructors_are_not() {
    let mut tools = Tools::new();
    assert_eq!((tools.search("abc").await, Tools::answer()), (3, 42));
    assert!(tools.fetch("").is_err());
    tools.slow().await.expect_err("never ready");
    tools.own();
    let metrics = tools.skipped().clone();
    assert!(Tools::free(&metrics));
    drop(tools.end());
    assert_eq!(
        called(&metrics),
        once(&[
            "end success",
            "fetch error",
            "free success",
            "named timeout",
            "of_its_own success",
            "search success"
        ])
    );
}

#[test]
fn each_method_is_a_call_site_at_its_own_line() {
    let site = sites().find(|site| site.function == "search" && site.module == module_path!());
    assert_eq!(site.expect("linked").line, Tools::LINE_OF_SEARCH);
}

trait Tool {
    const NAME: &'static str;

    fn call(&self, query: &str) -> impl Future<Output = Result<usize, String>> + Send;

    fn metrics(&self) -> &AgentMetrics;
}

struct WebSearch(AgentMetrics);

#[track_tool(metrics = self.0)]
impl Tool for WebSearch {
    const NAME: &'static str = "web";

    async fn call(&self, query: &str) -> Result<usize, String> {
        tokio::task::yield_now().await;
        Ok(query.len() + Self::NAME.len())
    }

    fn metrics(&self) -> &AgentMetrics {
        &self.0
    }
}

struct Named(AgentMetrics);

#[track_tool(tool_name = Self::NAME, metrics = self.0)]
impl Tool for Named {
    const NAME: &'static str = "by_its_constant";

    async fn call(&self, query: &str) -> Result<usize, String> {
        Err(query.to_owned())
    }

    #[track(skip)]
    fn metrics(&self) -> &AgentMetrics {
        &self.0
    }
}

#[tokio::test]
async fn methods_of_a_trait_impl_are_named_by_the_constant() {
    let search = WebSearch(build());
    assert_eq!(search.call("abc").await, Ok(6));
    assert_eq!(called(search.metrics()), once(&["web success"]));
    let named = Named(build());
    assert!(named.call("abc").await.is_err());
    assert_eq!(called(named.metrics()), once(&["by_its_constant error"]));
}

#[async_trait::async_trait]
trait Boxed: Send + Sync {
    async fn call(&self, query: &str) -> Result<usize, String>;
}

struct Above(AgentMetrics);
struct Below(AgentMetrics);

#[track_tool(metrics = self.0)]
#[async_trait::async_trait]
impl Boxed for Above {
    async fn call(&self, query: &str) -> Result<usize, String> {
        tokio::task::yield_now().await;
        Err(query.to_owned())
    }
}

#[async_trait::async_trait]
#[track_tool(metrics = self.0)]
impl Boxed for Below {
    async fn call(&self, query: &str) -> Result<usize, String> {
        tokio::task::yield_now().await;
        Err(query.to_owned())
    }
}

#[tokio::test]
async fn async_trait_may_stand_above_or_below_the_attribute() {
    let (above, below) = (build(), build());
    let tools: [Box<dyn Boxed>; 2] = [Box::new(Above(above.clone())), Box::new(Below(below.clone()))];
    for tool in tools {
        assert!(tool.call("abc").await.is_err());
    }
    // Only the end of the future is an error: its creation would be a success.
    assert_eq!((called(&above), called(&below)), (once(&["above error"]), once(&["below error"])));
}

struct Wrapper<T, const N: usize> {
    inner: [T; N],
    metrics: AgentMetrics,
}

#[track_tool(metrics = self.metrics)]
impl<T: Display + Sync, const N: usize> Wrapper<T, N>
where
    T: Clone,
{
    async fn shown(&self) -> String {
        tokio::task::yield_now().await;
        self.inner.iter().map(ToString::to_string).collect()
    }

    fn first<'a, U: From<&'a T>>(&'a self) -> U {
        U::from(&self.inner[0])
    }
}

#[tokio::test]
async fn a_generic_block_is_measured() {
    let metrics = build();
    assert_eq!(Wrapper { inner: ["a", "b"], metrics: metrics.clone() }.shown().await, "ab");
    let numbers = Wrapper { inner: [1_u8, 2, 3], metrics: metrics.clone() };
    assert_eq!((numbers.shown().await.as_str(), numbers.first::<&u8>()), ("123", &1));
    assert_eq!(called(&metrics), [("first success".to_owned(), 1.0), ("shown success".to_owned(), 2.0)]);
}

#[derive(Clone, Copy, LabelValue)]
enum Kind {
    Chat,
}

#[derive(Clone, Copy, CallLabels)]
#[calls(name = "impls_stage")]
struct Stage {
    kind: Kind,
}

struct Agent {
    model: String,
    metrics: AgentMetrics,
}

#[track_llm(model = self.model, metrics = self.metrics, usage = in_body)]
impl Agent {
    async fn ask(&self) -> Result<String, String> {
        tokio::task::yield_now().await;
        Call::current().usage(&Usage::new(7, 1));
        Ok("text".to_owned())
    }

    #[track(model = "small", usage = |reply| Some(Usage::new(reply.len() as u64, 0)))]
    fn summary(&self) -> Result<String, String> {
        Ok("text".to_owned())
    }
}

#[track_task(task_type = Kind::Chat, metrics = self.metrics)]
impl Agent {
    async fn answer(&self) -> Result<String, String> {
        self.think();
        self.think();
        self.ask().await?;
        self.summary()
    }

    #[track(task_type = "other")]
    async fn fail(&self) -> Result<(), String> {
        Err(String::new())
    }
}

#[track_step]
impl Agent {
    fn think(&self) {}
}

#[track(Stage, kind = Kind::Chat, metrics = self.metrics)]
impl Agent {
    fn staged(&self) {}
}

#[tokio::test]
async fn every_attribute_accepts_an_impl_block() {
    let agent = Agent { model: "large".to_owned(), metrics: build() };
    assert_eq!((agent.answer().await.as_deref(), agent.fail().await.is_err()), (Ok("text"), true));
    agent.staged();
    let samples = samples(&agent.metrics);
    for (family, labels, expected) in [
        ("agent_llm_tokens_total", [("model", "large"), ("direction", "input")], 7.0),
        ("agent_llm_tokens_total", [("model", "small"), ("direction", "input")], 4.0),
        ("agent_tasks_total", [("task_type", "chat"), ("status", "success")], 1.0),
        ("agent_tasks_total", [("task_type", "other"), ("status", "failure")], 1.0),
        ("impls_stage_calls_total", [("kind", "chat"), ("status", "success")], 1.0),
    ] {
        assert_eq!(samples.sum(family, &labels), expected, "{family} {labels:?}");
    }
    assert_eq!(samples.sum("agent_steps_per_task_sum", &[("task_type", "chat")]), 2.0);
}

struct Zero;

trait NeverCalled {
    fn call(&self);
}

#[track_tool]
impl NeverCalled for Zero {
    fn call(&self) {}
}

#[test]
fn a_type_name_is_a_constant_label() {
    let zero = "agent_tool_calls_total{status=\"success\",tool_name=\"zero\"}";
    assert_eq!(samples(global()).value(zero), 0.0);
    let _ = Zero::call;
}
