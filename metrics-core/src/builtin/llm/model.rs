//! The facts about one model that all of its bundles share.

use std::sync::atomic::AtomicU64;

use super::limits::RemainingLimits;
use crate::label::OTHER;
use crate::pricing::{ModelPrices, Quote};

pub(super) struct Model {
    pub(super) name: Box<str>,
    /// Whether these are the models past the cap of the label, which have their own names and prices.
    pub(super) is_other: bool,
    pub(super) prices: ModelPrices,
    /// One bit for each kind of anomaly that was reported to the fault hook.
    pub(super) reported_anomalies: AtomicU64,
    pub(super) limits: RemainingLimits,
}

impl Model {
    pub(super) fn new(name: &str, standard: Option<&Quote>) -> Self {
        Self {
            name: name.into(),
            is_other: name == OTHER,
            prices: ModelPrices::new(standard),
            reported_anomalies: AtomicU64::new(0),
            limits: RemainingLimits::new(),
        }
    }
}
