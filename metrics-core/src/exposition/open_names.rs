//! Family names in OpenMetrics, where the suffix of a counter or an info belongs to the samples, not to the family.

use std::collections::HashSet;

use crate::name::MetricKind;

/// Returns the name of a family in OpenMetrics, or `None` if it lacks the suffix of its kind.
fn open_name(kind: MetricKind, name: &str) -> Option<&str> {
    match kind {
        MetricKind::Counter => name.strip_suffix("_total"),
        MetricKind::Info => name.strip_suffix("_info"),
        MetricKind::Gauge | MetricKind::Histogram | MetricKind::Summary | MetricKind::Unknown => Some(name),
    }
}

/// Returns the names that more than one family would have, such as `a` for a counter `a_total` and a gauge `a`.
pub(super) fn clashes<'a>(families: impl Iterator<Item = (MetricKind, &'a str)>) -> HashSet<String> {
    let mut seen = HashSet::new();
    let names = families.map(|(kind, name)| open_name(kind, name).unwrap_or(name));
    names.filter(|name| !seen.insert(*name)).map(str::to_owned).collect()
}

/// Returns the kind and the name of a family in OpenMetrics.
///
/// A family whose OpenMetrics name clashes with another family keeps its name and becomes unknown. So does a counter or
/// an info without the suffix, since the names of samples must not depend on the format.
pub(super) fn open_family<'a>(
    kind: MetricKind,
    name: &'a str,
    clashes: &HashSet<String>,
) -> (MetricKind, &'a str) {
    match open_name(kind, name) {
        Some(open) if open == name || !clashes.contains(open) => (kind, open),
        _ => (MetricKind::Unknown, name),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn families_with_clashing_names_keep_them_and_become_unknown() {
        let families = [
            (MetricKind::Counter, "a_total"),
            (MetricKind::Gauge, "a"),
            (MetricKind::Counter, "b_total"),
            (MetricKind::Info, "b_info"),
            (MetricKind::Counter, "c_total"),
            (MetricKind::Counter, "d"),
        ];
        let clashes = clashes(families.into_iter());
        let names = families.map(|(kind, name)| open_family(kind, name, &clashes));
        let expected = [
            (MetricKind::Unknown, "a_total"),
            (MetricKind::Gauge, "a"),
            (MetricKind::Unknown, "b_total"),
            (MetricKind::Unknown, "b_info"),
            (MetricKind::Counter, "c"),
            (MetricKind::Unknown, "d"),
        ];
        assert_eq!(names, expected);
    }
}
