//! The runbook pages: one Markdown file for each alert.

use std::fmt::Write as _;

use crate::monitoring::folder::File;
use crate::monitoring::rule::{Alert, Group, Severity};
use crate::monitoring::runbook::Runbook;
use crate::monitoring::settings::Settings;

/// Returns a page for each alert, and an index. Alerts of the same name, such as those of several windows, share a page.
pub(crate) fn files(groups: &[Group], settings: &Settings) -> Vec<File> {
    let mut index = "# Runbooks\n\nOne page per alert: its meaning, the checks, the actions.\n\n\
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
    let Runbook { name, means, look, act } = &first.runbook;
    let list = |items: &[&str]| items.iter().flat_map(|item| ["* ", item, "\n"]).collect::<String>();
    let mut page = format!(
        "# {name}\n\n{}. Severity: {severities}.\n\n## Meaning\n\n{means}\n\n## Checks\n\n{}\n\
         ## Actions\n\n{}\n## Rule\n",
        plain(&first.summary),
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
