//! The runbook pages: one Markdown file for each alert.

use std::fmt::Write as _;

use crate::monitoring::folder::File;
use crate::monitoring::rule::{Alert, Group};
use crate::monitoring::runbook::Runbook;
use crate::monitoring::settings::Settings;
use crate::monitoring::severity::Severity;

/// Returns a page for each alert, and an index. Alerts of the same name, such as those of several windows, share a page.
pub(crate) fn files(groups: &[Group], settings: &Settings) -> Vec<File> {
    let mut index =
        "# Runbooks\n\nOne page per alert: its meaning, the first query, the checks, the actions.\n\n\
                     | alert | severity | summary |\n|---|---|---|\n"
            .to_owned();
    let mut files: Vec<File> = Vec::new();
    let alerts: Vec<&Alert> = groups.iter().flat_map(Group::alerts).collect();
    for alert in &alerts {
        let name = &alert.runbook.name;
        let path = format!("runbooks/{name}.md");
        if files.iter().any(|file| file.path == path) {
            continue;
        }
        let same: Vec<&Alert> = alerts.iter().copied().filter(|other| other.runbook.name == *name).collect();
        let all = [Severity::Critical, Severity::Warning, Severity::Info];
        let has = |severity: &Severity| same.iter().any(|alert| alert.severity == *severity);
        let severities: Vec<_> = all.iter().copied().filter(has).map(Severity::text).collect();
        let severities = severities.join(", ");
        let _ = writeln!(index, "| [{name}]({name}.md) | {severities} | {} |", plain(&alert.summary));
        files.push(File::new(path, page(&same, &severities, settings)));
    }
    files.push(File::new("runbooks/README.md", index));
    files
}

fn page(alerts: &[&Alert], severities: &str, settings: &Settings) -> String {
    let first = alerts[0];
    let Runbook { name, means, look, act, close, .. } = &first.runbook;
    let list = |items: &[&str]| items.iter().flat_map(|item| ["* ", item, "\n"]).collect::<String>();
    let mut page = format!(
        "# {name}\n\n{}. Severity: {severities}.\n\n## Meaning\n\n{means}\n{}\n## Checks\n\n{}\n\
         ## Actions\n\n{}\n## Close when\n\n{close}\n\n## Rule\n",
        plain(&first.summary),
        queries(alerts, settings),
        list(look),
        list(act)
    );
    for alert in alerts {
        let wait =
            if alert.wait > 0 { format!(", for {}", settings.time(alert.wait)) } else { String::new() };
        let objective = alert.labels.iter().find(|(label, _)| *label == "slo");
        let of = objective.map_or_else(String::new, |(_, slo)| format!(" for `{slo}`"));
        let severity = alert.severity.text();
        let _ = write!(page, "\n`{severity}`{of}{wait}:\n\n```promql\n{}\n```\n", alert.query);
    }
    page
}

/// Returns the sections with the first query of each kind of calls, and with the queries that split it by label.
fn queries(alerts: &[&Alert], settings: &Settings) -> String {
    let mut text = "\n## First query\n\n".to_owned();
    let mut shown: Vec<&str> = Vec::new();
    for Runbook { dashboard, first, operator, split, .. } in alerts.iter().map(|alert| &alert.runbook) {
        if shown.contains(&&**first) && !first.is_empty() {
            continue;
        }
        shown.push(first);
        let runbook =
            &alerts.iter().find(|alert| alert.runbook.first == *first).expect("it is there").runbook;
        let value = |label: &str| if label == "job" { settings.job.clone() } else { format!("<{label}>") };
        let path = runbook.dashboard_path(value);
        let _ = match runbook.dashboard_address(settings, value) {
            Some(address) => writeln!(text, "[The dashboard `{dashboard}`](<{address}>)."),
            None => writeln!(text, "The dashboard `{dashboard}`, in Grafana at `{path}`."),
        };
        if first.is_empty() {
            break;
        }
        let by = |label: &str| match *operator {
            "p95" => {
                format!("histogram_quantile(0.95, sum by ({label}, le) (rate({first}_bucket[5m])))")
            }
            _ => format!("{operator} by ({label}) ({first})"),
        };
        let _ = writeln!(text, "\n```promql\n{}\n```", by("job"));
        text += "\nSplit it by label. The largest value shows where the problem is:\n\n```promql\n";
        let extreme = if *operator == "min" { "bottomk" } else { "topk" };
        for label in split {
            let _ = writeln!(text, "{extreme}(5, {})", by(label));
        }
        text += "```\n\n";
    }
    text.truncate(text.trim_end().len());
    text + "\n"
}

/// Replaces the template variables of a summary by their label names, since a page has no values.
fn plain(summary: &str) -> String {
    let mut text = String::new();
    for (at, part) in summary.split("{{").enumerate() {
        match part.split_once("}}") {
            Some((label, rest)) if at > 0 => {
                let label = label.trim().trim_start_matches("$labels.");
                let _ = write!(text, "`{label}`{rest}");
            }
            _ => text += part,
        }
    }
    text
}
