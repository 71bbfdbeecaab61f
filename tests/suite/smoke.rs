use agent_metrics::*;

#[derive(Clone, Copy, LabelValue)]
enum TaskType {
    Search,
    Analysis,
}

#[derive(Debug, Classify)]
enum ToolError {
    #[classify(timeout)]
    Slow,
    Odd,
}
impl std::fmt::Display for ToolError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{self:?}")
    }
}
impl std::error::Error for ToolError {}

struct Reply;
impl TokenUsage for Reply {
    fn token_usage(&self) -> Option<Usage> {
        Some(Usage::new(1000, 100))
    }
}

struct Model {
    model: String,
}
impl Model {
    #[track_llm(model = self.model)]
    async fn generate(&self, prompt: &str) -> Result<Reply, ToolError> {
        tokio::task::yield_now().await;
        if prompt.is_empty() { Err(ToolError::Slow) } else { Ok(Reply) }
    }
    #[track_llm(model = self.model, usage = in_body)]
    async fn text(&self) -> anyhow::Result<String> {
        tokio::task::yield_now().await;
        Call::current().usage(&Reply);
        Ok("x".into())
    }
}

#[track_tool]
fn calc(n: i32) -> Result<i32, ToolError> {
    if n > 0 { Ok(n) } else { Err(ToolError::Slow) }
}

#[track_step]
async fn step_once() {
    tokio::task::yield_now().await;
}

#[track_task(task_type = kind, timeout = "50ms")]
async fn answer(kind: TaskType, slow: bool) -> anyhow::Result<i32> {
    step_once().await;
    step_once().await;
    let m = Model { model: "gemini-2.0-flash".into() };
    m.generate("x").await?;
    m.text().await?;
    let _ = m.generate("").await;
    if slow {
        tokio::time::sleep(std::time::Duration::from_secs(5)).await;
    }
    Ok(calc(1)?)
}
#[track_tool]
fn never_called() {}

#[derive(Clone, Copy, LabelValue)]
enum Index {
    Docs,
    Code,
}
#[derive(Clone, Copy, CallLabels)]
#[calls(name = "retrieval", buckets = [0.01, 0.1], in_flight)]
struct Retrieval {
    index: Index,
    tenant: Bounded<4>,
}
#[track(Retrieval, index = Index::Docs, tenant = who)]
async fn retrieve(who: &str) -> Result<(), ToolError> {
    Ok(())
}
#[derive(Clone, Copy, LabelSet)]
struct L {
    index: Index,
}
#[derive(Metrics)]
#[metrics(namespace = "support")]
struct M {
    /** Docs. */
    docs_total: Counter<L>,
    #[metric(buckets=[0.1,1.0])]
    reason_seconds: Histogram<L>,
}

#[tokio::test]
async fn smoke() {
    let _ = answer(TaskType::Search, false).await;
    let _ = answer(TaskType::Search, true).await;
    let _ = calc(-1);
    drop(tokio::time::timeout(std::time::Duration::from_millis(5), answer(TaskType::Search, true)).await);
    retrieve("a\"b").await.unwrap();
    M::global().docs_total.with(L { index: Index::Code }).inc();
    M::global().reason_seconds.with(L { index: Index::Code }).observe(0.5);
    println!("{}", global().to_text());
}
