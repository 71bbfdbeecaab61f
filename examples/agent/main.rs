//! An AI agent whose tasks, steps, tools and model calls are measured: it does five tasks, prints the metrics they left,
//! then serves `POST /tasks` and `GET /metrics` under a light load of its own.
//!
//! Without `GEMINI_API_KEY` it talks to a simulated model of the same wire format, which it starts itself.

mod agent;
mod cli;
mod gemini;
mod insight;
mod load;
mod memory;
mod planner;
mod report;
mod server;
mod shutdown;
mod simulated_gemini;
mod task;
#[cfg(test)]
mod tests;
mod tools;

use std::{
    env,
    process::ExitCode,
    time::{Duration, Instant},
};

use agent_metrics::{AgentMetrics, PriceTable};
use anyhow::Context as _;
use reqwest::header::HeaderValue;
use tokio::net::TcpListener;

use agent::Agent;
use cli::{Command, Options};
use gemini::{GeminiModel, ModelConfig, RetryPolicy};
use load::Load;
use report::say;
use shutdown::Shutdown;
use simulated_gemini::{Faults, SimulatedGemini};
use tools::{Toolbox, library::Library};

#[tokio::main]
async fn main() -> ExitCode {
    let command = cli::parse(lexopt::Parser::from_env()).map_err(|error| error.to_string());
    let key = cli::api_key(env::var_os(cli::KEY_VARIABLE));
    let (options, key) = match (command, key) {
        (Ok(Command::Help), _) => {
            say(cli::HELP.trim_end());
            return ExitCode::SUCCESS;
        }
        (Ok(Command::Run(options)), Ok(key)) => (options, key),
        (Err(message), _) | (_, Err(message)) => {
            eprintln!("agent: {message}\nTry `--help`.");
            return ExitCode::from(2);
        }
    };
    match run(options, key).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("agent: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn run(options: Options, key: Option<HeaderValue>) -> anyhow::Result<()> {
    // Bound before anything else is done: a port in use shows at once.
    let listener = if options.once { None } else { Some(bind(&options).await?) };
    let library = options.docs.as_deref().map_or_else(|| Ok(Library::built_in()), Library::from_folder)?;
    let Connection { model, is_simulated, _server } = connect(&options, key).await?;
    let prices = PriceTable::bundled();
    if prices.get(model.name()).is_none() {
        say(format_args!("No price of {} is known: its tokens are counted as unpriced.", model.name()));
    }
    let metrics = AgentMetrics::builder().prices(prices).install()?;
    metrics.set_app_info(&[
        ("version", env!("CARGO_PKG_VERSION")),
        ("model", model.name()),
        ("environment", if is_simulated { "simulation" } else { "production" }),
    ])?;
    let agent = Agent::new(model, Toolbox::new(library), metrics);

    let mut shutdown = Shutdown::on_signal();
    tokio::select! {
        () = opening(&agent) => {}
        () = shutdown.begun() => return Ok(()),
    }
    say("\nMetrics so far:\n");
    report::samples(metrics);
    let Some(listener) = listener else { return Ok(()) };
    let load = options.load.unwrap_or(if is_simulated { 2.0 } else { 0.05 });
    serve(listener, agent, metrics, load, shutdown).await
}

async fn bind(options: &Options) -> anyhow::Result<TcpListener> {
    let addr = options.addr;
    TcpListener::bind(addr)
        .await
        .with_context(|| format!("can't listen on {addr} (choose another with `--addr`)"))
}

struct Connection {
    model: GeminiModel,
    is_simulated: bool,
    /// Stops when it's dropped.
    _server: Option<SimulatedGemini>,
}

/// The real service with a key, the given server with an address, else a simulated one.
async fn connect(options: &Options, key: Option<HeaderValue>) -> anyhow::Result<Connection> {
    let mut server = None;
    let base_url = match (&options.base_url, &key) {
        (Some(url), _) => url.clone(),
        (None, Some(_)) => gemini::PUBLIC_SERVICE.to_owned(),
        (None, None) => server.insert(SimulatedGemini::start(Faults::busy(), options.seed).await?).base_url(),
    };
    let is_simulated = server.is_some();
    let (model, timeout) = if is_simulated { ("gemini-2.0-flash", 4) } else { ("gemini-flash-latest", 15) };
    let model = options.model.clone().unwrap_or_else(|| model.to_owned());
    let simulation = if is_simulated { ", a simulation" } else { "" };
    let mut asking = format!("Asking {model} at {base_url}{simulation}.");
    if PriceTable::bundled().get(&model).is_none() {
        asking.push_str(" It has no price here: its tokens count in agent_llm_unpriced_tokens_total.");
    }
    let timeout = Duration::from_secs(timeout);
    let model =
        GeminiModel::new(ModelConfig { base_url, model, key, timeout, retry: RetryPolicy::default() })?;
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
                say(format_args!(
                    "      {} steps in {seconds:.1} s, {} tokens, ${:.6}, tools: {}",
                    answer.steps,
                    answer.tokens,
                    answer.cost_usd,
                    answer.tools.join(", ")
                ));
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
    load: f64,
    shutdown: Shutdown,
) -> anyhow::Result<()> {
    let addr = listener.local_addr()?;
    say(format_args!("\nServing http://{addr}/ and http://{addr}/metrics; Ctrl-C stops."));
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
        let server = server::serve(listener, server::router(agent, metrics), shutdown.clone());
        let progress = report::progress(metrics, shutdown.clone());
        tokio::join!(server, visits, progress).0
    };
    let mut stopping = shutdown.clone();
    let time_is_up = async {
        stopping.begun().await;
        say(format_args!("Stopping; what is under way has {} s to end.", server::GRACE.as_secs()));
        tokio::time::sleep(server::GRACE).await;
    };
    tokio::select! {
        served = work => served.context("the server stopped")?,
        () = time_is_up => {}
    }
    say("Stopped.");
    Ok(())
}
