//! Comparisons with peers, as rows of one table.
//!
//! `benches [calls|spending|threads|histograms|scrape|memory|compile|truth]..`: all of them by default. Each theme runs in a
//! separate process, so that the threads and series of one don't affect the next.

mod allocator;
mod calls;
mod compile;
mod exposed;
mod histograms;
mod measure;
mod memory;
mod report;
mod scrape;
mod spending;
mod subjects;
mod threads;
mod truth;

use std::env;
use std::process::{Command, ExitCode, Stdio};

use report::Report;

#[global_allocator]
static ALLOCATOR: allocator::Counting = allocator::Counting;

type Theme = (&'static str, fn(&mut Report));

const THEMES: [Theme; 8] = [
    ("calls", calls::run),
    ("spending", spending::run),
    ("threads", threads::run),
    ("histograms", histograms::run),
    ("scrape", scrape::run),
    ("memory", memory::run),
    ("compile", compile::run),
    ("truth", truth::run),
];

/// The flag to run one theme in this process.
const THEME: &str = "--theme";

/// The flag to take one memory measurement in this process.
const MEMORY: &str = "--memory";

fn main() -> ExitCode {
    let args: Vec<String> = env::args().skip(1).collect();
    match args.split_first() {
        Some((flag, rest)) if flag == THEME => run_here(rest),
        Some((flag, rest)) if flag == MEMORY => memory::measure_here(rest),
        _ => run_each(&args),
    }
}

fn run_here(names: &[String]) -> ExitCode {
    let mut report = Report::default();
    for (_, run) in THEMES.iter().filter(|(name, _)| names.iter().any(|wanted| wanted == name)) {
        run(&mut report);
    }
    report.exit_code()
}

fn run_each(names: &[String]) -> ExitCode {
    if let Some(unknown) = names.iter().find(|name| THEMES.iter().all(|(theme, _)| theme != name)) {
        let themes = THEMES.map(|(theme, _)| theme).join(", ");
        eprintln!("unknown theme `{unknown}`; the themes are {themes}");
        return ExitCode::from(2);
    }
    report::print_head();
    let mut all_ran = true;
    for (theme, _) in THEMES {
        if names.is_empty() || names.iter().any(|name| name == theme) {
            all_ran &=
                again(&[THEME, theme]).stdout(Stdio::inherit()).status().is_ok_and(|exit| exit.success());
        }
    }
    if all_ran { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Returns a command that runs this program again.
fn again(args: &[&str]) -> Command {
    let program = env::current_exe().expect("a running program has a path");
    let mut command = Command::new(program);
    command.args(args);
    command
}
