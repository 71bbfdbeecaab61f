//! The metrics about pushing, as families of the instance that is pushed.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use crate::builtin::{EnabledFamilies, FamilyId as _, PUSH_OUTCOMES, PushFamily, Settings, TARGET, Table};
use crate::error::RegisterError;
use crate::instance::AgentMetrics;
use crate::label::{Interner, Labels, RenderedLabels};
use crate::sample::{FamilyInfo, Number, Source, Visitor};

/// The maximum number of push names with a series; further names share `__other__`.
const MAX_TARGETS: usize = 16;

/// The outcome of a push.
#[derive(Clone, Copy)]
pub(super) enum Outcome {
    Success,
    Unavailable,
    Rejected,
}

/// The families about the pushes of one instance.
pub(super) struct PushHealth {
    targets: Table<TargetProgress>,
    families: EnabledFamilies<PushFamily>,
}

/// The progress of the pushes of one name.
struct TargetProgress {
    target: String,
    outcomes: [AtomicU64; PUSH_OUTCOMES.len()],
    samples: AtomicU64,
    nanos: AtomicU64,
    created_at: Instant,
    /// The nanoseconds from `created_at` until the values were read that arrived last; 0 before the first success.
    arrived: AtomicU64,
}

impl TargetProgress {
    /// The age of the newest values that the target has, in nanoseconds.
    fn lag(&self, now: Instant) -> u64 {
        let age = nanos(now.saturating_duration_since(self.created_at));
        age.saturating_sub(self.arrived.load(Ordering::Relaxed))
    }
}

impl PushHealth {
    /// Returns the families of an instance. Registers them at the first push.
    pub(super) fn for_instance(metrics: &AgentMetrics) -> Result<Arc<Self>, RegisterError> {
        metrics.extension(|| {
            let health = Arc::new(Self::new());
            metrics.register(&[health.clone() as Arc<dyn Source>])?;
            Ok(health)
        })
    }

    fn new() -> Self {
        // No setting of the instance affects these families.
        let families = EnabledFamilies::new(&Settings::default());
        Self { targets: Table::new(MAX_TARGETS), families }
    }

    /// Returns the slot of a push name, and starts its series at 0.
    pub(super) fn slot(&self, target: &str) -> usize {
        let slot = self.targets.values.slot(target);
        self.progress(slot);
        slot
    }

    /// Records the end of a push of values that were read at `read_at`.
    pub(super) fn record_push(&self, slot: usize, outcome: Outcome, duration: Duration, read_at: Instant) {
        let progress = self.progress(slot);
        progress.nanos.fetch_add(nanos(duration), Ordering::Relaxed);
        progress.outcomes[outcome as usize].fetch_add(1, Ordering::Relaxed);
        if matches!(outcome, Outcome::Success) {
            let arrived = nanos(read_at.saturating_duration_since(progress.created_at));
            progress.arrived.store(arrived, Ordering::Relaxed);
        }
    }

    /// Records samples that the target accepted.
    pub(super) fn record_samples(&self, slot: usize, samples: u64) {
        self.progress(slot).samples.fetch_add(samples, Ordering::Relaxed);
    }

    fn progress(&self, slot: usize) -> &TargetProgress {
        self.targets.bundle(slot, |target| TargetProgress {
            target: target.to_owned(),
            outcomes: Default::default(),
            samples: AtomicU64::new(0),
            nanos: AtomicU64::new(0),
            created_at: Instant::now(),
            arrived: AtomicU64::new(0),
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
    fn lag_is_the_age_of_the_values_that_arrived_last() {
        let health = PushHealth::new();
        let slot = health.slot("target");
        let progress = health.progress(slot);
        let later = |seconds| progress.created_at + Duration::from_secs(seconds);
        let lag = |seconds| Duration::from_nanos(progress.lag(later(seconds))).as_secs();
        assert_eq!(lag(7), 7, "nothing has arrived");
        health.record_push(slot, Outcome::Unavailable, Duration::ZERO, later(8));
        assert_eq!(lag(9), 9, "a failed push brings nothing");
        // The push succeeded late, after an outage: the lag counts from the time at which its values were read.
        health.record_push(slot, Outcome::Success, Duration::ZERO, later(10));
        assert_eq!(lag(50), 40);
    }
}
