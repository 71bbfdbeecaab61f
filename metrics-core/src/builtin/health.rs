//! The health of the toolkit itself.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock, Weak};

use super::declaration::{BuiltinFamily, BuiltinLabel, builtin_families};
use super::{EnabledFamilies, Settings};
use crate::faults::FaultReporter;
use crate::label::{Labels, RenderedLabels};
use crate::sample::{FamilyInfo, Number, Source, Visitor};
use crate::storage;

const FAMILY: BuiltinLabel = BuiltinLabel::open("family");
const LABEL: BuiltinLabel = BuiltinLabel::open("label");

builtin_families! {
    /// The families about the toolkit itself that every instance has.
    pub(crate) enum HealthFamily in Health {
        Overflow => BuiltinFamily::counter(
            "agent_metrics_label_overflow_total",
            "Label values that exceeded a label's cap and were counted under __other__.",
        )
        .labels(&[FAMILY, LABEL]),
        CallbackPanics => BuiltinFamily::counter(
            "agent_metrics_callback_panics_total",
            "Panics in the user's callbacks, such as closures of attributes, and in other collectors.",
        ),
        SkippedFamilies => BuiltinFamily::counter(
            "agent_metrics_skipped_families_total",
            "Families of other collectors that a scrape left out since a sample of theirs has the name of another one.",
        ),
        RefusedObservations => BuiltinFamily::counter(
            "agent_metrics_refused_observations_total",
            "Observations that were refused since they are negative, not a number or too large.",
        )
        .labels(&[FAMILY]),
        SeriesWithoutStorage => BuiltinFamily::counter(
            "agent_metrics_series_without_room_total",
            "Series of the process that are not exposed because the storage is full.",
        ),
        SaturatedAdditions => BuiltinFamily::counter(
            "agent_metrics_saturated_additions_total",
            "Additions of the process to a sum that has reached the largest number and stays there.",
        ),
        ScrapeDuration => BuiltinFamily::summary(
            "agent_metrics_scrape_duration_seconds",
            "Time to write an exposition.",
        ),
        ScrapeSize => BuiltinFamily::gauge(
            "agent_metrics_scrape_size_bytes",
            "Size of the last exposition before compression.",
        ),
    }
}

pub(crate) struct Health {
    /// The sources whose overflows and refused observations are shown. The references are weak, since this is a source too and
    /// would otherwise keep itself alive.
    sources: RwLock<Vec<Weak<dyn Source>>>,
    faults: Arc<FaultReporter>,
    scrapes: AtomicU64,
    scrape_nanos: AtomicU64,
    scrape_bytes: AtomicU64,
    families: EnabledFamilies<HealthFamily>,
}

impl Health {
    pub(crate) fn new(settings: &Settings, faults: Arc<FaultReporter>) -> Self {
        Self {
            sources: RwLock::default(),
            faults,
            scrapes: AtomicU64::new(0),
            scrape_nanos: AtomicU64::new(0),
            scrape_bytes: AtomicU64::new(0),
            families: EnabledFamilies::new(settings),
        }
    }

    /// Adds a source whose overflows and refused observations are shown.
    pub(crate) fn watch(&self, source: &Arc<dyn Source>) {
        self.sources.write().unwrap_or_else(PoisonError::into_inner).push(Arc::downgrade(source));
    }

    /// Records that an exposition was written.
    pub(crate) fn scraped(&self, nanos: u64, bytes: usize) {
        self.scrapes.fetch_add(1, Ordering::Relaxed);
        self.scrape_nanos.fetch_add(nanos, Ordering::Relaxed);
        self.scrape_bytes.store(bytes as u64, Ordering::Relaxed);
    }

    /// Returns the size of the last exposition in bytes.
    pub(crate) fn last_size(&self) -> usize {
        self.scrape_bytes.load(Ordering::Relaxed) as usize
    }

    fn for_each_source(&self, mut visit: impl FnMut(&dyn Source)) {
        let sources = self.sources.read().unwrap_or_else(PoisonError::into_inner);
        for source in sources.iter().filter_map(Weak::upgrade) {
            visit(&*source);
        }
    }
}

impl Source for Health {
    fn families(&self) -> &[FamilyInfo] {
        self.families.infos()
    }

    fn visit_part(&self, family: usize, _: usize, visitor: &mut dyn Visitor) {
        match self.families.id(family) {
            HealthFamily::Overflow => self.for_each_source(|source| {
                for (family, label, values) in source.interners() {
                    let labels = RenderedLabels::new([(FAMILY.name, family), (LABEL.name, label)]);
                    visitor.sample(Labels::new(&labels), Number::Integer(values.overflows()));
                }
            }),
            HealthFamily::CallbackPanics => {
                visitor.sample(Labels::NONE, Number::Integer(self.faults.callback_panics()));
            }
            HealthFamily::SkippedFamilies => {
                visitor.sample(Labels::NONE, Number::Integer(self.faults.skipped_families()));
            }
            HealthFamily::RefusedObservations => self.for_each_source(|source| {
                for (family, refused) in source.refused() {
                    visitor.sample(
                        Labels::new(&RenderedLabels::new([(FAMILY.name, family)])),
                        Number::Integer(refused),
                    );
                }
            }),
            HealthFamily::SeriesWithoutStorage => {
                visitor.sample(Labels::NONE, Number::Integer(storage::failed_allocations()));
            }
            HealthFamily::SaturatedAdditions => {
                visitor.sample(Labels::NONE, Number::Integer(storage::saturated_additions()));
            }
            HealthFamily::ScrapeDuration => {
                let sum = Number::Nanos(self.scrape_nanos.load(Ordering::Relaxed));
                visitor.summary(Labels::NONE, self.scrapes.load(Ordering::Relaxed), sum);
            }
            HealthFamily::ScrapeSize => {
                let bytes = self.scrape_bytes.load(Ordering::Relaxed);
                visitor.sample(Labels::NONE, Number::Integer(bytes));
            }
        }
    }
}
