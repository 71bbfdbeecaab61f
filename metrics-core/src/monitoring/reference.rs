//! The metrics reference: every family with its labels, its number of series, its uses and an example query.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use super::File;
use super::builtin_dashboards::example_query;
use super::dashboard::Dashboard;
use super::promql::Names;
use super::query::PromqlQuery;
use super::rule::{Group, Rule};
use super::text::{grouped, number};
use crate::catalogue::Catalogue;
use crate::name::MetricKind;
use crate::sample::{FamilyInfo, LabelValues};

/// The typical number of values of labels that are not closed.
const TYPICAL: [(&str, u64); 10] = [
    ("model", 10),
    ("tool_name", 30),
    ("task_type", 10),
    ("endpoint", 10),
    // For each endpoint.
    ("status_code", 5),
    // For each model.
    ("served_model", 1),
    ("reason", 4),
    ("memory_type", 3),
    ("budget", 3),
    ("family", 10),
];
/// The typical number of values of other capped labels.
const TYPICAL_CAPPED: u64 = 10;

/// The headings, with the prefixes of the names of their families. User-defined families come last.
const GROUPS: [(&str, &[&str]); 8] = [
    ("Tasks", &["agent_task", "agent_active_tasks", "agent_steps"]),
    ("LLM calls", &["agent_llm"]),
    ("Tools", &["agent_tool"]),
    ("Cost and budgets", &["agent_cost", "agent_budget"]),
    ("HTTP", &["agent_http"]),
    ("Application", &["agent_app", "agent_cache", "agent_memory", "agent_user"]),
    ("OpenTelemetry names", &["gen_ai"]),
    ("Health of the toolkit", &["agent_metrics"]),
];
const USER_DEFINED: &str = "User-defined";

pub(super) fn file(catalogue: &Catalogue, groups: &[Group], dashboards: &[Dashboard]) -> File {
    let uses = Uses::new(&Names::of(catalogue), groups, dashboards);
    let mut text = "# Metrics\n\n\
        Generated from the catalogue of the program by `Monitoring::write_to`. Besides the labels listed here, every series has \
        the labels `job` and `instance`, which Prometheus adds. A histogram has one series for each bucket, including `+Inf`, \
        and the series `_sum` and `_count`. If a label has a maximum number of values, further values are counted under \
        `__other__`.\n\n"
        .to_owned();
    totals(&mut text, catalogue);
    for heading in headings() {
        let mut families =
            catalogue.families.iter().filter(|family| heading_of(family) == heading).peekable();
        if families.peek().is_some() {
            let _ = writeln!(text, "\n## {heading}");
        }
        families.for_each(|family| section(&mut text, family, catalogue, &uses));
    }
    File::new("metrics.md", text)
}

fn headings() -> impl Iterator<Item = &'static str> {
    GROUPS.iter().map(|(heading, _)| *heading).chain([USER_DEFINED])
}

fn heading_of(family: &FamilyInfo) -> &'static str {
    let is_builtin = family.is_builtin();
    let begins = |starts: &&[&str]| starts.iter().any(|start| family.name.starts_with(start));
    let group = GROUPS.iter().find(|(_, starts)| is_builtin && begins(starts));
    group.map_or(USER_DEFINED, |(heading, _)| heading)
}

/// Writes the number of series by heading.
fn totals(text: &mut String, catalogue: &Catalogue) {
    let typical: Vec<_> = TYPICAL[..4].iter().map(|(label, count)| format!("{count} × `{label}`")).collect();
    let _ = writeln!(
        text,
        "## Number of series\n\nThe number of series of one process: in an agent of typical size that uses every feature ({}; one method \
         and 5 status codes for each endpoint), and at most, if every label reaches its maximum in every combination.\n\n\
         | group | families | typical | maximum |\n|---|---|---|---|",
        typical.join(", ")
    );
    let mut sum = [0; 3];
    for heading in headings() {
        let families: Vec<_> =
            catalogue.families.iter().filter(|family| heading_of(family) == heading).collect();
        let series = |count: fn(&FamilyInfo, &Catalogue) -> u64| {
            families.iter().fold(0_u64, |sum, family| sum.saturating_add(count(family, catalogue)))
        };
        let counts = [families.len() as u64, series(typical_series), series(max_series)];
        if counts[0] > 0 {
            line(text, heading, counts);
        }
        for (sum, count) in sum.iter_mut().zip(counts) {
            *sum = count.saturating_add(*sum);
        }
    }
    line(text, "**All**", sum);
}

fn line(text: &mut String, heading: &str, [families, typical, max]: [u64; 3]) {
    let _ = writeln!(text, "| {heading} | {families} | {} | {} |", grouped(typical), grouped(max));
}

fn section(text: &mut String, family: &FamilyInfo, catalogue: &Catalogue, uses: &Uses<'_>) {
    let kind = match family.kind {
        MetricKind::Counter => "counter",
        MetricKind::Gauge => "gauge",
        MetricKind::Histogram => "histogram",
        MetricKind::Summary => "summary",
        MetricKind::Info => "info",
        MetricKind::Unknown => "untyped",
    };
    let unit = match family.unit {
        Some("usd") => " in USD".to_owned(),
        Some("ratio") => ", from 0 to 1".to_owned(),
        Some(unit) => format!(" in {unit}"),
        None => String::new(),
    };
    let _ = write!(text, "\n### `{}`\n\nA {kind}{unit}. {}\n\n", family.name, family.help);
    for (label, values) in values(family, catalogue) {
        let _ = writeln!(text, "* `{label}`: {values}");
    }
    if !family.buckets.is_empty() {
        let bounds: Vec<_> = family.buckets.iter().map(|bound| number(*bound)).collect();
        let _ = writeln!(text, "* buckets: {}", bounds.join(", "));
    }
    let _ = writeln!(
        text,
        "* series: typically {}, at most {}",
        grouped(typical_series(family, catalogue)),
        grouped(max_series(family, catalogue))
    );
    if let Some(dashboards) = uses.dashboards.get(&*family.name) {
        let _ = writeln!(text, "* dashboards: {}", listed(dashboards));
    }
    if let Some(alerts) = uses.alerts.get(&*family.name) {
        let links: BTreeSet<_> = alerts.iter().map(|name| format!("[{name}](runbooks/{name}.md)")).collect();
        let _ = writeln!(text, "* alerts: {}", listed(&links));
    }
    let _ = writeln!(text, "\n```promql\n{}\n```", query(family));
}

/// Returns an example of a query. A score has a mean: its buckets are too few for a percentile to say more.
fn query(family: &FamilyInfo) -> String {
    let name = &family.name;
    if family.kind == MetricKind::Histogram && name.ends_with("_score") {
        return format!("sum (rate({name}_sum[5m])) / sum (rate({name}_count[5m]))");
    }
    example_query(family)
}

fn listed<T: AsRef<str>>(names: &BTreeSet<T>) -> String {
    names.iter().map(AsRef::as_ref).collect::<Vec<_>>().join(", ")
}

/// Returns the labels of a family, each with a description of its values.
fn values<'a>(
    family: &'a FamilyInfo,
    catalogue: &'a Catalogue,
) -> impl Iterator<Item = (&'static str, String)> + 'a {
    family.labels.iter().zip(&family.values).map(|(label, values)| {
        let description = match resolved(label, *values, catalogue) {
            LabelValues::Closed(texts) if is_dimension(label, catalogue) => {
                format!("{}, `__none__`", quoted(texts))
            }
            LabelValues::Closed(texts) => quoted(texts),
            LabelValues::Capped(_) if *label == "status_code" => {
                "the status code of the response, three digits".to_owned()
            }
            LabelValues::Capped(cap) => format!("at most {} values", grouped(cap as u64)),
            LabelValues::Open => "any value; one at a time".to_owned(),
        };
        (*label, description)
    })
}

fn quoted(texts: &[&str]) -> String {
    texts.iter().map(|text| format!("`{text}`")).collect::<Vec<_>>().join(", ")
}

fn is_dimension(label: &str, catalogue: &Catalogue) -> bool {
    catalogue.dimensions.iter().any(|dimension| dimension.name == label)
}

/// Returns the values of a label; those of a dimension are in the catalogue.
fn resolved(label: &str, values: LabelValues, catalogue: &Catalogue) -> LabelValues {
    let dimension = catalogue.dimensions.iter().find(|dimension| dimension.name == label);
    dimension.map_or(values, |dimension| LabelValues::Closed(dimension.values))
}

/// Returns the number of series if every label reaches its maximum in every combination.
fn max_series(family: &FamilyInfo, catalogue: &Catalogue) -> u64 {
    count(family, |label, values| match resolved(label, values, catalogue) {
        LabelValues::Closed(texts) => texts.len() as u64 + u64::from(is_dimension(label, catalogue)),
        LabelValues::Capped(cap) if label == "status_code" => cap as u64,
        // One more for `__other__`.
        LabelValues::Capped(cap) => cap as u64 + 1,
        LabelValues::Open if family.kind == MetricKind::Info => 1,
        // Every family may have a label that overflows, or may reject observations.
        LabelValues::Open if label == "family" => catalogue.families.len() as u64,
        // No program has more values than a typical one, as far as is known here.
        LabelValues::Open => typical_values(label).unwrap_or(1),
    })
}

fn typical_values(label: &str) -> Option<u64> {
    TYPICAL.iter().find(|(name, _)| *name == label).map(|(_, count)| *count)
}

fn typical_series(family: &FamilyInfo, catalogue: &Catalogue) -> u64 {
    count(family, |label, values| {
        let known = || typical_values(label);
        match resolved(label, values, catalogue) {
            // Clients usually call an endpoint by one method.
            LabelValues::Closed(_) if label == "method" => 1,
            LabelValues::Closed(texts) => texts.len() as u64,
            LabelValues::Capped(cap) => known().unwrap_or(TYPICAL_CAPPED).min(cap as u64),
            LabelValues::Open => known().unwrap_or(1),
        }
    })
}

/// Returns the number of combinations of label values, times the number of series of each combination.
fn count(family: &FamilyInfo, size: impl Fn(&str, LabelValues) -> u64) -> u64 {
    let each = match family.kind {
        MetricKind::Histogram => family.buckets.len() as u64 + 3,
        MetricKind::Summary => 2,
        MetricKind::Counter | MetricKind::Gauge | MetricKind::Info | MetricKind::Unknown => 1,
    };
    let sizes = family.labels.iter().zip(&family.values);
    sizes.fold(each, |product, (label, values)| product.saturating_mul(size(label, *values)))
}

/// The uses of each family: titles of dashboards, and alerts by the name of their runbook.
struct Uses<'a> {
    dashboards: BTreeMap<&'a str, BTreeSet<&'a str>>,
    alerts: BTreeMap<&'a str, BTreeSet<&'a str>>,
}

impl<'a> Uses<'a> {
    fn new(names: &Names<'a>, groups: &'a [Group], dashboards: &'a [Dashboard]) -> Self {
        let recorded = Recorded::new(names, groups);
        let mut uses = Self { dashboards: BTreeMap::new(), alerts: BTreeMap::new() };
        for dashboard in dashboards {
            for (_, query) in dashboard.queries() {
                for family in recorded.families_in(names, query) {
                    uses.dashboards.entry(family).or_default().insert(&dashboard.title);
                }
            }
        }
        for alert in groups.iter().flat_map(Group::alerts) {
            for family in recorded.families_in(names, &alert.query) {
                uses.alerts.entry(family).or_default().insert(&alert.runbook.name);
            }
        }
        uses
    }
}

/// The families from which each recorded series is computed.
struct Recorded<'a>(BTreeMap<&'a str, BTreeSet<&'a str>>);

impl<'a> Recorded<'a> {
    fn new(names: &Names<'a>, groups: &'a [Group]) -> Self {
        let mut recorded = Self(BTreeMap::new());
        let rules: Vec<_> = groups.iter().flat_map(|group| &group.rules).collect();
        // Within a group, a rule that uses a recorded series comes after the rule that records it; between groups the order may
        // differ. A second pass resolves those.
        for _ in 0..2 {
            for rule in &rules {
                if let Rule::Record(record) = rule {
                    let families = recorded.families_in(names, &record.query);
                    recorded.0.entry(&record.name).or_default().extend(families);
                }
            }
        }
        recorded
    }

    fn families_in(&self, names: &Names<'a>, query: &PromqlQuery) -> BTreeSet<&'a str> {
        let mut families = names.families_of(query);
        families.extend(query.recorded().filter_map(|name| self.0.get(name)).flatten());
        families
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn family(catalogue: &Catalogue, name: &str) -> FamilyInfo {
        catalogue.families.iter().find(|family| family.name == name).cloned().expect("it is there")
    }

    #[test]
    fn the_number_of_series_is_the_product_of_label_values_and_series_per_combination() {
        let metrics = crate::instance::AgentMetrics::builder().max_models(4).build().unwrap();
        let catalogue = metrics.catalogue();
        let calls = family(&catalogue, "agent_llm_calls_total");
        // Four models and `__other__`, with ten statuses each.
        assert_eq!(max_series(&calls, &catalogue), 50);
        assert_eq!(typical_series(&calls, &catalogue), 40);
        // Ten bounds, `+Inf`, sum and count, for each of 129 task types.
        let duration = family(&catalogue, "agent_task_duration_seconds");
        assert_eq!(max_series(&duration, &catalogue), 13 * 129);
        assert_eq!(typical_series(&duration, &catalogue), 130);
        let requests = family(&catalogue, "agent_http_requests_total");
        assert_eq!(typical_series(&requests, &catalogue), 50);
        assert_eq!(max_series(&requests, &catalogue), 10 * 513 * 900);
    }

    #[test]
    fn no_family_has_fewer_series_at_most_than_typically() {
        let catalogue = crate::instance::AgentMetrics::builder().build().unwrap().catalogue();
        for family in &catalogue.families {
            let (typical, max) = (typical_series(family, &catalogue), max_series(family, &catalogue));
            assert!(typical <= max, "{}: typically {typical}, at most {max}", family.name);
        }
    }

    #[test]
    fn a_score_is_shown_as_a_mean() {
        let catalogue = crate::instance::AgentMetrics::builder().build().unwrap().catalogue();
        assert_eq!(
            query(&family(&catalogue, "agent_user_satisfaction_score")),
            "sum (rate(agent_user_satisfaction_score_sum[5m])) / sum (rate(agent_user_satisfaction_score_count[5m]))"
        );
    }
}
