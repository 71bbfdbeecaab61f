//! Recording and alerting rules, as data and as files for Prometheus and vmalert.

use std::collections::BTreeSet;

use super::query::PromqlQuery;
use super::runbook::Runbook;
use super::severity::Severity;
use super::yaml::{Map, Yaml};
use super::{MonitoringError, Settings};
use crate::catalogue::Catalogue;

/// Rules that are evaluated in order, so that each sees the series recorded by the previous ones.
#[derive(Clone, Debug)]
pub(super) struct Group {
    pub(super) name: String,
    /// The seconds between two evaluations, if not the default.
    pub(super) interval: Option<u64>,
    pub(super) rules: Vec<Rule>,
}

#[derive(Clone, Debug)]
pub(super) enum Rule {
    Record(Record),
    Alert(Box<Alert>),
}

/// A query whose result is stored as a series.
#[derive(Clone, Debug)]
pub(super) struct Record {
    pub(super) name: String,
    pub(super) query: PromqlQuery,
    pub(super) labels: Vec<(&'static str, String)>,
    /// An explanation for readers of the rule.
    pub(super) note: &'static str,
}

/// A query whose results are alerts.
#[derive(Clone, Debug)]
pub(super) struct Alert {
    pub(super) name: String,
    pub(super) query: PromqlQuery,
    /// The seconds for which the condition must hold.
    pub(super) wait: u64,
    /// The seconds over which calls are counted, if the alert has such a window.
    pub(super) window: Option<u64>,
    /// The seconds for which the alert keeps firing after the condition ends, so that it doesn't flap.
    pub(super) keep: Option<u64>,
    pub(super) severity: Severity,
    /// The labels besides `severity`.
    pub(super) labels: Vec<(&'static str, String)>,
    pub(super) summary: String,
    /// The description, with values in readable units.
    pub(super) description: String,
    pub(super) runbook: Runbook,
}

/// The program that evaluates the rules.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Engine {
    Prometheus,
    /// vmalert. The packaged versions (1.79) don't support `keep_firing_for`.
    Vmalert,
}

impl Group {
    pub(super) fn new(name: impl Into<String>) -> Self {
        Self { name: name.into(), interval: None, rules: Vec::new() }
    }

    pub(super) fn record(&mut self, name: impl Into<String>, query: impl Into<PromqlQuery>) -> &mut Record {
        let record = Record { name: name.into(), query: query.into(), labels: Vec::new(), note: "" };
        self.rules.push(Rule::Record(record));
        match self.rules.last_mut() {
            Some(Rule::Record(record)) => record,
            _ => unreachable!("it was just added"),
        }
    }

    pub(super) fn yaml(&self, settings: &Settings, engine: Engine) -> Yaml {
        let mut group = Map::new().text("name", &*self.name);
        if let Some(interval) = self.interval {
            group = group.plain("interval", settings.time(interval));
        }
        let rules = self.rules.iter().map(|rule| match rule {
            Rule::Record(record) => Yaml::Map(record.map()),
            Rule::Alert(alert) => Yaml::Map(alert.map(settings, engine)),
        });
        Yaml::Map(group.with("rules", Yaml::Spaced(rules.collect())))
    }

    pub(super) fn alerts(&self) -> impl Iterator<Item = &Alert> {
        self.rules.iter().filter_map(|rule| match rule {
            Rule::Alert(alert) => Some(&**alert),
            Rule::Record(_) => None,
        })
    }
}

impl Rule {
    pub(super) fn query(&self) -> &PromqlQuery {
        match self {
            Self::Record(record) => &record.query,
            Self::Alert(alert) => &alert.query,
        }
    }

    /// Returns the name of the rule in errors about its query.
    pub(super) fn asset(&self) -> String {
        match self {
            Self::Record(record) => format!("recording rule `{}`", record.name),
            Self::Alert(alert) => format!("alert `{}`", alert.name),
        }
    }
}

impl Record {
    pub(super) fn note(&mut self, note: &'static str) -> &mut Self {
        self.note = note;
        self
    }

    pub(super) fn label(&mut self, label: &'static str, value: impl Into<String>) -> &mut Self {
        self.labels.push((label, value.into()));
        self
    }

    fn map(&self) -> Map {
        let map = Map::new().text("record", &*self.name).comment(self.note).query("expr", self.query.text());
        if self.labels.is_empty() { map } else { map.map("labels", labels(&self.labels)) }
    }
}

impl Alert {
    fn map(&self, settings: &Settings, engine: Engine) -> Map {
        let mut map = Map::new().text("alert", &*self.name).query("expr", self.query.text());
        if self.wait > 0 {
            map = map.plain("for", settings.time(self.wait));
        }
        if let Some(keep) = self.keep.filter(|_| engine == Engine::Prometheus) {
            map = map.plain("keep_firing_for", settings.time(keep));
        }
        let severity = Map::new().text("severity", self.severity.text());
        let labels = self.labels.iter().fold(severity, |map, (label, value)| map.text(*label, value));
        let annotations = Map::new().text("summary", &*self.summary).text("description", &*self.description);
        let annotations = match &settings.runbooks {
            Some(folder) => annotations
                .text("runbook_url", format!("{}/{}.md", folder.trim_end_matches('/'), self.runbook.name)),
            None => annotations,
        };
        let annotations =
            match self.runbook.dashboard_address(settings, |label| format!("{{{{ $labels.{label} }}}}")) {
                Some(address) => annotations.text("dashboard_url", address),
                None => annotations,
            };
        map.map("labels", labels).map("annotations", annotations)
    }
}

fn labels(labels: &[(&'static str, String)]) -> Map {
    labels.iter().fold(Map::new(), |map, (label, value)| map.text(*label, value))
}

/// Returns the text of a rule file.
pub(super) fn document(comment: &str, groups: &[Group], settings: &Settings, engine: Engine) -> String {
    let groups = groups.iter().map(|group| group.yaml(settings, engine)).collect();
    Map::new().with("groups", Yaml::Spaced(groups)).document(comment)
}

/// Removes rules for families that the catalogue doesn't have, and the rules derived from them.
pub(super) fn keep_known<'a>(files: impl Iterator<Item = &'a mut Vec<Group>>, catalogue: &Catalogue) {
    let mut known: BTreeSet<String> = catalogue.families.iter().map(|family| family.name.clone()).collect();
    for groups in files {
        for group in groups.iter_mut() {
            group.rules.retain(|rule| {
                let is_known = is_known(rule, &known);
                if let (true, Rule::Record(record)) = (is_known, rule) {
                    known.insert(record.name.clone());
                }
                is_known
            });
        }
        groups.retain(|group| !group.rules.is_empty());
    }
}

/// The labels of targets that Prometheus, an operator or a cloud adds, and which no family has.
const TARGET_LABELS: [&str; 11] = [
    "namespace",
    "cluster",
    "environment",
    "env",
    "region",
    "zone",
    "service",
    "team",
    "tenant",
    "container",
    "node",
];

/// Adds the labels of `keep_labels` to every aggregation and to every matching by `job`.
pub(super) fn keep_labels<'a>(
    groups: impl Iterator<Item = &'a mut Group>,
    catalogue: &Catalogue,
    settings: &Settings,
) -> Result<(), MonitoringError> {
    for label in &settings.keep_labels {
        check_kept(label, catalogue)?;
    }
    if settings.keep_labels.is_empty() {
        return Ok(());
    }
    let kept = settings.keep_labels.join(", ");
    // Every aggregation and matching over instances begins with `job`.
    let keep = |text: &str| {
        ["by", "on"].iter().fold(text.to_owned(), |text, keyword| {
            text.replace(&format!("{keyword} (job"), &format!("{keyword} (job, {kept}"))
        })
    };
    for rule in groups.flat_map(|group| &mut group.rules) {
        match rule {
            Rule::Record(record) => record.query = keep(record.query.text()).into(),
            Rule::Alert(alert) => {
                alert.query = keep(alert.query.text()).into();
                alert.description = keep(&alert.description);
            }
        }
    }
    Ok(())
}

fn check_kept(label: &str, catalogue: &Catalogue) -> Result<(), MonitoringError> {
    let dimensions = || catalogue.dimensions.iter().map(|dimension| dimension.name);
    if TARGET_LABELS.contains(&label) || dimensions().any(|name| name == label) {
        return Ok(());
    }
    let reason = if catalogue.families.iter().any(|family| family.labels.contains(&label)) {
        "a label that every series has; this one belongs to some families only. "
    } else {
        "a label that every series has. "
    };
    let allowed: Vec<_> = TARGET_LABELS.into_iter().chain(dimensions()).collect();
    let expected = format!("{reason}Allowed are {}", allowed.join(", "));
    Err(MonitoringError::KeptLabel { label: label.to_owned(), expected })
}

fn is_known(rule: &Rule, known: &BTreeSet<String>) -> bool {
    let query = rule.query();
    query.builtin_samples().chain(query.recorded()).all(|name| {
        let family = ["_bucket", "_sum", "_count"].iter().find_map(|end| name.strip_suffix(end));
        known.contains(name) || family.is_some_and(|family| known.contains(family))
    })
}

/// Returns the seconds for which an alert keeps firing: a page is not resolved by one good minute.
fn keep(severity: Severity) -> Option<u64> {
    (severity == Severity::Critical).then_some(5 * 60)
}

impl Alert {
    pub(super) fn new(
        name: impl Into<String>,
        severity: Severity,
        wait: u64,
        query: impl Into<PromqlQuery>,
    ) -> Self {
        let name = name.into();
        Self {
            query: query.into(),
            wait,
            window: None,
            keep: keep(severity),
            severity,
            labels: Vec::new(),
            summary: String::new(),
            description: String::new(),
            runbook: Runbook::new(&name),
            name,
        }
    }

    /// Changes the severity.
    pub(super) fn regrade(&mut self, severity: Severity) {
        (self.severity, self.keep) = (severity, keep(severity));
    }

    pub(super) fn window(mut self, seconds: u64) -> Self {
        self.window = Some(seconds);
        self
    }

    pub(super) fn text(mut self, summary: impl Into<String>, description: impl Into<String>) -> Self {
        (self.summary, self.description) = (summary.into(), description.into());
        self
    }

    pub(super) fn label(mut self, label: &'static str, value: impl Into<String>) -> Self {
        self.labels.push((label, value.into()));
        self
    }

    pub(super) fn means(mut self, means: impl Into<String>) -> Self {
        self.runbook.means = means.into();
        self
    }

    /// Sets the dashboard of the runbook, and the labels of the alert that are its variables.
    pub(super) fn dashboard(mut self, uid: &'static str, variables: &'static [&'static str]) -> Self {
        (self.runbook.dashboard, self.runbook.variables) = (uid, variables);
        self
    }

    /// Sets the first query of the runbook, and the labels by which to split it.
    pub(super) fn first<S: Into<String>>(
        mut self,
        operator: &'static str,
        series: impl Into<String>,
        split: impl IntoIterator<Item = S>,
    ) -> Self {
        self.runbook.first = series.into();
        self.runbook.operator = operator;
        self.runbook.split = split.into_iter().map(Into::into).collect();
        self
    }

    pub(super) fn close(mut self, close: &'static str) -> Self {
        self.runbook.close = close;
        self
    }

    pub(super) fn look(mut self, look: &'static [&'static str]) -> Self {
        self.runbook.look = look;
        self
    }

    pub(super) fn act(mut self, act: &'static [&'static str]) -> Self {
        self.runbook.act = act;
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_is_removed_with_the_family_that_it_uses() {
        let mut group = Group::new("group");
        group.record("job:agent_a:rate5m", "sum by (job) (rate(agent_a_total[5m]))");
        group.record("job:agent_b:rate5m", "sum by (job) (rate(agent_b_seconds_count{x=\"agent_c\"}[5m]))");
        group.record("job:agent_a:double", "2 * job:agent_a:rate5m");
        group.record("job:agent_b:double", "2 * job:agent_b:rate5m");
        let mut groups = vec![group];
        let family =
            |name: &str| crate::sample::FamilyInfo::new(crate::name::MetricKind::Histogram, name, "", &["x"]);
        let catalogue = Catalogue { families: vec![family("agent_b_seconds")], ..Catalogue::default() };
        keep_known([&mut groups].into_iter(), &catalogue);
        let names: Vec<_> = groups[0]
            .rules
            .iter()
            .map(|rule| match rule {
                Rule::Record(record) => &*record.name,
                Rule::Alert(alert) => &*alert.name,
            })
            .collect();
        assert_eq!(names, ["job:agent_b:rate5m", "job:agent_b:double"]);
    }
}
