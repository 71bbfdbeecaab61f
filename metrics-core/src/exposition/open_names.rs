//! Names of families in OpenMetrics, where the suffix of a counter or an info belongs to its samples.

use std::collections::HashSet;

use crate::name::Kind;

/// A family's name in OpenMetrics.
fn open_name(kind: Kind, name: &str) -> Option<&str> {
    match kind {
        Kind::Counter => name.strip_suffix("_total"),
        Kind::Info => name.strip_suffix("_info"),
        Kind::Gauge | Kind::Histogram | Kind::Summary | Kind::Unknown => Some(name),
    }
}

/// Names that more than one family would have: a counter `a_total` and a gauge `a`, say.
pub(super) fn clashes<'a>(families: impl Iterator<Item = (Kind, &'a str)>) -> HashSet<String> {
    let mut seen = HashSet::new();
    let names = families.map(|(kind, name)| open_name(kind, name).unwrap_or(name));
    names.filter(|name| !seen.insert(*name)).map(str::to_owned).collect()
}

/// What a family is in OpenMetrics. One that would have another's name keeps its own and is of no
/// declared kind; so is a counter whose name lacks the suffix, since a name must not change by format.
pub(super) fn open_family<'a>(kind: Kind, name: &'a str, clashes: &HashSet<String>) -> (Kind, &'a str) {
    match open_name(kind, name) {
        Some(open) if open == name || !clashes.contains(open) => (kind, open),
        _ => (Kind::Unknown, name),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_families_have_one_name() {
        let families = [
            (Kind::Counter, "a_total"),
            (Kind::Gauge, "a"),
            (Kind::Counter, "b_total"),
            (Kind::Info, "b_info"),
            (Kind::Counter, "c_total"),
            (Kind::Counter, "d"),
        ];
        let clashes = clashes(families.into_iter());
        let names = families.map(|(kind, name)| open_family(kind, name, &clashes));
        let expected = [
            (Kind::Unknown, "a_total"),
            (Kind::Gauge, "a"),
            (Kind::Unknown, "b_total"),
            (Kind::Unknown, "b_info"),
            (Kind::Counter, "c"),
            (Kind::Unknown, "d"),
        ];
        assert_eq!(names, expected);
    }
}
