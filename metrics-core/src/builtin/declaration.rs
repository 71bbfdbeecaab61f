//! Declarations of the built-in families: each group has one table, and everything that names a family derives from it.
//!
//! [`builtin_families!`] makes an enum of a table. A variant identifies a family while series are shown, and
//! [`FamilyId::family`] returns its declaration. The catalogue, `promql!`, the reserved label names and the metrics reference
//! read the same tables through [`BUILTIN_TABLES`](super::BUILTIN_TABLES).

use super::otel::Profile;
use super::settings::Settings;
use crate::family::Spec;
use crate::name::MetricKind;
use crate::sample::{FamilyGroup, FamilyInfo, LabelValues, OtelName};

/// The declaration of one built-in family.
#[derive(Clone, Copy, Debug)]
pub(crate) struct BuiltinFamily {
    /// The group under which documentation lists it.
    pub(crate) group: FamilyGroup,
    pub(crate) kind: MetricKind,
    /// The full name; a unit at its end is the family's unit.
    pub(crate) name: &'static str,
    pub(crate) help: &'static str,
    /// The labels, without those of dimensions.
    pub(crate) labels: &'static [BuiltinLabel],
    pub(crate) buckets: Buckets,
    setting: Setting,
    has_dimensions: bool,
    otel: Option<OtelName>,
}

/// The declaration of one label of a built-in family.
#[derive(Clone, Copy, Debug)]
pub(crate) struct BuiltinLabel {
    pub(crate) name: &'static str,
    pub(crate) values: LabelValues,
    setting: Setting,
}

/// The bucket bounds of a histogram, ascending, without `+Inf`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Buckets {
    pub(crate) bounds: &'static [f64],
    /// The number of bounds that are left with `compact_buckets()`.
    compact: usize,
}

/// The setting of the builder on which a family or a label depends.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Setting {
    /// No setting: every instance has it.
    Always,
    /// `duration_by_status()`
    DurationByStatus,
    /// `task_queue_duration()`
    TaskQueueDuration,
    /// Absent with `without_cost_in_cents()`.
    Cents,
    /// `profile(..)` with one of these.
    Profile(&'static [Profile]),
}

impl Setting {
    fn is_on(self, settings: &Settings) -> bool {
        match self {
            Self::Always => true,
            Self::DurationByStatus => settings.duration_by_status,
            Self::TaskQueueDuration => settings.task_queue,
            Self::Cents => settings.cents,
            Self::Profile(profiles) => profiles.iter().any(|profile| settings.profiles.contains(profile)),
        }
    }
}

impl Buckets {
    const NONE: Self = Self::new(&[]);

    pub(crate) const fn new(bounds: &'static [f64]) -> Self {
        Self { bounds, compact: bounds.len() }
    }

    /// With `compact_buckets()` only the first `count` bounds are left.
    pub(crate) const fn compact(self, count: usize) -> Self {
        Self { compact: count, ..self }
    }

    fn bounds(self, settings: &Settings) -> &'static [f64] {
        if settings.compact_buckets { &self.bounds[..self.compact] } else { self.bounds }
    }
}

impl BuiltinLabel {
    /// A label with a fixed set of values.
    pub(crate) const fn closed(name: &'static str, values: &'static [&'static str]) -> Self {
        Self::new(name, LabelValues::Closed(values))
    }

    /// A label with at most `cap` different values.
    pub(crate) const fn capped(name: &'static str, cap: usize) -> Self {
        Self::new(name, LabelValues::Capped(cap))
    }

    /// A label whose values only the running program knows. Where an interner caps them, the catalogue states its cap.
    pub(crate) const fn open(name: &'static str) -> Self {
        Self::new(name, LabelValues::Open)
    }

    const fn new(name: &'static str, values: LabelValues) -> Self {
        Self { name, values, setting: Setting::Always }
    }

    /// The label is there only if `setting` is on.
    pub(crate) const fn only_with(self, setting: Setting) -> Self {
        Self { setting, ..self }
    }
}

impl BuiltinFamily {
    pub(crate) const fn counter(name: &'static str, help: &'static str) -> Self {
        Self::new(MetricKind::Counter, name, help)
    }

    pub(crate) const fn gauge(name: &'static str, help: &'static str) -> Self {
        Self::new(MetricKind::Gauge, name, help)
    }

    pub(crate) const fn histogram(name: &'static str, help: &'static str, buckets: Buckets) -> Self {
        Self { buckets, ..Self::new(MetricKind::Histogram, name, help) }
    }

    pub(crate) const fn summary(name: &'static str, help: &'static str) -> Self {
        Self::new(MetricKind::Summary, name, help)
    }

    pub(crate) const fn info_metric(name: &'static str, help: &'static str) -> Self {
        Self::new(MetricKind::Info, name, help)
    }

    pub(crate) const fn unknown(name: &'static str, help: &'static str) -> Self {
        Self::new(MetricKind::Unknown, name, help)
    }

    const fn new(kind: MetricKind, name: &'static str, help: &'static str) -> Self {
        Self {
            group: FamilyGroup::UserDefined,
            kind,
            name,
            help,
            labels: &[],
            buckets: Buckets::NONE,
            setting: Setting::Always,
            has_dimensions: false,
            otel: None,
        }
    }

    pub(crate) const fn labels(self, labels: &'static [BuiltinLabel]) -> Self {
        Self { labels, ..self }
    }

    /// These labels, and those of the instance's dimensions.
    pub(crate) const fn labels_and_dimensions(self, labels: &'static [BuiltinLabel]) -> Self {
        Self { labels, has_dimensions: true, ..self }
    }

    /// The family is there only if `setting` is on.
    pub(crate) const fn only_with(self, setting: Setting) -> Self {
        Self { setting, ..self }
    }

    pub(crate) const fn in_group(self, group: FamilyGroup) -> Self {
        Self { group, ..self }
    }

    /// The group of a table, for a family that names none itself.
    pub(crate) const fn in_group_of_table(self, group: FamilyGroup) -> Self {
        if matches!(self.group, FamilyGroup::UserDefined) { self.in_group(group) } else { self }
    }

    pub(crate) const fn otel(self, name: &'static str, unit: &'static str) -> Self {
        Self { otel: Some(OtelName { name, unit }), ..self }
    }

    /// The bucket bounds with these settings, whether or not native histograms replace them.
    pub(crate) fn bounds(&self, settings: &Settings) -> &'static [f64] {
        self.buckets.bounds(settings)
    }

    /// The specification of the family, for one that is recorded with a metric type of the public API. Its label set repeats
    /// the declared labels.
    pub(crate) fn spec(&self) -> Spec {
        let spec = Spec::new(self.name, self.help).group(self.group);
        if self.buckets.bounds.is_empty() { spec } else { spec.buckets(self.buckets.bounds) }
    }

    /// The description of the family in an instance with these settings.
    pub(crate) fn info(&self, settings: &Settings) -> FamilyInfo {
        let labels = self.labels.iter().filter(|label| label.setting.is_on(settings));
        let (names, values): (Vec<_>, Vec<_>) = labels.map(|label| (label.name, label.values)).unzip();
        let mut info = FamilyInfo::new(self.kind, self.name, self.help, &names);
        info.values = values;
        info.group = self.group;
        info.otel = self.otel;
        info.buckets = settings.histogram_options.bounds(self.bounds(settings)).to_vec();
        if self.has_dimensions { info.with_labels(settings.dimensions.names()) } else { info }
    }
}

/// An enum made by [`builtin_families!`], each variant of which identifies a family.
pub(crate) trait FamilyId: Copy + PartialEq + 'static {
    /// All families, in the order of the table.
    const ALL: &'static [Self];

    /// The declaration.
    fn family(self) -> &'static BuiltinFamily;

    fn name(self) -> &'static str {
        self.family().name
    }

    fn bounds(self, settings: &Settings) -> &'static [f64] {
        self.family().bounds(settings)
    }
}

/// Declares the families of a group: an enum that identifies them, and their table.
macro_rules! builtin_families {
    ($(#[$attribute:meta])* $vis:vis enum $id:ident in $group:ident { $($variant:ident => $family:expr,)+ }) => {
        $(#[$attribute])*
        #[derive(Clone, Copy, PartialEq, Eq, Debug)]
        $vis enum $id { $($variant),+ }

        impl $id {
            /// The declarations, in the order of the variants.
            pub(crate) const TABLE: &'static [$crate::builtin::BuiltinFamily] =
                &[$($family.in_group_of_table($crate::sample::FamilyGroup::$group)),+];
        }

        impl $crate::builtin::FamilyId for $id {
            const ALL: &'static [Self] = &[$(Self::$variant),+];

            fn family(self) -> &'static $crate::builtin::BuiltinFamily {
                &Self::TABLE[self as usize]
            }
        }
    };
}
pub(crate) use builtin_families;

/// The families of a table that an instance exposes.
pub(crate) struct EnabledFamilies<F> {
    ids: Vec<F>,
    infos: Vec<FamilyInfo>,
}

impl<F: FamilyId> EnabledFamilies<F> {
    pub(crate) fn new(settings: &Settings) -> Self {
        let is_enabled = |id: &F| id.family().setting.is_on(settings);
        let ids: Vec<F> = F::ALL.iter().copied().filter(is_enabled).collect();
        let infos = ids.iter().map(|id| id.family().info(settings)).collect();
        Self { ids, infos }
    }

    /// The descriptions, as [`Source::families`](crate::sample::Source::families) returns them.
    pub(crate) fn infos(&self) -> &[FamilyInfo] {
        &self.infos
    }

    /// The family whose description is at `index` of [`infos`](Self::infos).
    pub(crate) fn id(&self, index: usize) -> F {
        self.ids[index]
    }

    pub(crate) fn contains(&self, id: F) -> bool {
        self.ids.contains(&id)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.ids.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::{Path, PathBuf};

    use super::*;
    use crate::builtin::BUILTIN_TABLES;

    fn families() -> impl Iterator<Item = &'static BuiltinFamily> {
        BUILTIN_TABLES.iter().copied().flatten()
    }

    /// The source of each module, without comments and unit tests.
    fn sources() -> Vec<(PathBuf, String)> {
        fn collect(folder: &Path, sources: &mut Vec<(PathBuf, String)>) {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    collect(&path, sources);
                } else if path.extension().is_some_and(|extension| extension == "rs") {
                    let text = std::fs::read_to_string(&path).unwrap();
                    let code = text.split("\n#[cfg(test)]\nmod tests").next().unwrap_or_default();
                    let lines = code.lines().filter(|line| !line.trim_start().starts_with("//"));
                    sources.push((path, lines.collect::<Vec<_>>().join("\n")));
                }
            }
        }
        let mut sources = Vec::new();
        collect(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut sources);
        sources
    }

    #[test]
    fn each_family_is_declared_once() {
        let names: BTreeSet<_> = families().map(|family| family.name).collect();
        assert_eq!(names.len(), families().count());
        let sources = sources();
        for family in families() {
            let literal = format!("\"{}\"", family.otel.map_or(family.name, |otel| otel.name));
            // Monitoring and the live page query families; the names in their queries are checked against the catalogue.
            let queries = |path: &Path| {
                path.components()
                    .any(|part| ["monitoring", "boards", "live"].iter().any(|name| part.as_os_str() == *name))
            };
            let places: Vec<_> = sources
                .iter()
                .filter(|(path, _)| !queries(path))
                .flat_map(|(path, code)| code.matches(&*literal).map(move |_| path))
                .collect();
            assert_eq!(places.len(), 1, "{literal} is in {places:?}");
            assert!(places[0].components().any(|part| part.as_os_str() == "builtin"), "{places:?}");
        }
    }

    #[test]
    fn declarations_follow_the_rules_for_names() {
        for family in families() {
            let kind = family.kind;
            // The original name of the cost in cents is exposed without a kind, since it breaks the rules of its kind.
            assert_eq!(crate::name::metric_name(kind, family.name), Ok(()), "{}", family.name);
            assert_ne!(family.group, FamilyGroup::UserDefined, "{}", family.name);
            assert!(family.help.ends_with('.'), "{}", family.help);
            assert_eq!(family.buckets.bounds.is_empty(), kind != MetricKind::Histogram, "{}", family.name);
            for label in family.labels {
                assert_eq!(crate::name::label_name(label.name), Ok(()), "{}", family.name);
            }
        }
    }

    #[test]
    fn dimensions_cannot_have_the_labels_of_the_families_they_split() {
        let reserved: BTreeSet<_> = crate::builtin::reserved_label_names().collect();
        for family in families().filter(|family| family.has_dimensions) {
            assert!(family.labels.iter().all(|label| reserved.contains(label.name)), "{}", family.name);
        }
        for name in ["task_type", "model", "tool_name", "window", "budget", "le", "quantile"] {
            assert!(reserved.contains(name), "{name}");
        }
        for name in ["version", "date", "endpoint", "tier"] {
            assert!(!reserved.contains(name), "{name}");
        }
    }
}
