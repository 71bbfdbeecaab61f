//! Money from tokens.

use std::collections::BTreeMap;

use crate::usage::Usage;

/// What a model's tokens cost, in USD per million.
#[derive(Clone, Copy, PartialEq, Debug)]
#[non_exhaustive]
pub struct Price {
    /// Input tokens.
    pub input: f64,
    /// Output tokens.
    pub output: f64,
    /// Input tokens that were read from a cache; `None`: as other input.
    pub cache_read: Option<f64>,
    /// Input tokens that were written to a cache; `None`: as other input.
    pub cache_write: Option<f64>,
}

/// Cost of one call in USD.
#[derive(Clone, Copy, PartialEq, Default, Debug)]
pub(crate) struct Cost {
    pub(crate) input: f64,
    pub(crate) output: f64,
}

impl Price {
    /// A price in USD per million tokens. One that is negative or not finite is taken as 0.
    pub fn per_million(input: f64, output: f64) -> Self {
        Self { input: amount(input), output: amount(output), cache_read: None, cache_write: None }
    }

    /// Sets what input costs that was read from a cache.
    #[must_use]
    pub fn cache_read(mut self, usd_per_million: f64) -> Self {
        self.cache_read = Some(amount(usd_per_million));
        self
    }

    /// Sets what input costs that was written to a cache.
    #[must_use]
    pub fn cache_write(mut self, usd_per_million: f64) -> Self {
        self.cache_write = Some(amount(usd_per_million));
        self
    }

    /// Each input token is billed once, by where it came from.
    pub(crate) fn cost(&self, usage: &Usage) -> Cost {
        let input = usage.input.unwrap_or(0);
        let read = usage.cache_read.unwrap_or(0).min(input);
        let written = usage.cache_write.unwrap_or(0).min(input - read);
        let plain = input - read - written;
        let dollars = |tokens: u64, price: f64| tokens as f64 * price / 1e6;
        Cost {
            input: dollars(plain, self.input)
                + dollars(read, self.cache_read.unwrap_or(self.input))
                + dollars(written, self.cache_write.unwrap_or(self.input)),
            output: dollars(usage.output.unwrap_or(0), self.output),
        }
    }
}

fn amount(usd: f64) -> f64 {
    if usd.is_finite() { usd.max(0.0) } else { 0.0 }
}

/// Prices by model name.
///
/// A model that isn't in it is never taken as free: its tokens are counted in
/// `agent_llm_unpriced_tokens_total`.
///
/// ```
/// use agent_metrics::{Price, PriceTable};
///
/// let prices = PriceTable::bundled().with("my-model", Price::per_million(1.25, 10.0).cache_read(0.125));
/// assert!(prices.get("my-model").is_some());
/// ```
#[derive(Clone, PartialEq, Default, Debug)]
pub struct PriceTable {
    prices: BTreeMap<String, Price>,
}

impl PriceTable {
    /// No prices: all tokens count as unpriced.
    pub fn empty() -> Self {
        Self::default()
    }

    /// The prices that come with the crate: Gemini 2.0 Flash at 0.075 USD per million input and
    /// 0.30 USD per million output tokens, the list price of the system this crate ports.
    pub fn bundled() -> Self {
        Self::empty().with("gemini-2.0-flash", Price::per_million(0.075, 0.30))
    }

    /// Adds a model's price, or replaces it.
    #[must_use]
    pub fn with(mut self, model: impl Into<String>, price: Price) -> Self {
        self.prices.insert(model.into(), price);
        self
    }

    /// A model's price.
    pub fn get(&self, model: &str) -> Option<Price> {
        self.prices.get(model).copied()
    }

    /// The models that have a price.
    pub fn models(&self) -> impl Iterator<Item = &str> {
        self.prices.keys().map(String::as_str)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cached_tokens_are_billed_once() {
        // Anthropic: 3 plain, 12,304 written to the cache at 3.75, 550 out at 15 USD per million:
        // 0.054399 USD by the `genai-prices` package.
        let price = Price::per_million(3.0, 15.0).cache_write(3.75).cache_read(0.3);
        let cost = price.cost(&Usage::new(12_307, 550).cache_write(12_304).cache_read(0));
        assert!((cost.input + cost.output - 0.054_399).abs() < 1e-9, "{cost:?}");
    }

    #[test]
    fn parts_never_exceed_the_whole() {
        let price = Price::per_million(1.0, 1.0).cache_read(0.5);
        let cost = price.cost(&Usage::new(10, 0).cache_read(100));
        assert!((cost.input - 10.0 * 0.5 / 1e6).abs() < 1e-15);
    }

    #[test]
    fn a_price_is_never_negative() {
        assert_eq!(Price::per_million(-1.0, f64::NAN), Price::per_million(0.0, 0.0));
    }
}
