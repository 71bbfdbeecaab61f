//! What is left of a model's rate limits, as its provider last reported it.
//!
//! # Memory ordering
//! A report is two numbers: the amount, and the time of the report. A scrape shows the amount once it sees a time, and
//! must then see the amount of that report or of a later one; otherwise it would show 0 requests left where thousands
//! are. So the amount is stored first and the time after it with `Release`, and scrapes load the time first, with
//! `Acquire`. A scrape between the two stores of a later report shows the new amount with the time of the report before,
//! which only decides whether a value at the edge of being stale is shown.

use std::time::Duration;

use super::family::{LIMIT_KIND, MODEL};
use crate::clock::{self, Ticks};
use crate::label::{Labels, RenderedLabels};
use crate::sample::{Number, Visitor};
use crate::sync::{AtomicU64, Ordering};
use crate::usage::RateLimits;

/// The remaining amount of each kind of limit.
pub(super) struct RemainingLimits([Remaining; RateLimits::KINDS.len()]);

/// The remaining amount of one limit.
struct Remaining {
    amount: AtomicU64,
    /// The clock reading of the last report; 0 before the first.
    reported_at: AtomicU64,
}

/// The age at which a limit is no longer shown. Providers reset their limits every minute.
const STALE: Duration = Duration::from_secs(5 * 60);

impl Remaining {
    fn new() -> Self {
        Self { amount: AtomicU64::new(0), reported_at: AtomicU64::new(0) }
    }

    fn set(&self, amount: u64, at: Ticks) {
        self.amount.store(amount, Ordering::Relaxed);
        self.reported_at.store(at.reading().max(1), Ordering::Release);
    }

    /// Returns the amount and the time of its report, if there was one.
    fn get(&self) -> Option<(u64, Ticks)> {
        let reported_at = self.reported_at.load(Ordering::Acquire);
        (reported_at != 0).then(|| (self.amount.load(Ordering::Relaxed), Ticks::from_reading(reported_at)))
    }
}

impl RemainingLimits {
    pub(super) fn new() -> Self {
        Self(std::array::from_fn(|_| Remaining::new()))
    }

    pub(super) fn set(&self, limits: RateLimits) {
        for (remaining, amount) in self.0.iter().zip(limits.values()) {
            if let Some(amount) = amount {
                remaining.set(amount, clock::now());
            }
        }
    }

    pub(super) fn show(&self, model: &str, visitor: &mut dyn Visitor) {
        let labels = RenderedLabels::new([(MODEL.name, model)]);
        for (kind, remaining) in RateLimits::KINDS.into_iter().zip(&self.0) {
            if let Some((amount, reported_at)) = remaining.get()
                && clock::now().since(reported_at) <= clock::ticks(STALE)
            {
                visitor.sample(Labels::with(&labels, &[(LIMIT_KIND.name, kind)]), Number::Integer(amount));
            }
        }
    }
}

/// Run with the models of the shards.
#[cfg(all(test, loom))]
mod model {
    use loom::sync::Arc;
    use loom::thread;

    use super::*;

    #[test]
    fn a_scrape_that_sees_a_report_sees_its_amount() {
        loom::model(|| {
            let remaining = Arc::new(Remaining::new());
            let reporter = {
                let remaining = remaining.clone();
                thread::spawn(move || remaining.set(5000, Ticks::from_reading(1)))
            };
            assert!(remaining.get().is_none_or(|(amount, _)| amount == 5000));
            reporter.join().unwrap();
            assert_eq!(remaining.get(), Some((5000, Ticks::from_reading(1))));
        });
    }
}
