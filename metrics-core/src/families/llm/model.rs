//! What is kept of a model once, however many series its calls have.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::label::{Labels, render};
use crate::metric::Number;
use crate::pricing::{Price, PriceSlot};
use crate::usage::RateLimits;
use crate::visit::Visitor;

pub(super) struct Model {
    pub(super) name: Box<str>,
    pub(super) price: PriceSlot,
    /// A bit for each kind of anomaly that the hook was told of.
    pub(super) told: AtomicU64,
    /// What is left of each limit, in the order of [`RateLimits::KINDS`].
    limits: [AtomicU64; RateLimits::KINDS.len()],
}

/// Of a limit that no response told.
const UNKNOWN: u64 = u64::MAX;

impl Model {
    pub(super) fn new(name: &str, price: Option<&Price>) -> Self {
        Self {
            name: name.into(),
            price: PriceSlot::new(price),
            told: AtomicU64::new(0),
            limits: [const { AtomicU64::new(UNKNOWN) }; RateLimits::KINDS.len()],
        }
    }

    pub(super) fn set_limits(&self, limits: RateLimits) {
        for (place, left) in limits.left().into_iter().enumerate() {
            if let Some(left) = left {
                self.limits[place].store(left, Ordering::Relaxed);
            }
        }
    }

    pub(super) fn show_limits(&self, visitor: &mut dyn Visitor) {
        let labels = render([("model", &*self.name)]);
        for (kind, left) in RateLimits::KINDS.into_iter().zip(&self.limits) {
            let left = left.load(Ordering::Relaxed);
            if left != UNKNOWN {
                visitor.sample(Labels::with(&labels, &[("kind", kind)]), Number::Integer(left));
            }
        }
    }
}
