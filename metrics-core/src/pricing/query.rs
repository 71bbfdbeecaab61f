//! The look-up of a price.

use std::time::SystemTime;

use super::tariff::seconds;
use crate::usage::ServiceTier;

/// A call whose price is looked up.
///
/// ```
/// use agent_metrics::PriceTable;
/// use agent_metrics::pricing::PriceQuery;
/// use agent_metrics::usage::ServiceTier;
///
/// let prices = PriceTable::bundled();
/// let model = PriceQuery::new("openai/gpt-oss-120b");
/// assert_eq!(prices.find(&model), None);
/// assert!(prices.find(&model.provider("groq")).is_some());
/// let batch = prices.find(&PriceQuery::new("gpt-5").tier(ServiceTier::BATCH));
/// assert_eq!(batch.map(|price| price.rates(0).input), Some(0.625));
/// ```
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct PriceQuery<'a> {
    pub(super) model: &'a str,
    pub(super) provider: &'a str,
    pub(super) tier: ServiceTier,
    time: Option<SystemTime>,
}

impl<'a> PriceQuery<'a> {
    /// Creates the look-up of a model's price now, in the standard tier, with an unknown provider.
    pub fn new(model: &'a str) -> Self {
        Self { model, provider: "", tier: ServiceTier::STANDARD, time: None }
    }

    /// Sets the provider by its OpenTelemetry name (`openai`, `gcp.gemini`, ..) or by the name of a client library
    /// (`vertex_ai`). An unknown name and an empty one make no difference.
    #[must_use = "returns the changed value"]
    pub fn provider(mut self, provider: &'a str) -> Self {
        self.provider = provider;
        self
    }

    /// Sets the service tier.
    #[must_use = "returns the changed value"]
    pub fn tier(mut self, tier: ServiceTier) -> Self {
        self.tier = tier;
        self
    }

    /// Sets the time of the call.
    #[must_use = "returns the changed value"]
    pub fn at(mut self, time: SystemTime) -> Self {
        self.time = Some(time);
        self
    }

    /// Returns the time of the call in seconds since 1970-01-01.
    pub(super) fn seconds(&self) -> u64 {
        seconds(self.time.unwrap_or_else(SystemTime::now))
    }
}
