//! The facts about one model that all of its bundles share.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use super::family::{LIMIT_KIND, MODEL};
use crate::clock::{self, Ticks};
use crate::label::{Labels, RenderedLabels};
use crate::pricing::{ModelPrices, Quote};
use crate::sample::{Number, Visitor};
use crate::usage::RateLimits;

pub(super) struct Model {
    pub(super) name: Box<str>,
    pub(super) prices: ModelPrices,
    /// One bit for each kind of anomaly that was reported to the fault hook.
    pub(super) reported_anomalies: AtomicU64,
    /// The remaining amount of each limit, in the order of [`RateLimits::KINDS`], and the clock reading of its last report; 0
    /// before the first.
    ///
    /// The two are stored one after the other with relaxed order. A scrape in between shows an amount with the time of its
    /// neighbour, which only decides whether a value at the edge of being stale is shown.
    limits: [[AtomicU64; 2]; RateLimits::KINDS.len()],
}

/// The age at which a limit is no longer shown. Providers reset their limits every minute.
const STALE: Duration = Duration::from_secs(5 * 60);

impl Model {
    pub(super) fn new(name: &str, standard: Option<&Quote>) -> Self {
        Self {
            name: name.into(),
            prices: ModelPrices::new(standard),
            reported_anomalies: AtomicU64::new(0),
            limits: [const { [AtomicU64::new(0), AtomicU64::new(0)] }; RateLimits::KINDS.len()],
        }
    }

    pub(super) fn set_limits(&self, limits: RateLimits) {
        for (kind, left) in limits.values().into_iter().enumerate() {
            if let Some(left) = left {
                let [amount, reported_at] = &self.limits[kind];
                amount.store(left, Ordering::Relaxed);
                reported_at.store(clock::now().reading().max(1), Ordering::Relaxed);
            }
        }
    }

    pub(super) fn show_limits(&self, visitor: &mut dyn Visitor) {
        let labels = RenderedLabels::new([(MODEL.name, &*self.name)]);
        for (kind, [left, reported_at]) in RateLimits::KINDS.into_iter().zip(&self.limits) {
            let (left, reported_at) = (left.load(Ordering::Relaxed), reported_at.load(Ordering::Relaxed));
            if reported_at != 0 && clock::now().since(Ticks::from_reading(reported_at)) <= clock::ticks(STALE)
            {
                visitor.sample(Labels::with(&labels, &[(LIMIT_KIND.name, kind)]), Number::Integer(left));
            }
        }
    }
}
