//! What is kept of a model once, however many series its calls have.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crate::clock::{self, Ticks};
use crate::label::{Labels, RenderedLabels};
use crate::pricing::{AtomicPrice, Price};
use crate::sample::{Number, Visitor};
use crate::usage::RateLimits;

pub(super) struct Model {
    pub(super) name: Box<str>,
    pub(super) price: AtomicPrice,
    /// A bit for each kind of anomaly that the hook was told of.
    pub(super) told: AtomicU64,
    /// What is left of each limit, in the order of [`RateLimits::KINDS`], and when that was told: 0 before.
    limits: [[AtomicU64; 2]; RateLimits::KINDS.len()],
}

/// Providers reset their limits every minute: what was told earlier than this says nothing of now.
const STALE: Duration = Duration::from_secs(5 * 60);

impl Model {
    pub(super) fn new(name: &str, price: Option<&Price>) -> Self {
        Self {
            name: name.into(),
            price: AtomicPrice::new(price),
            told: AtomicU64::new(0),
            limits: [const { [AtomicU64::new(0), AtomicU64::new(0)] }; RateLimits::KINDS.len()],
        }
    }

    pub(super) fn set_limits(&self, limits: RateLimits) {
        for (place, left) in limits.values().into_iter().enumerate() {
            if let Some(left) = left {
                let [known, told] = &self.limits[place];
                known.store(left, Ordering::Relaxed);
                told.store(clock::now().reading().max(1), Ordering::Relaxed);
            }
        }
    }

    pub(super) fn show_limits(&self, visitor: &mut dyn Visitor) {
        let labels = RenderedLabels::new([("model", &*self.name)]);
        for (kind, [left, told]) in RateLimits::KINDS.into_iter().zip(&self.limits) {
            let (left, told) = (left.load(Ordering::Relaxed), told.load(Ordering::Relaxed));
            if told != 0 && clock::now().since(Ticks::from_reading(told)) <= clock::ticks(STALE) {
                visitor.sample(Labels::with(&labels, &[("kind", kind)]), Number::Integer(left));
            }
        }
    }
}
