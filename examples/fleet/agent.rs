//! One agent of a fleet: it runs its tasks and then waits for scrapes, or pushes its metrics and ends.

use agent_metrics::push::{Push, RemoteWrite};
use agent_metrics::{LabelValue, TokenUsage, Usage, track_llm, track_task, track_tool, web};
use anyhow::Context as _;
use axum::Router;
use lexopt::prelude::*;

const HELP: &str = "\
fleet-agent [--tasks COUNT] --addr ADDRESS     does its tasks, then serves /metrics
fleet-agent [--tasks COUNT] --push URL         does its tasks, pushes them by remote-write, and ends
            [--instance NAME]                  which of the job's processes it is";

#[derive(Clone, Copy, LabelValue)]
enum Kind {
    Search,
    Coding,
}

struct Reply;

impl TokenUsage for Reply {
    fn token_usage(&self) -> Option<Usage> {
        Some(Usage::new(1_000, 100))
    }
}

#[track_tool]
async fn look_up(task: u64) -> anyhow::Result<u64> {
    anyhow::ensure!(!task.is_multiple_of(10), "nothing found");
    Ok(task)
}

#[track_llm(model = "gemini-2.0-flash")]
async fn ask() -> anyhow::Result<Reply> {
    Ok(Reply)
}

/// A task type of which every tenth task fails.
#[track_task(task_type = kind)]
async fn answer(kind: Kind, task: u64) -> anyhow::Result<()> {
    let found = look_up(task).await;
    ask().await?;
    found.map(drop)
}

struct Options {
    tasks: u64,
    instance: String,
    then: Then,
}

/// The action after the tasks.
enum Then {
    Serve(String),
    Push(String),
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let options = options()?;
    for task in 1..=options.tasks {
        let kind = if task.is_multiple_of(3) { Kind::Coding } else { Kind::Search };
        // A failed task is counted, and the next one runs.
        let _ = answer(kind, task).await;
    }
    match options.then {
        Then::Serve(address) => serve(&address).await,
        Then::Push(url) => tokio::task::spawn_blocking(move || push(url, options.instance)).await?,
    }
}

async fn serve(address: &str) -> anyhow::Result<()> {
    let app = Router::new().route("/metrics", web::axum::metrics_route(agent_metrics::global()));
    let listener =
        tokio::net::TcpListener::bind(address).await.with_context(|| format!("listening on {address}"))?;
    Ok(axum::serve(listener, app).await?)
}

/// Pushes the metrics of a job, which ends before it is scraped.
fn push(url: String, instance: String) -> anyhow::Result<()> {
    let target = RemoteWrite::new(url, "jobs").label("instance", instance);
    Push::to(target).once(agent_metrics::global())?;
    Ok(())
}

fn options() -> anyhow::Result<Options> {
    let (mut tasks, mut instance, mut then) = (30, "fleet-agent".to_owned(), None);
    let mut arguments = lexopt::Parser::from_env();
    while let Some(argument) = arguments.next()? {
        match argument {
            Long("tasks") => tasks = arguments.value()?.parse()?,
            Long("instance") => instance = arguments.value()?.string()?,
            Long("addr") => then = Some(Then::Serve(arguments.value()?.string()?)),
            Long("push") => then = Some(Then::Push(arguments.value()?.string()?)),
            other => return Err(anyhow::Error::new(other.unexpected()).context(HELP)),
        }
    }
    Ok(Options { tasks, instance, then: then.context(HELP)? })
}
