//! The dashboard of the user-defined families: a panel for each, chosen by its kind and unit.

use super::queries::CHOSEN_TARGETS;
use crate::catalogue::Catalogue;
use crate::monitoring::dashboard::{Dashboard, Panel};
use crate::name::MetricKind;
use crate::sample::FamilyInfo;

pub(super) fn dashboard(catalogue: &Catalogue) -> Dashboard {
    let about = "The metrics that this program defines besides the built-in ones.";
    let families: Vec<_> = catalogue.families.iter().filter(|family| !family.is_builtin()).collect();
    let mut dashboard = Dashboard::new("agent-own", "Agents: user-defined metrics", about);
    for namespace in namespaces(&families) {
        let members = families.iter().filter(|family| namespace_of(&family.name) == namespace);
        dashboard = dashboard.row(namespace, members.map(|family| panel(family)));
    }
    dashboard
}

/// Returns the first words of the names, without duplicates; the families are sorted by name.
fn namespaces<'a>(families: &[&'a FamilyInfo]) -> Vec<&'a str> {
    let mut namespaces: Vec<_> = families.iter().map(|family| namespace_of(&family.name)).collect();
    namespaces.dedup();
    namespaces
}

fn namespace_of(name: &str) -> &str {
    name.split('_').next().unwrap_or(name)
}

/// Returns the panel for a family of its kind and unit.
fn panel(family: &FamilyInfo) -> Panel {
    let name = &family.name;
    let (by, legend) = grouping(&family.labels);
    let help = if family.help.is_empty() { "No description." } else { &family.help };
    match family.kind {
        MetricKind::Counter => {
            let per_hour = family.unit == Some("usd");
            let factor = if per_hour { " * 3600" } else { "" };
            let description = format!("{help} Per {}.", if per_hour { "hour" } else { "second" });
            Panel::lines(&title(family), &description)
                .shorthand(&format!("sum{by} (rate({name}{{..}}[..])){factor}"), &legend)
                .unit(counter_unit(family.unit))
                .stacked()
        }
        MetricKind::Histogram => {
            Panel::lines(&title(family), &format!("{help} The median, 95th and 99th percentile."))
                .percentiles(name, "{..}")
                .unit(unit(family.unit))
        }
        MetricKind::Summary => Panel::lines(&title(family), &format!("{help} The mean."))
            .shorthand(
                &format!(
                    "sum{by} (rate({name}_sum{{..}}[..])) / (sum{by} (rate({name}_count{{..}}[..])) > 0)"
                ),
                &legend,
            )
            .unit(unit(family.unit)),
        MetricKind::Info => {
            Panel::table(&title(family), help).shorthand(&format!("{name}{{..}}"), "").width(8)
        }
        MetricKind::Gauge | MetricKind::Unknown if name.ends_with("_timestamp_seconds") => {
            Panel::lines(&title(family), &format!("{help} The time since then."))
                .shorthand(&format!("time() - max{by} ({name}{{..}})"), &legend)
                .unit("s")
        }
        MetricKind::Gauge | MetricKind::Unknown => {
            let aggregation = aggregation(family);
            Panel::lines(&title(family), help)
                .shorthand(&format!("{aggregation}{by} ({name}{{..}})"), &legend)
                .unit(unit(family.unit))
                .no_value("Not set")
        }
    }
}

/// Returns the aggregation of a gauge over its instances. Only amounts can be added up; ratios, limits and ages cannot.
fn aggregation(family: &FamilyInfo) -> &'static str {
    match &*family.name {
        "agent_llm_ratelimit_remaining" => "min",
        "agent_budget_limit_usd" | "agent_budget_used_ratio" => "max",
        name if name.ends_with("_rate") => "avg",
        _ => match family.unit {
            Some("ratio" | "celsius") => "avg",
            // A gauge in seconds is an age, not an amount of time.
            Some("seconds") => "max",
            _ => "sum",
        },
    }
}

/// Returns an example query for a family, without Grafana's variables.
pub(crate) fn example_query(family: &FamilyInfo) -> String {
    let (name, (by, _)) = (&family.name, grouping(&family.labels));
    if family.kind == MetricKind::Histogram {
        let by = by.replace(" by (", " by (le, ");
        let by = if by.is_empty() { " by (le)" } else { &by };
        return format!("histogram_quantile(0.95, sum{by} (rate({name}_bucket[5m])))");
    }
    let query =
        panel(family).targets.into_iter().map(|target| target.query.to_string()).next().unwrap_or_default();
    query.replace(&format!("{{{CHOSEN_TARGETS}}}"), "").replace("$__rate_interval", "5m")
}

/// Returns the `by` clause and the legend for at most two labels, because longer legends are unreadable.
fn grouping(labels: &[&'static str]) -> (String, String) {
    let labels = &labels[..labels.len().min(2)];
    if labels.is_empty() {
        return (String::new(), String::new());
    }
    let legend: Vec<_> = labels.iter().map(|label| format!("{{{{{label}}}}}")).collect();
    (format!(" by ({})", labels.join(", ")), legend.join(" "))
}

/// Returns `Support wait` for `support_wait_seconds`; the axis shows the unit.
fn title(family: &FamilyInfo) -> String {
    let name = &*family.name;
    let name = name.strip_suffix("_total").or_else(|| name.strip_suffix("_info")).unwrap_or(name);
    let unit = family.unit.and_then(|unit| name.strip_suffix(unit)?.strip_suffix('_'));
    let words = unit.unwrap_or(name).replace('_', " ");
    let mut letters = words.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// Returns Grafana's name of a unit.
fn unit(unit: Option<&str>) -> &str {
    match unit {
        Some("seconds") => "s",
        Some("usd") => "currencyUSD",
        Some("bytes") => "bytes",
        Some("ratio") => "percentunit",
        Some("celsius") => "celsius",
        Some("tokens") => "count:tok",
        _ => "short",
    }
}

/// Returns Grafana's name of the unit of a rate per second, or per hour for money.
fn counter_unit(unit: Option<&str>) -> &'static str {
    match unit {
        Some("usd") => "currencyUSD",
        Some("bytes") => "binBps",
        Some("tokens") => "count:tok/s",
        // Seconds per second are a share of the time.
        Some("seconds" | "ratio") => "percentunit",
        _ => "cps",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn query(kind: MetricKind, name: &str, labels: &[&'static str]) -> (String, String) {
        let panel = panel(&FamilyInfo::new(kind, name, "Help.", labels));
        (panel.targets[0].query.text().replace(CHOSEN_TARGETS, ".."), panel.unit)
    }

    #[test]
    fn the_query_and_unit_of_a_panel_follow_from_the_kind_and_unit_of_the_family() {
        for (kind, name, labels, expected, unit) in [
            (
                MetricKind::Counter,
                "a_documents_total",
                &["index", "tenant", "more"][..],
                "sum by (index, tenant) (rate(a_documents_total{..}[$__rate_interval]))",
                "cps",
            ),
            (
                MetricKind::Counter,
                "a_usd_total",
                &[],
                "sum (rate(a_usd_total{..}[$__rate_interval])) * 3600",
                "currencyUSD",
            ),
            (
                MetricKind::Counter,
                "a_bytes_total",
                &[],
                "sum (rate(a_bytes_total{..}[$__rate_interval]))",
                "binBps",
            ),
            (MetricKind::Gauge, "a_entries", &["kind"], "sum by (kind) (a_entries{..})", "short"),
            (MetricKind::Gauge, "a_ratio", &[], "avg (a_ratio{..})", "percentunit"),
            (MetricKind::Gauge, "a_age_seconds", &[], "max (a_age_seconds{..})", "s"),
            (
                MetricKind::Gauge,
                "a_last_timestamp_seconds",
                &[],
                "time() - max (a_last_timestamp_seconds{..})",
                "s",
            ),
            (
                MetricKind::Histogram,
                "a_wait_seconds",
                &["x"],
                "histogram_quantile(0.5, sum by (le) (rate(a_wait_seconds_bucket{..}[$__rate_interval]))) >= 0",
                "s",
            ),
            (
                MetricKind::Summary,
                "a_size_bytes",
                &[],
                "sum (rate(a_size_bytes_sum{..}[$__rate_interval])) / (sum (rate(a_size_bytes_count{..}[$__rate_interval])) > 0)",
                "bytes",
            ),
            (MetricKind::Info, "a_build_info", &[], "a_build_info{..}", "short"),
        ] {
            assert_eq!(query(kind, name, labels), (expected.to_owned(), unit.to_owned()), "{name}");
        }
    }

    #[test]
    fn the_title_of_a_panel_is_the_name_without_unit_and_suffix() {
        let title_of = |kind, name: &str| title(&FamilyInfo::new(kind, name, "Help.", &[]));
        assert_eq!(title_of(MetricKind::Counter, "support_documents_total"), "Support documents");
        assert_eq!(title_of(MetricKind::Histogram, "support_wait_seconds"), "Support wait");
        assert_eq!(title_of(MetricKind::Gauge, "seconds"), "Seconds");
    }
}
