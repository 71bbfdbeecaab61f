//! Names of families in OpenMetrics, where the suffix of a counter or an info belongs to its samples.

use std::collections::HashSet;

use crate::name::MetricKind;

/// A family's name in OpenMetrics.
fn open_name(kind: MetricKind, name: &str) -> Option<&str> {
    match kind {
        MetricKind::Counter => name.strip_suffix("_total"),
        MetricKind::Info => name.strip_suffix("_info"),
        MetricKind::Gauge | MetricKind::Histogram | MetricKind::Summary | MetricKind::Unknown => Some(name),
    }
}

/// Names that more than one family would have: a counter `a_total` and a gauge `a`, say.
pub(super) fn clashes<'a>(families: impl Iterator<Item = (MetricKind, &'a str)>) -> HashSet<String> {
    let mut seen = HashSet::new();
    let names = families.map(|(kind, name)| open_name(kind, name).unwrap_or(name));
    names.filter(|name| !seen.insert(*name)).map(str::to_owned).collect()
}

/// What a family is in OpenMetrics. One that would have another's name keeps its own and is of no
/// declared kind; so is a counter whose name lacks the suffix, since a name must not change by format.
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
    fn no_two_families_have_one_name() {
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
