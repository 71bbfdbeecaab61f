//! Families of the user's own: a panel each, by kind and unit.

use crate::catalogue::Catalogue;
use crate::monitoring::dashboard::{Dashboard, Panel};
use crate::name::MetricKind;
use crate::sample::FamilyInfo;

pub(super) fn dashboard(catalogue: &Catalogue) -> Dashboard {
    let about = "The families that this program adds to the agent's own.";
    let is_own = |family: &&FamilyInfo| !family.is_builtin();
    let families: Vec<_> = catalogue.families.iter().filter(is_own).collect();
    let mut dashboard = Dashboard::new("agent-own", "Agents: metrics of your own", about);
    for namespace in namespaces(&families) {
        let of_it = families.iter().filter(|family| namespace_of(&family.name) == namespace);
        dashboard = dashboard.row(namespace, of_it.map(|family| panel(family)));
    }
    dashboard
}

/// First words of names, each once; the families are sorted by name.
fn namespaces<'a>(families: &[&'a FamilyInfo]) -> Vec<&'a str> {
    let mut namespaces: Vec<_> = families.iter().map(|family| namespace_of(&family.name)).collect();
    namespaces.dedup();
    namespaces
}

fn namespace_of(name: &str) -> &str {
    name.split('_').next().unwrap_or(name)
}

/// What a family of its kind and unit is asked.
fn panel(family: &FamilyInfo) -> Panel {
    let name = &family.name;
    let (by, legend) = grouped(&family.labels);
    let help = if family.help.is_empty() { "It has no description." } else { &family.help };
    match family.kind {
        MetricKind::Counter => {
            let per_hour = family.unit == Some("usd");
            let factor = if per_hour { " * 3600" } else { "" };
            let said = format!("{help} {}.", if per_hour { "An hour" } else { "A second" });
            Panel::lines(&title(family), &said)
                .shorthand(&format!("sum{by} (rate({name}{{..}}[..])){factor}"), &legend)
                .unit(counter_unit(family.unit))
                .stacked()
        }
        MetricKind::Histogram => {
            Panel::lines(&title(family), &format!("{help} Median, 95th and 99th percentile."))
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
            Panel::lines(&title(family), &format!("{help} How long ago."))
                .shorthand(&format!("time() - max{by} ({name}{{..}})"), &legend)
                .unit("s")
        }
        MetricKind::Gauge | MetricKind::Unknown => {
            let over = over_instances(family);
            Panel::lines(&title(family), help)
                .shorthand(&format!("{over}{by} ({name}{{..}})"), &legend)
                .unit(unit(family.unit))
                .no_value("Not set")
        }
    }
}

/// How the values of a gauge in several instances are one: what is no amount can't be added up.
fn over_instances(family: &FamilyInfo) -> &'static str {
    match &*family.name {
        "agent_llm_ratelimit_remaining" => "min",
        "agent_budget_limit_usd" | "agent_budget_used_ratio" => "max",
        name if name.ends_with("_rate") => "avg",
        _ => match family.unit {
            Some("ratio" | "celsius") => "avg",
            // An age, not a time that was spent.
            Some("seconds") => "max",
            _ => "sum",
        },
    }
}

/// A query that tells of any family, without Grafana's variables.
pub(in crate::monitoring) fn example_query(family: &FamilyInfo) -> String {
    let (name, (by, _)) = (&family.name, grouped(&family.labels));
    if family.kind == MetricKind::Histogram {
        let by = by.replace(" by (", " by (le, ");
        let by = if by.is_empty() { " by (le)" } else { &by };
        return format!("histogram_quantile(0.95, sum{by} (rate({name}_bucket[5m])))");
    }
    let asked = panel(family).targets.into_iter().map(|target| target.query).next().unwrap_or_default();
    asked.replace("{job=~\"$job\", instance=~\"$instance\"}", "").replace("$__rate_interval", "5m")
}

/// By at most two labels: lines of more can't be told apart.
fn grouped(labels: &[&'static str]) -> (String, String) {
    let labels = &labels[..labels.len().min(2)];
    if labels.is_empty() {
        return (String::new(), String::new());
    }
    let legend: Vec<_> = labels.iter().map(|label| format!("{{{{{label}}}}}")).collect();
    (format!(" by ({})", labels.join(", ")), legend.join(" "))
}

/// `support_wait_seconds` as `Support wait`: the unit is on the axis.
fn title(family: &FamilyInfo) -> String {
    let name = &*family.name;
    let name = name.strip_suffix("_total").or_else(|| name.strip_suffix("_info")).unwrap_or(name);
    let unit = family.unit.and_then(|unit| name.strip_suffix(unit)?.strip_suffix('_'));
    let words = unit.unwrap_or(name).replace('_', " ");
    let mut letters = words.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// Grafana's name of a unit.
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

/// The same of what is counted in a second; of money, in an hour.
fn counter_unit(unit: Option<&str>) -> &'static str {
    match unit {
        Some("usd") => "currencyUSD",
        Some("bytes") => "binBps",
        Some("tokens") => "count:tok/s",
        // Seconds in a second are a share of the time.
        Some("seconds" | "ratio") => "percentunit",
        _ => "cps",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn query(kind: MetricKind, name: &str, labels: &[&'static str]) -> (String, String) {
        let panel = panel(&FamilyInfo::new(kind, name, "Help.", labels));
        (panel.targets[0].query.replace("job=~\"$job\", instance=~\"$instance\"", ".."), panel.unit)
    }

    #[test]
    fn each_kind_and_unit_has_its_panel() {
        for (kind, name, labels, asked, unit) in [
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
            assert_eq!(query(kind, name, labels), (asked.to_owned(), unit.to_owned()), "{name}");
        }
    }

    #[test]
    fn titles_are_words() {
        let title_of = |kind, name: &str| title(&FamilyInfo::new(kind, name, "Help.", &[]));
        assert_eq!(title_of(MetricKind::Counter, "support_documents_total"), "Support documents");
        assert_eq!(title_of(MetricKind::Histogram, "support_wait_seconds"), "Support wait");
        assert_eq!(title_of(MetricKind::Gauge, "seconds"), "Seconds");
    }
}
