//! The toolkit's own health.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock, Weak};

use crate::faults::FaultReporter;
use crate::label::{Labels, RenderedLabels};
use crate::name::MetricKind;
use crate::sample::{FamilyInfo, Number, Source, Visitor};
use crate::storage;

pub(crate) struct Health {
    /// The sources it reports on. Weak, since it is one of them.
    sources: RwLock<Vec<Weak<dyn Source>>>,
    faults: Arc<FaultReporter>,
    scrapes: AtomicU64,
    scrape_nanos: AtomicU64,
    scrape_bytes: AtomicU64,
    infos: Vec<FamilyInfo>,
}

const OVERFLOW: usize = 0;
const CALLBACK_PANICS: usize = 1;
const REFUSED: usize = 2;
const WITHOUT_ROOM: usize = 3;
const SCRAPE_DURATION: usize = 4;

impl Health {
    pub(crate) fn new(faults: Arc<FaultReporter>) -> Self {
        let infos = vec![
            FamilyInfo::new(
                MetricKind::Counter,
                "agent_metrics_label_overflow_total",
                "Label values past a label's cap, counted under __other__.",
                &["family", "label"],
            ),
            FamilyInfo::new(
                MetricKind::Counter,
                "agent_metrics_callback_panics_total",
                "Panics in the closures of attributes.",
                &[],
            ),
            FamilyInfo::new(
                MetricKind::Counter,
                "agent_metrics_refused_observations_total",
                "Observations that were negative, not a number or too large for a sum.",
                &["family"],
            ),
            FamilyInfo::new(
                MetricKind::Counter,
                "agent_metrics_series_without_room_total",
                "Series of the process for which there is no storage left: they are not exposed.",
                &[],
            ),
            FamilyInfo::new(
                MetricKind::Summary,
                "agent_metrics_scrape_duration_seconds",
                "Time it took to write an exposition.",
                &[],
            ),
            FamilyInfo::new(
                MetricKind::Gauge,
                "agent_metrics_scrape_size_bytes",
                "Size of the last exposition, uncompressed.",
                &[],
            ),
        ];
        Self {
            sources: RwLock::default(),
            faults,
            scrapes: AtomicU64::new(0),
            scrape_nanos: AtomicU64::new(0),
            scrape_bytes: AtomicU64::new(0),
            infos,
        }
    }

    pub(crate) fn watch(&self, source: &Arc<dyn Source>) {
        self.sources.write().unwrap_or_else(PoisonError::into_inner).push(Arc::downgrade(source));
    }

    pub(crate) fn scraped(&self, nanos: u64, bytes: usize) {
        self.scrapes.fetch_add(1, Ordering::Relaxed);
        self.scrape_nanos.fetch_add(nanos, Ordering::Relaxed);
        self.scrape_bytes.store(bytes as u64, Ordering::Relaxed);
    }

    /// How long the last exposition was, in bytes.
    pub(crate) fn last_size(&self) -> usize {
        self.scrape_bytes.load(Ordering::Relaxed) as usize
    }

    fn for_each_source(&self, mut see: impl FnMut(&dyn Source)) {
        let sources = self.sources.read().unwrap_or_else(PoisonError::into_inner);
        for source in sources.iter().filter_map(Weak::upgrade) {
            see(&*source);
        }
    }
}

impl Source for Health {
    fn families(&self) -> &[FamilyInfo] {
        &self.infos
    }

    fn visit_part(&self, family: usize, _: usize, visitor: &mut dyn Visitor) {
        match family {
            OVERFLOW => self.for_each_source(|source| {
                for (family, label, values) in source.interners() {
                    let labels = RenderedLabels::new([("family", family), ("label", label)]);
                    visitor.sample(Labels::new(&labels), Number::Integer(values.overflows()));
                }
            }),
            CALLBACK_PANICS => visitor.sample(Labels::NONE, Number::Integer(self.faults.callback_panics())),
            REFUSED => self.for_each_source(|source| {
                for (family, refused) in source.refused() {
                    visitor.sample(
                        Labels::new(&RenderedLabels::new([("family", family)])),
                        Number::Integer(refused),
                    );
                }
            }),
            WITHOUT_ROOM => visitor.sample(Labels::NONE, Number::Integer(storage::failed_allocations())),
            SCRAPE_DURATION => {
                let sum = Number::Nanos(self.scrape_nanos.load(Ordering::Relaxed));
                visitor.summary(Labels::NONE, self.scrapes.load(Ordering::Relaxed), sum);
            }
            _ => {
                let bytes = self.scrape_bytes.load(Ordering::Relaxed);
                visitor.sample(Labels::NONE, Number::Integer(bytes));
            }
        }
    }
}
