//! The command line and the environment.

use std::{ffi::OsString, net::SocketAddr, path::PathBuf, time::Duration};

use lexopt::{Arg, ValueExt as _};
use reqwest::header::HeaderValue;

use crate::model::Provider;

pub(crate) const HELP: &str = "\
An AI agent whose tasks, steps, tools and model calls are measured.

It does five tasks, prints the metrics they left, and then serves
  GET  /          the live page: what the agent does, with its cost
  GET  /try       a page with forms: give the agent a task, chat with it
  POST /tasks     {\"task_type\": \"search\", \"prompt\": \"..\"}
  POST /chat      {\"message\": \"..\"}, answered by server-sent events
  POST /feedback  {\"score\": 5, \"task_type\": \"search\"}
  GET  /metrics   for Prometheus
until Ctrl-C, with a light built-in load.

Usage: agent [OPTIONS]

Options:
  --addr IP:PORT     address to serve on [default: 127.0.0.1:9185]
  --load NUMBER      built-in tasks per second, 0 for none
                     [default: 2; 0.05 with a model that isn't simulated]
  --once             stop after the five tasks, without serving
  --docs FOLDER      search the .md and .txt files of FOLDER instead of the built-in ones
  --provider NAME    gemini, openai or anthropic: the wire format
                     [default: gemini]
  --model NAME       the model to call [default: gemini-2.0-flash simulated,
                     else gemini-flash-latest; gpt-4.1-mini; claude-haiku-4-5]
  --base-url URL     a server of the provider's format [default: with a key the
                     public service, else a simulated one on loopback]
  --budget USD       spending per hour above which no task starts
                     [default: 100]
  --seed NUMBER      random seed of the faults of the simulated service
                     [default: 3]
  --help             this text

Try next:
  agent --load 20                   a busy agent: watch the live page
  agent --provider anthropic        another wire format
  agent --load 5 --budget 0.01      see what a spent budget does

Environment:
  GEMINI_API_KEY, OPENAI_API_KEY, ANTHROPIC_API_KEY
                     the key of the provider's real service
";
const DEFAULT_ADDR: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 9185);
/// With this seed the five tasks meet a rate limit and a failed call, and retries recover from both.
pub(crate) const DEFAULT_SEED: u64 = 3;
pub(crate) const BUDGET_WINDOW: Duration = Duration::from_secs(3600);
/// More than the light load spends in an hour with any of the simulated models.
const DEFAULT_BUDGET: f64 = 100.0;
const MOST_BUDGET: f64 = 1e6;
/// From four tasks per hour to the capacity of one process.
const LEAST_LOAD: f64 = 0.001;
const MOST_LOAD: f64 = 100.0;

#[derive(Debug, PartialEq)]
pub(crate) enum Command {
    Run(Options),
    Help,
}

#[derive(Debug, PartialEq)]
pub(crate) struct Options {
    pub(crate) addr: SocketAddr,
    /// Tasks a second.
    pub(crate) load: Option<f64>,
    pub(crate) once: bool,
    pub(crate) docs: Option<PathBuf>,
    pub(crate) provider: Provider,
    pub(crate) model: Option<String>,
    pub(crate) base_url: Option<String>,
    /// USD in [`BUDGET_WINDOW`].
    pub(crate) budget: f64,
    pub(crate) seed: u64,
}

/// # Errors
/// An unknown option, a missing or a wrong value: the message says which and what is expected.
pub(crate) fn parse(mut args: lexopt::Parser) -> Result<Command, lexopt::Error> {
    let mut options = Options {
        addr: DEFAULT_ADDR,
        load: None,
        once: false,
        docs: None,
        provider: Provider::default(),
        model: None,
        base_url: None,
        budget: DEFAULT_BUDGET,
        seed: DEFAULT_SEED,
    };
    while let Some(arg) = args.next()? {
        match arg {
            Arg::Long("addr") => {
                let expected = "IP:PORT, such as 127.0.0.1:9185";
                options.addr = value(&mut args, "--addr", expected, |text| text.parse().ok())?;
            }
            Arg::Long("load") => {
                options.load = Some(value(&mut args, "--load", "0, or a number from 0.001 to 100", load)?);
            }
            Arg::Long("once") => options.once = true,
            Arg::Long("docs") => options.docs = Some(args.value()?.into()),
            Arg::Long("provider") => {
                let expected = "`gemini`, `openai` or `anthropic`";
                options.provider = value(&mut args, "--provider", expected, |text| text.parse().ok())?;
            }
            Arg::Long("model") => {
                let expected = "a name of letters, digits, `-`, `_` and `.`";
                options.model = Some(value(&mut args, "--model", expected, model)?);
            }
            Arg::Long("base-url") => options.base_url = Some(args.value()?.string()?),
            Arg::Long("budget") => {
                options.budget = value(&mut args, "--budget", "USD above 0, at most 1000000", budget)?;
            }
            Arg::Long("seed") => {
                options.seed = value(&mut args, "--seed", "a whole number", |text| text.parse().ok())?;
            }
            Arg::Long("help") | Arg::Short('h') => return Ok(Command::Help),
            other => return Err(other.unexpected()),
        }
    }
    Ok(Command::Run(options))
}

fn value<T>(
    args: &mut lexopt::Parser,
    option: &str,
    expected: &str,
    read: impl FnOnce(&str) -> Option<T>,
) -> Result<T, lexopt::Error> {
    let text = args.value()?.string()?;
    read(&text).ok_or_else(|| format!("invalid value `{text}` for `{option}`: expected {expected}").into())
}

fn load(text: &str) -> Option<f64> {
    text.parse().ok().filter(|load| *load == 0.0 || (LEAST_LOAD..=MOST_LOAD).contains(load))
}

fn budget(text: &str) -> Option<f64> {
    text.parse().ok().filter(|budget| *budget > 0.0 && *budget <= MOST_BUDGET)
}

/// The name becomes a part of a path.
fn model(text: &str) -> Option<String> {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    (text.starts_with(|c: char| c.is_ascii_alphanumeric()) && text.chars().all(is_plain))
        .then(|| text.to_owned())
}

/// The key as a header, from the value of the environment's `variable`.
///
/// # Errors
/// It's set but can't be a key. The message doesn't show it.
pub(crate) fn api_key(variable: &str, value: Option<OsString>) -> Result<Option<HeaderValue>, String> {
    let Some(value) = value else { return Ok(None) };
    let key = value.into_string().map_err(|_| format!("{variable} is not valid Unicode"))?;
    if key.is_empty() {
        return Err(format!(
            "{variable} is set but empty: give it a key, or unset it to use the simulated model"
        ));
    }
    if let Some(position) = key.chars().position(|c| !c.is_ascii_graphic()) {
        return Err(format!(
            "{variable} has a character that can't be part of a key, at position {} (a space or a line break?)",
            position + 1
        ));
    }
    let mut header =
        HeaderValue::from_str(&key).map_err(|_| format!("{variable} can't be sent as a header"))?;
    header.set_sensitive(true);
    Ok(Some(header))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(args: &[&str]) -> Result<Command, String> {
        parse(lexopt::Parser::from_args(args)).map_err(|error| error.to_string())
    }

    #[test]
    fn without_arguments_it_serves_on_loopback() {
        let Ok(Command::Run(options)) = parsed(&[]) else { panic!("no options") };
        assert!(options.addr.ip().is_loopback() && options.addr.port() != 0);
        assert_eq!((options.load, options.once, options.provider), (None, false, Provider::Gemini));
    }

    #[test]
    fn values_are_read() {
        let args = ["--addr", "[::1]:80", "--load=0.5", "--once", "--model", "gemini-2.5-pro", "--seed", "9"];
        let Ok(Command::Run(options)) = parsed(&args) else { panic!("no options") };
        assert_eq!(options.addr, "[::1]:80".parse().unwrap());
        assert_eq!((options.load, options.once, options.seed), (Some(0.5), true, 9));
        assert_eq!(options.model.as_deref(), Some("gemini-2.5-pro"));
        for provider in Provider::ALL {
            let Ok(Command::Run(options)) = parsed(&["--provider", provider.name()]) else {
                panic!("no options")
            };
            assert_eq!(options.provider, provider);
            assert!(HELP.contains(provider.name()) && HELP.contains(provider.key_variable()));
        }
        assert_eq!(parsed(&["--load", "1", "--help"]), Ok(Command::Help));
    }

    #[test]
    fn mistakes_are_named_with_what_is_expected() {
        for (args, message) in [
            (&["--adr"][..], "invalid option '--adr'"),
            (&["extra"], "unexpected argument \"extra\""),
            (&["--addr"], "missing argument for option '--addr'"),
            (
                &["--addr", "here"],
                "invalid value `here` for `--addr`: expected IP:PORT, such as 127.0.0.1:9185",
            ),
            (&["--load", "-1"], "invalid value `-1` for `--load`: expected 0, or a number from 0.001 to 100"),
            (
                &["--load", "1e-300"],
                "invalid value `1e-300` for `--load`: expected 0, or a number from 0.001 to 100",
            ),
            (
                &["--load", "NaN"],
                "invalid value `NaN` for `--load`: expected 0, or a number from 0.001 to 100",
            ),
            (
                &["--model", "../x"],
                "invalid value `../x` for `--model`: expected a name of letters, digits, `-`, `_` and `.`",
            ),
            (&["--budget", "0"], "invalid value `0` for `--budget`: expected USD above 0, at most 1000000"),
            (
                &["--provider", "mistral"],
                "invalid value `mistral` for `--provider`: expected `gemini`, `openai` or `anthropic`",
            ),
            (&["--seed", "x"], "invalid value `x` for `--seed`: expected a whole number"),
        ] {
            assert_eq!(parsed(args), Err(message.to_owned()));
        }
    }

    #[test]
    fn a_wrong_key_is_refused_and_not_shown() {
        let api_key = |value| api_key("THE_KEY", value);
        assert_eq!(api_key(None), Ok(None));
        assert!(api_key(Some("abc-123".into())).unwrap().unwrap().is_sensitive());
        assert!(api_key(Some("".into())).unwrap_err().starts_with("THE_KEY is set but empty"));
        for wrong in ["secret\n", "sec ret", "sécret"] {
            let error = api_key(Some(wrong.into())).unwrap_err();
            assert!(
                error.contains("at position") && !error.contains("ret\n") && !error.contains(wrong),
                "{error}"
            );
        }
    }
}
