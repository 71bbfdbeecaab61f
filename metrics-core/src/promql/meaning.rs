//! What a name in a query stands for: a family, one of its samples, and the labels of those.

use super::labels::Labels;
use super::mistake::suffixes;
use super::text::{part, same, starts_with};
use super::{Known, PROMETHEUS, Scope, TARGET};
use crate::name::MetricKind;

/// Whether a name is one that rules record.
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

/// The family of a sample's name, and what the name has more.
pub(super) const fn find<'a>(name: &str, scope: &Scope<'a>) -> Option<(&'a Known<'a>, &'static str)> {
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

/// The labels that its series have.
pub(super) const fn labels_of<'a>(family: &Known<'a>, suffix: &str, scope: &Scope<'a>) -> Labels<'a> {
    if matches!(family.kind, MetricKind::Info) && family.labels.is_empty() {
        return Labels::ANY;
    }
    let mut labels = Labels::NONE.with_all(family.labels);
    match family.kind {
        MetricKind::Histogram if same(suffix, "_bucket") => labels = labels.with("le"),
        MetricKind::Summary if suffix.is_empty() => labels = labels.with("quantile"),
        _ => {}
    }
    labels.with_all(TARGET).with_all(scope.extra)
}
