//! An AI agent whose tasks, steps, tools and model calls are measured: it does five tasks, prints the metrics they left,
//! then serves `POST /tasks`, `POST /chat` and `GET /metrics` under a light load of its own.
//!
//! Without an API key it starts a simulated model with the provider's wire format.

mod agent;
mod cli;
mod insight;
mod ledger_line;
mod load;
mod memory;
mod model;
mod planner;
mod report;
mod server;
mod shutdown;
mod simulated;
mod task;
#[cfg(test)]
mod tests;
mod tools;

use std::{
    env,
    process::ExitCode,
    time::{Duration, Instant},
};

use agent_metrics::budget::Unpriced;
use agent_metrics::{AgentMetrics, Budget, PriceTable, live::LivePage};
use anyhow::Context as _;
use reqwest::header::HeaderValue;
use tokio::net::TcpListener;

use agent::Agent;
use cli::{Command, Options};
use load::Load;
use model::{Model, ModelConfig, RetryPolicy};
use report::say;
use shutdown::Shutdown;
use simulated::{Faults, SimulatedModel};
use tools::{ToolName, Toolbox, library::Library};

#[tokio::main]
async fn main() -> ExitCode {
    let options = match cli::parse(lexopt::Parser::from_env()) {
        Ok(Command::Run(options)) => options,
        Ok(Command::Help) => {
            say(cli::HELP.trim_end());
            return ExitCode::SUCCESS;
        }
        Err(error) => return wrong_usage(&error.to_string()),
    };
    let variable = options.provider.key_variable();
    let key = match cli::api_key(variable, env::var_os(variable)) {
        Ok(key) => key,
        Err(message) => return wrong_usage(&message),
    };
    match run(options, key).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("agent: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn wrong_usage(message: &str) -> ExitCode {
    eprintln!("agent: {message}\nTry `--help`.");
    ExitCode::from(2)
}

async fn run(options: Options, key: Option<HeaderValue>) -> anyhow::Result<()> {
    // Bound before anything else is done: a port in use shows at once.
    let listener = if options.once { None } else { Some(bind(&options).await?) };
    let library = options.docs.as_deref().map_or_else(|| Ok(Library::built_in()), Library::from_folder)?;
    let Connection { model, is_simulated, _server } = connect(&options, key).await?;
    let prices = PriceTable::bundled();
    // A budget refuses calls whose cost is unknown, unless it allows them.
    let mut on_unpriced = Unpriced::Refuse;
    if prices.get(model.name()).is_none() {
        on_unpriced = Unpriced::Allow;
        say(format_args!(
            "No price of {} is known: its tokens are counted as unpriced, and --budget does not limit them.",
            model.name()
        ));
    }
    let metrics = AgentMetrics::builder()
        .prices(prices)
        .known_tools(ToolName::ALL)
        .on_fault(|fault| eprintln!("agent: {fault}"))
        .install()?;
    metrics.set_app_info(&[
        ("version", env!("CARGO_PKG_VERSION")),
        ("model", model.name()),
        ("environment", if is_simulated { "simulation" } else { "production" }),
    ])?;
    // Its history begins here, before the first task.
    let live = LivePage::new(metrics)?;
    let budget =
        Budget::rolling("tasks", cli::BUDGET_WINDOW, options.budget)?.warn_at(0.8).on_unpriced(on_unpriced);
    let agent = Agent::new(model, Toolbox::new(library), budget, metrics);

    let mut shutdown = Shutdown::on_signal();
    tokio::select! {
        () = opening(&agent) => {}
        () = shutdown.begun() => return Ok(()),
    }
    say("\nMetrics so far:\n");
    report::samples(metrics);
    let Some(listener) = listener else { return Ok(()) };
    let load = options.load.unwrap_or(if is_simulated { 2.0 } else { 0.05 });
    serve(listener, agent, metrics, live, load, shutdown).await
}

async fn bind(options: &Options) -> anyhow::Result<TcpListener> {
    let addr = options.addr;
    TcpListener::bind(addr)
        .await
        .with_context(|| format!("can't listen on {addr} (choose another with `--addr`)"))
}

struct Connection {
    model: Model,
    is_simulated: bool,
    /// Stops when it's dropped.
    _server: Option<SimulatedModel>,
}

/// The real service with a key, the given server with an address, else a simulated one.
async fn connect(options: &Options, key: Option<HeaderValue>) -> anyhow::Result<Connection> {
    let provider = options.provider;
    let mut server = None;
    let base_url = match (&options.base_url, &key) {
        (Some(url), _) => url.clone(),
        (None, Some(_)) => provider.public_service().to_owned(),
        (None, None) => {
            server.insert(SimulatedModel::start(provider, Faults::busy(), options.seed).await?).base_url()
        }
    };
    let is_simulated = server.is_some();
    let timeout = Duration::from_secs(if is_simulated { 4 } else { 15 });
    let model = options.model.clone().unwrap_or_else(|| provider.default_model(is_simulated).to_owned());
    let simulation = if is_simulated { ", a simulation" } else { "" };
    let mut asking = format!("Asking {model} at {base_url}{simulation}.");
    if PriceTable::bundled().get(&model).is_none() {
        asking.push_str(" It has no price here: its tokens count in agent_llm_unpriced_tokens_total.");
    }
    let retry = RetryPolicy::default();
    let model = Model::new(ModelConfig { provider, base_url, model, key, timeout, retry })?;
    say(asking);
    Ok(Connection { model, is_simulated, _server: server })
}

/// Does the five tasks one after the other. One that fails is reported and counted, and the next one follows.
async fn opening(agent: &Agent) {
    for (number, (kind, prompt)) in (1..).zip(task::OPENING) {
        say(format_args!("\n[{number}/{}] {}: {prompt}", task::OPENING.len(), kind.name()));
        let start = Instant::now();
        let result = agent.run(kind, prompt).await;
        let seconds = start.elapsed().as_secs_f64();
        match result {
            Ok(answer) => {
                say(format_args!("      tools: {}", answer.tools.join(", ")));
                say(answer.text.lines().map(|line| format!("      | {line}")).collect::<Vec<_>>().join("\n"));
            }
            Err(error) => say(format_args!("      failed after {seconds:.1} s: {error:#}")),
        }
    }
}

/// Serves, under load, until the program is to stop; what is under way then has a little time to end.
async fn serve(
    listener: TcpListener,
    agent: Agent,
    metrics: &'static AgentMetrics,
    live: LivePage,
    load: f64,
    shutdown: Shutdown,
) -> anyhow::Result<()> {
    let addr = listener.local_addr()?;
    say(format_args!(
        "\nOpen http://{addr}/ to watch the agent, and http://{addr}/try to give it a task. Prometheus scrapes http://{addr}/metrics. Ctrl-C stops."
    ));
    let visitors = if load > 0.0 {
        say(format_args!("Own load: {load} tasks a second; `--load 0` turns it off."));
        Some(Load::new(addr, load)?)
    } else {
        None
    };
    let work = async {
        let visits = async {
            if let Some(visitors) = visitors {
                visitors.run(shutdown.clone()).await;
            }
        };
        let server = server::serve(listener, server::router(agent, metrics, &live), shutdown.clone());
        let progress = report::progress(metrics, shutdown.clone());
        tokio::join!(server, visits, progress).0
    };
    let mut stopping = shutdown.clone();
    let time_is_up = async {
        stopping.begun().await;
        say(format_args!("Stopping; requests in flight have {} s to finish.", server::GRACE.as_secs()));
        tokio::time::sleep(server::GRACE).await;
    };
    tokio::select! {
        served = work => served.context("the server stopped")?,
        () = time_is_up => {}
    }
    say("Stopped.");
    Ok(())
}
