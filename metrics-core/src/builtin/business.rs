//! What the agent's owners ask of it: caches, memory, satisfied users; and which version runs.

use std::sync::Arc;

use crate::family::{Metric, Spec};
use crate::label::{Bounded, Domain, Domains, LabelField, LabelSet, LabelValue};
use crate::metric::{Counter, Gauge, Histogram, HistogramOptions, Info};
use crate::name::MetricKind;
use crate::sample::{FamilyInfo, Source};

/// Whether a look-up in a cache found something.
#[derive(Clone, Copy)]
pub(crate) enum CacheResult {
    Hit,
    Miss,
}

impl LabelValue for CacheResult {
    const VALUES: &'static [&'static str] = &["hit", "miss"];

    fn index(self) -> usize {
        self as usize
    }
}

#[derive(Clone, Copy)]
pub(crate) struct CacheLabels {
    pub(crate) result: CacheResult,
}

impl LabelSet for CacheLabels {
    const NAMES: &'static [&'static str] = &["result"];
    const DOMAINS: &'static [Domain] = &[CacheResult::DOMAIN];

    fn index(&self, domains: &Domains) -> usize {
        domains.fold(0, 0, &self.result)
    }
}

#[derive(Clone, Copy)]
pub(crate) struct MemoryLabels {
    pub(crate) memory_type: Bounded<64>,
}

impl LabelSet for MemoryLabels {
    const NAMES: &'static [&'static str] = &["memory_type"];
    const DOMAINS: &'static [Domain] = &[<Bounded<64>>::DOMAIN];

    fn index(&self, domains: &Domains) -> usize {
        domains.fold(0, 0, &self.memory_type)
    }
}

pub(crate) struct Business {
    pub(crate) cache: Counter<CacheLabels>,
    pub(crate) memory: Gauge<MemoryLabels>,
    pub(crate) satisfaction: Histogram,
    pub(crate) app: Info,
}

impl Business {
    pub(crate) fn new(histogram_options: &HistogramOptions) -> Self {
        let app = FamilyInfo::new(MetricKind::Info, "agent_app_info", "Facts about the application.", &[]);
        Self {
            cache: Metric::build(&Spec::new("agent_cache_total", "Look-ups in the agent's caches.")),
            memory: Metric::build(&Spec::new("agent_memory_entries", "Entries in the agent's memory.")),
            satisfaction: Metric::build(
                &Spec::new("agent_user_satisfaction_score", "Scores that users gave, 1 to 5.")
                    .buckets(&[1.0, 2.0, 3.0, 4.0, 5.0])
                    .histogram_options(histogram_options.clone()),
            ),
            app: Info::new(app),
        }
    }

    pub(crate) fn sources(&self) -> [Arc<dyn Source>; 4] {
        let Self { cache, memory, satisfaction, app } = self;
        [cache.handle().0, memory.handle().0, satisfaction.handle().0, app.handle().0]
    }
}
