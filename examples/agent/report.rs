//! The terminal report. It reads the exposition, so that it shows the same numbers as Prometheus.

use std::{
    fmt,
    io::{self, Write as _},
    time::Duration,
};

use agent_metrics::AgentMetrics;

use crate::shutdown::Shutdown;

const PROGRESS_EVERY: Duration = Duration::from_secs(10);

/// Prints a line. A closed pipe is no reason to stop.
pub(crate) fn say(line: impl fmt::Display) {
    if cfg!(test) {
        // Output printed this way is shown only for failing tests.
        return println!("{line}");
    }
    let _ = writeln!(io::stdout(), "{line}");
}

/// Prints the samples: the lines of the exposition that are no comments.
pub(crate) fn samples(metrics: &AgentMetrics) {
    let text = metrics.to_text();
    let samples = text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    say(samples.map(|line| format!("  {line}")).collect::<Vec<_>>().join("\n"));
}

/// Prints a line of totals now and then, until the program is to stop.
pub(crate) async fn progress(metrics: &AgentMetrics, mut shutdown: Shutdown) {
    let mut ticks = tokio::time::interval(PROGRESS_EVERY);
    ticks.tick().await;
    loop {
        tokio::select! {
            _ = ticks.tick() => say(totals(&metrics.to_text())),
            () = shutdown.begun() => return,
        }
    }
}

/// One line on the tasks, the model calls and the cost so far.
fn totals(text: &str) -> String {
    let cost = samples_of(text, "agent_cost_usd_total").fold(0.0, |sum, (_, value)| sum + value);
    format!(
        "tasks: {}; model calls: {}; cost: ${cost:.6}",
        by_status(text, "agent_tasks_total"),
        by_status(text, "agent_llm_calls_total")
    )
}

/// `12 success, 1 timeout`: a counter's sum for each status, those that are 0 left out.
fn by_status(text: &str, family: &str) -> String {
    let mut sums: Vec<(&str, f64)> = Vec::new();
    for (labels, value) in samples_of(text, family) {
        let status = labels
            .split_once("status=\"")
            .and_then(|(_, rest)| rest.split_once('"'))
            .map_or("", |(name, _)| name);
        match sums.iter_mut().find(|(name, _)| *name == status) {
            Some((_, sum)) => *sum += value,
            None => sums.push((status, value)),
        }
    }
    sums.retain(|&(_, sum)| sum > 0.0);
    sums.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(b.0)));
    if sums.is_empty() {
        return "none".to_owned();
    }
    sums.iter().map(|(status, sum)| format!("{sum} {status}")).collect::<Vec<_>>().join(", ")
}

/// Labels and values of the samples of a family without timestamps.
fn samples_of<'a>(text: &'a str, family: &'a str) -> impl Iterator<Item = (&'a str, f64)> {
    text.lines().filter_map(move |line| {
        let (name_and_labels, value) = line.rsplit_once(' ')?;
        let labels = name_and_labels.strip_prefix(family)?.strip_prefix('{')?;
        Some((labels, value.parse().ok()?))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "\
# HELP agent_tasks_total Tasks.
agent_tasks_total{task_type=\"search\",status=\"success\"} 3
agent_tasks_total{task_type=\"coding\",status=\"success\"} 2
agent_tasks_total{task_type=\"coding\",status=\"timeout\"} 1
agent_tasks_total{task_type=\"coding\",status=\"failure\"} 0
agent_tasks_total_other{status=\"success\"} 9
agent_cost_usd_total{model=\"m\",cost_type=\"input\"} 0.25
agent_cost_usd_total{model=\"m\",cost_type=\"output\"} 0.5
";

    #[test]
    fn totals_are_summed_over_the_other_labels() {
        assert_eq!(totals(TEXT), "tasks: 5 success, 1 timeout; model calls: none; cost: $0.750000");
    }
}
