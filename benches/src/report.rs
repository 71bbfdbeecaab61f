//! The table of results.

use std::process::ExitCode;

/// Prints the rows, and records if a count was wrong.
#[derive(Default)]
pub(crate) struct Report {
    untrue: bool,
}

/// One row of the table; cells may be empty.
#[derive(Default)]
pub(crate) struct Row {
    pub(crate) what: String,
    pub(crate) ours: String,
    pub(crate) peers: String,
    pub(crate) ratio: String,
    pub(crate) target: Target,
}

/// The target of a number.
#[derive(Default)]
pub(crate) enum Target {
    /// No target.
    #[default]
    None,
    AtMost {
        value: f64,
        limit: f64,
        unit: &'static str,
    },
    AtLeast {
        value: f64,
        limit: f64,
        unit: &'static str,
    },
}

impl Target {
    pub(crate) fn at_most(value: f64, limit: f64, unit: &'static str) -> Self {
        Self::AtMost { value, limit, unit }
    }

    pub(crate) fn at_least(value: f64, limit: f64, unit: &'static str) -> Self {
        Self::AtLeast { value, limit, unit }
    }

    fn cells(&self) -> (String, &'static str) {
        let met = |yes: bool| if yes { "yes" } else { "**no**" };
        match *self {
            Self::None => (String::new(), ""),
            Self::AtMost { value, limit, unit } => (format!("<= {limit}{unit}"), met(value <= limit)),
            Self::AtLeast { value, limit, unit } => (format!(">= {limit}{unit}"), met(value >= limit)),
        }
    }
}

pub(crate) fn print_head() {
    println!("| measurement | agent-metrics | peers | ratio | target | met |");
    println!("|---|---|---|---|---|---|");
}

impl Report {
    #[allow(clippy::unused_self)] // Who writes rows has been given the report.
    pub(crate) fn row(&mut self, row: &Row) {
        let Row { what, ours, peers, ratio, target } = row;
        let (target, met) = target.cells();
        println!("| {what} | {ours} | {peers} | {ratio} | {target} | {met} |");
    }

    /// Prints the row that compares calls with counts.
    pub(crate) fn truth(&mut self, theme: &str, calls: u64, families: usize, wrong: &[String]) {
        self.untrue |= !wrong.is_empty();
        self.row(&Row {
            what: format!("truth: calls of the loops of `{theme}` that every family got"),
            ours: format!("{calls} calls, {families} counts compared"),
            peers: wrong.join("; "),
            ratio: format!("{} missed", wrong.len()),
            target: Target::at_most(wrong.len() as f64, 0.0, " missed"),
        });
    }

    /// Returns a failure only for a wrong count; missed targets are shown in the table.
    pub(crate) fn exit_code(&self) -> ExitCode {
        if self.untrue { ExitCode::FAILURE } else { ExitCode::SUCCESS }
    }
}

pub(crate) fn ns(value: f64) -> String {
    format!("{value:.1} ns")
}

pub(crate) fn times(value: f64) -> String {
    format!("{value:.2} x")
}
