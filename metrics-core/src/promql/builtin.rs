//! The built-in families as a query sees them, computed at compile time from their tables.

use super::FamilyShape;
use crate::builtin::BUILTIN_TABLES;
use crate::name::MetricKind;
use crate::sample::LabelValues;

/// Every built-in family of the enabled features, with all labels that settings of the builder can add, except dimensions.
pub const BUILTIN: &[FamilyShape<'static>] = &{
    let mut families = [FamilyShape::new("", MetricKind::Unknown, &[]); COUNT];
    let (mut table, mut number) = (0, 0);
    while table < BUILTIN_TABLES.len() {
        let mut row = 0;
        while row < BUILTIN_TABLES[table].len() {
            let family = &BUILTIN_TABLES[table][row];
            let labels = LABELS[number].split_at(family.labels.len()).0;
            let values = VALUES[number].split_at(family.labels.len()).0;
            let shape = FamilyShape::new(family.name, family.kind, labels);
            families[number] = FamilyShape { values, bounds: family.buckets.bounds, ..shape };
            number += 1;
            row += 1;
        }
        table += 1;
    }
    families
};

/// The number of built-in families.
const COUNT: usize = {
    let (mut count, mut table) = (0, 0);
    while table < BUILTIN_TABLES.len() {
        count += BUILTIN_TABLES[table].len();
        table += 1;
    }
    count
};

/// The largest number of labels of one family; a longer list is an error at compile time.
const MAX_LABELS: usize = 5;

/// The label names of each family, followed by empty ones.
const LABELS: &[[&str; MAX_LABELS]; COUNT] = &{
    let mut labels = [[""; MAX_LABELS]; COUNT];
    let (mut table, mut number) = (0, 0);
    while table < BUILTIN_TABLES.len() {
        let mut row = 0;
        while row < BUILTIN_TABLES[table].len() {
            let family = &BUILTIN_TABLES[table][row];
            let mut at = 0;
            while at < family.labels.len() {
                labels[number][at] = family.labels[at].name;
                at += 1;
            }
            number += 1;
            row += 1;
        }
        table += 1;
    }
    labels
};

/// The values of the labels of each family, in the order of [`LABELS`].
const VALUES: &[[LabelValues; MAX_LABELS]; COUNT] = &{
    let mut values = [[LabelValues::Open; MAX_LABELS]; COUNT];
    let (mut table, mut number) = (0, 0);
    while table < BUILTIN_TABLES.len() {
        let mut row = 0;
        while row < BUILTIN_TABLES[table].len() {
            let family = &BUILTIN_TABLES[table][row];
            let mut at = 0;
            while at < family.labels.len() {
                values[number][at] = family.labels[at].values;
                at += 1;
            }
            number += 1;
            row += 1;
        }
        table += 1;
    }
    values
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instance_with_every_setting_has_the_families_that_queries_can_name() {
        let metrics = crate::instance::AgentMetrics::builder()
            .duration_by_status()
            .task_queue_duration()
            .profile(crate::Profile::OtelGenAi1_41)
            .profile(crate::Profile::OtelGenAi0_1)
            .build()
            .unwrap();
        // Pushes and exporters register their families when they start.
        let is_registered = |known: &&FamilyShape<'_>| {
            !known.name.starts_with("agent_metrics_push") && !known.name.starts_with("agent_metrics_exporter")
        };
        let mut known: Vec<_> = BUILTIN
            .iter()
            .filter(is_registered)
            // An interner states its cap only in the catalogue.
            .map(|family| FamilyShape { values: &[], ..*family })
            .collect();
        known.sort_unstable_by_key(|family| family.name);
        let families = metrics.families();
        let exposed: Vec<_> = families
            .iter()
            .map(|family| FamilyShape {
                bounds: &family.buckets,
                ..FamilyShape::new(&family.name, family.kind, &family.labels)
            })
            .collect();
        assert_eq!(known, exposed);
        assert!(families.iter().all(crate::sample::FamilyInfo::is_builtin));
    }
}
