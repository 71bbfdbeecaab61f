//! How pushing goes, as families of the instance that is pushed.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use crate::builtin::{EnabledFamilies, FamilyId as _, PUSH_OUTCOMES, PushFamily, Settings, TARGET, Table};
use crate::error::RegisterError;
use crate::instance::AgentMetrics;
use crate::label::{Interner, Labels, RenderedLabels};
use crate::sample::{FamilyInfo, Number, Source, Visitor};

/// How many pushes of different names have series of their own; further ones share one.
const NAMES: usize = 16;

/// How a push ended.
#[derive(Clone, Copy)]
pub(super) enum Outcome {
    Success,
    Unavailable,
    Rejected,
}

/// The families of one instance.
pub(super) struct PushHealth {
    targets: Table<Progress>,
    families: EnabledFamilies<PushFamily>,
}

/// How the pushes of one name go.
struct Progress {
    target: String,
    outcomes: [AtomicU64; PUSH_OUTCOMES.len()],
    samples: AtomicU64,
    nanos: AtomicU64,
    /// When it was made; what arrived last was read so many nanoseconds later.
    since: Instant,
    read: AtomicU64,
}

impl Progress {
    /// How old the newest is that an engine has, in nanoseconds.
    fn lag(&self, now: Instant) -> u64 {
        let age = nanos(now.saturating_duration_since(self.since));
        age.saturating_sub(self.read.load(Ordering::Relaxed))
    }
}

impl PushHealth {
    /// Those of an instance, registered with the first push.
    pub(super) fn of(metrics: &AgentMetrics) -> Result<Arc<Self>, RegisterError> {
        metrics.extension(|| {
            let health = Arc::new(Self::new());
            metrics.register(&[health.clone() as Arc<dyn Source>])?;
            Ok(health)
        })
    }

    fn new() -> Self {
        // No setting of the instance affects these families.
        let families = EnabledFamilies::new(&Settings::default());
        Self { targets: Table::new(NAMES), families }
    }

    /// The slot of a name, whose series begin at 0.
    pub(super) fn slot(&self, target: &str) -> usize {
        let slot = self.targets.values.slot(target);
        self.progress(slot);
        slot
    }

    /// A push ended, of values that were read at some time.
    pub(super) fn ended(&self, slot: usize, outcome: Outcome, took: Duration, read_at: Instant) {
        let progress = self.progress(slot);
        progress.nanos.fetch_add(nanos(took), Ordering::Relaxed);
        progress.outcomes[outcome as usize].fetch_add(1, Ordering::Relaxed);
        if matches!(outcome, Outcome::Success) {
            let read = nanos(read_at.saturating_duration_since(progress.since));
            progress.read.store(read, Ordering::Relaxed);
        }
    }

    pub(super) fn taken(&self, slot: usize, samples: u64) {
        self.progress(slot).samples.fetch_add(samples, Ordering::Relaxed);
    }

    fn progress(&self, slot: usize) -> &Progress {
        self.targets.bundle(slot, |target| Progress {
            target: target.to_owned(),
            outcomes: Default::default(),
            samples: AtomicU64::new(0),
            nanos: AtomicU64::new(0),
            since: Instant::now(),
            read: AtomicU64::new(0),
        })
    }
}

fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

impl Source for PushHealth {
    fn families(&self) -> &[FamilyInfo] {
        self.families.infos()
    }

    fn visit_part(&self, family: usize, _: usize, visitor: &mut dyn Visitor) {
        for progress in self.targets.iter() {
            let labels = RenderedLabels::new([(TARGET.name, progress.target.as_str())]);
            let pushes = progress.outcomes.each_ref().map(|count| count.load(Ordering::Relaxed));
            match self.families.id(family) {
                PushFamily::Pushes => {
                    for (outcome, count) in PUSH_OUTCOMES.into_iter().zip(pushes) {
                        visitor
                            .sample(Labels::with(&labels, &[("outcome", outcome)]), Number::Integer(count));
                    }
                }
                PushFamily::Samples => {
                    let samples = progress.samples.load(Ordering::Relaxed);
                    visitor.sample(Labels::new(&labels), Number::Integer(samples));
                }
                PushFamily::Lag => {
                    visitor.sample(Labels::new(&labels), Number::Nanos(progress.lag(Instant::now())));
                }
                PushFamily::Duration => {
                    let sum = Number::Nanos(progress.nanos.load(Ordering::Relaxed));
                    visitor.summary(Labels::new(&labels), pushes.iter().sum(), sum);
                }
            }
        }
    }

    fn interners(&self) -> Vec<(&str, &str, &Arc<Interner>)> {
        vec![(PushFamily::Pushes.name(), TARGET.name, &self.targets.values)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lag_is_the_age_of_what_arrived() {
        let health = PushHealth::new();
        let slot = health.slot("engine");
        let progress = health.progress(slot);
        let later = |seconds| progress.since + Duration::from_secs(seconds);
        let lag = |seconds| Duration::from_nanos(progress.lag(later(seconds))).as_secs();
        assert_eq!(lag(7), 7, "nothing arrived");
        health.ended(slot, Outcome::Unavailable, Duration::ZERO, later(8));
        assert_eq!(lag(9), 9, "nor then");
        // Its first requests were taken at once, its last after an outage.
        health.ended(slot, Outcome::Success, Duration::ZERO, later(10));
        assert_eq!(lag(50), 40);
    }
}
