//! The resolution of a name in a query to a family, one of its samples, and their labels.

use super::error::suffixes;
use super::labels::Labels;
use super::text::{part, same, starts_with};
use super::{DISCOVERED, FamilyShape, PROMETHEUS, QueryScope, TARGET};
use crate::name::MetricKind;

/// Returns `true` if the name is that of a recording rule.
pub(super) const fn has_colon(name: &str) -> bool {
    let mut at = 0;
    while at < name.len() {
        if name.as_bytes()[at] == b':' {
            return true;
        }
        at += 1;
    }
    false
}

/// Returns `true` if the name is one of the metrics of other programs.
pub(super) const fn is_other(name: &str, others: &[&str]) -> bool {
    let mut at = 0;
    while at < others.len() {
        let other = others[at];
        let is_pattern = matches!(other.as_bytes(), [.., b'*']);
        if same(other, name) || is_pattern && starts_with(name, part(other, 0, other.len() - 1)) {
            return true;
        }
        at += 1;
    }
    false
}

/// Returns the family of a sample name, and the suffix of the name.
pub(super) const fn find<'a>(
    name: &str,
    scope: &QueryScope<'a>,
) -> Option<(&'a FamilyShape<'a>, &'static str)> {
    let mut table = 0;
    while table <= scope.families.len() {
        let families = if table == scope.families.len() { PROMETHEUS } else { scope.families[table] };
        let mut at = 0;
        while at < families.len() {
            let family = &families[at];
            let suffixes = suffixes(family.kind);
            let mut end = 0;
            while end < suffixes.len() {
                if starts_with(name, family.name)
                    && same(part(name, family.name.len(), name.len()), suffixes[end])
                {
                    return Some((family, suffixes[end]));
                }
                end += 1;
            }
            at += 1;
        }
        table += 1;
    }
    None
}

/// Returns the labels of its series.
pub(super) const fn labels_of<'a>(
    family: &FamilyShape<'a>,
    suffix: &str,
    scope: &QueryScope<'a>,
) -> Labels<'a> {
    if matches!(family.kind, MetricKind::Info) && family.labels.is_empty() {
        return Labels::ANY;
    }
    let mut labels = Labels::NONE.with_all(family.labels);
    match family.kind {
        MetricKind::Histogram if same(suffix, "_bucket") => labels = labels.with("le"),
        MetricKind::Summary if suffix.is_empty() => labels = labels.with("quantile"),
        _ => {}
    }
    labels.with_all(TARGET).with_all(scope.extra).with_all(DISCOVERED)
}
