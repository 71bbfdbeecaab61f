//! Caches, memory, user satisfaction, and facts about the application.

use std::sync::Arc;

use super::declaration::{Buckets, BuiltinFamily, BuiltinLabel, builtin_families};
use super::{FamilyId as _, Settings};
use crate::family::Metric;
use crate::label::{Bounded, Domain, Domains, LabelField, LabelSet, LabelValue};
use crate::metric::{Counter, Gauge, Histogram, Info};
use crate::sample::Source;

const RESULT: BuiltinLabel = BuiltinLabel::closed("result", CacheResult::VALUES);
/// The number of memory types that have their own series.
const MEMORY_TYPES: usize = 64;
const MEMORY_TYPE: BuiltinLabel = BuiltinLabel::capped("memory_type", MEMORY_TYPES);

builtin_families! {
    /// The families about the application.
    pub(crate) enum ApplicationFamily in Application {
        CacheLookups => BuiltinFamily::counter("agent_cache_total", "Look-ups in the agent's caches, by result.")
            .labels(&[RESULT]),
        MemoryEntries => BuiltinFamily::gauge("agent_memory_entries", "Entries in the agent's memory.")
            .labels(&[MEMORY_TYPE]),
        Satisfaction => BuiltinFamily::histogram(
            "agent_user_satisfaction_score",
            "Scores given by users, 1 to 5.",
            Buckets::new(&[1.0, 2.0, 3.0, 4.0, 5.0]),
        ),
        // The user's code chooses its labels.
        Info => BuiltinFamily::info_metric("agent_app_info", "Facts about the application."),
    }
}

/// The result of a cache look-up.
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
    const NAMES: &'static [&'static str] = &[RESULT.name];
    const DOMAINS: &'static [Domain] = &[CacheResult::DOMAIN];

    fn index(&self, domains: &Domains) -> usize {
        domains.fold(0, 0, &self.result)
    }
}

#[derive(Clone, Copy)]
pub(crate) struct MemoryLabels {
    pub(crate) memory_type: Bounded<MEMORY_TYPES>,
}

impl LabelSet for MemoryLabels {
    const NAMES: &'static [&'static str] = &[MEMORY_TYPE.name];
    const DOMAINS: &'static [Domain] = &[<Bounded<MEMORY_TYPES>>::DOMAIN];

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
    pub(crate) fn new(settings: &Settings) -> Self {
        let spec = |family: ApplicationFamily| {
            family.family().spec().histogram_options(settings.histogram_options.clone())
        };
        Self {
            cache: Metric::build(&spec(ApplicationFamily::CacheLookups)),
            memory: Metric::build(&spec(ApplicationFamily::MemoryEntries)),
            satisfaction: Metric::build(&spec(ApplicationFamily::Satisfaction)),
            app: Metric::build(&spec(ApplicationFamily::Info)),
        }
    }

    pub(crate) fn sources(&self) -> [Arc<dyn Source>; 4] {
        let Self { cache, memory, satisfaction, app } = self;
        [cache.handle().0, memory.handle().0, satisfaction.handle().0, app.handle().0]
    }
}
