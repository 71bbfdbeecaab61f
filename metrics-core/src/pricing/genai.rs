//! Prices from the crate `genai-prices`.

use std::time::SystemTime;

use genai_prices::{Calculator, PriceCalculation, PriceRequest, Usage, UsageKey};

use super::price::MAX_TIERS;
use super::{Price, PriceTable};

impl PriceTable {
    /// The prices of the crate `genai-prices`: more vendors and hosts than [`bundled`](Self::bundled) has, with
    /// dated prices, which are those of the moment when a model is looked up. A metrics instance looks each
    /// up once, at its first call; [`set_prices`](crate::AgentMetrics::set_prices) with a new
    /// table makes it look again.
    ///
    /// The data is decoded at the first look-up, which takes tens of milliseconds. A model that the crate
    /// bills by anything but tokens has no price here; nor has one that it has as free, as the crate doesn't
    /// tell the two apart.
    ///
    /// ```
    /// use agent_metrics::PriceTable;
    ///
    /// assert!(PriceTable::genai().get("claude-sonnet-4-5").is_some());
    /// ```
    pub fn genai() -> Self {
        Self::from_fn(|model| find(model, None)).versioned(VERSION, "")
    }

    /// The same by the prices of one provider, such as `azure`, `aws`, `groq` or `openrouter`: by that crate's
    /// names, under which each model of the provider is looked up.
    ///
    /// ```
    /// use agent_metrics::PriceTable;
    ///
    /// assert!(PriceTable::genai_of("groq").get("llama-3.1-8b-instant").is_some());
    /// ```
    pub fn genai_of(provider: impl Into<String>) -> Self {
        let provider = provider.into();
        Self::from_fn(move |model| find(model, Some(&provider))).versioned(VERSION, "")
    }
}

/// The release this was written against; the data's own isn't told.
const VERSION: &str = "genai-prices crate 0.2";

type Setter = fn(Price, f64) -> Price;

/// Thresholds are looked for between these sizes of a request, each twice the one before.
const SMALLEST: u64 = 1 << 10;
const LARGEST: u64 = 1 << 23;

fn find(model: &str, provider: Option<&str>) -> Option<Price> {
    let asked = Asked { model, provider, now: SystemTime::now() };
    // Names such as `openai/gpt-4o` are understood as coming from this gateway.
    let gateway = Asked { provider: provider.or(Some("litellm")), ..asked };
    let asked = if asked.calculate(&[]).is_some() { asked } else { gateway };
    let mut price = asked.price(1)?;
    let (mut below, mut at_most) = (price, SMALLEST);
    // The crate tells what a call costs, not its rates and tiers, so these are found by asking.
    for _ in 0..MAX_TIERS {
        let steps =
            std::iter::successors(Some(at_most), |size| Some(size * 2)).take_while(|size| *size <= LARGEST);
        let Some(reached) = steps.into_iter().find(|size| asked.price(*size) != Some(below)) else { break };
        let threshold = asked.last_with(&below, reached);
        below = asked.price(threshold + 1)?;
        price = price.try_above(threshold, below.rates(0))?;
        at_most = threshold + 1;
    }
    let free = |price: &Price| price.rates(0).parts().iter().all(|usd| *usd == 0.0);
    (!free(&price)).then_some(price)
}

#[derive(Clone, Copy)]
struct Asked<'a> {
    model: &'a str,
    provider: Option<&'a str>,
    now: SystemTime,
}

impl Asked<'_> {
    fn calculate(&self, tokens: &[(&'static str, u64)]) -> Option<PriceCalculation> {
        let usage: Usage =
            tokens.iter().map(|(key, tokens)| (UsageKey::from_static(key), *tokens as f64)).collect();
        let request = PriceRequest::new(self.model, &usage).with_timestamp(self.now);
        let request = match self.provider {
            Some(provider) => request.with_provider_id(provider),
            None => request,
        };
        Calculator::bundled().calculate(&request).ok()
    }

    /// The rates of a request with so many input tokens, as a price without tiers.
    fn price(&self, size: u64) -> Option<Price> {
        let rate = |usd: f64| round(usd / size as f64 * 1e6);
        let input = |parts: &[&'static str]| {
            let tokens: Vec<_> = ["input_tokens"].iter().chain(parts).map(|key| (*key, size)).collect();
            Some(rate(self.calculate(&tokens)?.input_price))
        };
        let output = |parts: &[&'static str]| {
            let tokens: Vec<_> =
                ["input_tokens", "output_tokens"].iter().chain(parts).map(|key| (*key, size)).collect();
            Some(rate(self.calculate(&tokens)?.output_price))
        };
        let mut price = Price::per_million(input(&[])?, output(&[])?);
        let written = "cache_write_tokens";
        let parts: [(Option<f64>, Setter); 7] = [
            (input(&["cache_read_tokens"]), Price::cache_read),
            (input(&[written]), Price::cache_write),
            (input(&[written, "cache_write_1h_tokens"]), Price::cache_write_long),
            (input(&["input_audio_tokens"]), Price::audio_input),
            (output(&["output_audio_tokens"]), Price::audio_output),
            (input(&["input_image_tokens"]), Price::image_input),
            (output(&["output_image_tokens"]), Price::image_output),
        ];
        for (usd, set) in parts {
            price = usd.map_or(price, |usd| set(price, usd));
        }
        Some(price)
    }

    /// The largest request of this price, below one of another.
    fn last_with(&self, price: &Price, mut other: u64) -> u64 {
        let mut same = 0;
        while other - same > 1 {
            let middle = u64::midpoint(same, other);
            if self.price(middle).as_ref() == Some(price) {
                same = middle;
            } else {
                other = middle;
            }
        }
        same
    }
}

/// A rate without the noise of having been multiplied and divided.
fn round(usd: f64) -> f64 {
    format!("{usd:.9}").parse().unwrap_or(usd)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_finds_rates_and_tiers() {
        let price = PriceTable::genai().get("claude-sonnet-4-5").unwrap();
        let long = Price::per_million(6.0, 22.5).cache_read(0.6).cache_write(7.5).cache_write_long(12.0);
        let sonnet = Price::per_million(3.0, 15.0).cache_read(0.3).cache_write(3.75).cache_write_long(6.0);
        assert_eq!(price, sonnet.above(200_000, long));
        assert_eq!(PriceTable::genai().get("anthropic/claude-sonnet-4-5"), Some(price));
    }

    #[test]
    fn what_is_unknown_or_not_billed_by_tokens_has_no_price() {
        for model in ["", "no-such-model", "whisper-1"] {
            assert_eq!(PriceTable::genai().get(model), None, "{model}");
        }
        assert_eq!(PriceTable::genai_of("no-such-provider").get("gpt-4o"), None);
    }

    #[test]
    fn most_of_the_bundled_table_agrees() {
        for model in ["gpt-4o", "gpt-4o-mini", "claude-opus-4-5", "gemini-2.5-pro", "gemini-2.0-flash-001"] {
            assert_eq!(PriceTable::genai().get(model), PriceTable::bundled().get(model), "{model}");
        }
    }
}
