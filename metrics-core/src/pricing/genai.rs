//! Prices from the crate `genai-prices`.

use std::time::SystemTime;

use genai_prices::{Calculator, PriceCalculation, PriceRequest, Usage, UsageKey};

use super::price::{MAX_TIERS, Price};
use super::table::PriceTable;

impl PriceTable {
    /// Returns the prices of the crate `genai-prices`. Needs the feature `genai-prices`.
    ///
    /// It has more vendors and hosts than [`bundled`](Self::bundled), and prices that change on a date: the price that
    /// applies at the time of the look-up is used. A metrics instance looks each model up once, at its first call;
    /// [`set_prices`](crate::AgentMetrics::set_prices) with a new table makes it look the models up again.
    ///
    /// The data is decoded at the first look-up, which takes tens of milliseconds. A model that isn't billed by tokens
    /// has no price here, nor has a model that is free, since the crate doesn't distinguish the two.
    ///
    /// ```
    /// use agent_metrics::PriceTable;
    ///
    /// assert!(PriceTable::genai().get("claude-sonnet-4-5").is_some());
    /// ```
    pub fn genai() -> Self {
        Self::from_fn(|model| find(model, None)).versioned(VERSION, "")
    }

    /// Returns the prices of one provider, such as `azure`, `aws`, `groq` or `openrouter`, from the crate
    /// `genai-prices`. The provider and its models are named as in that crate.
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

/// The release of the crate that this code was written for. The crate doesn't report the version of its data.
const VERSION: &str = "genai-prices crate 0.2";

type Setter = fn(Price, f64) -> Price;

/// The range of request sizes, in input tokens, in which tiers are searched, doubling the size at each step.
const SMALLEST: u64 = 1 << 10;
const LARGEST: u64 = 1 << 23;

fn find(model: &str, provider: Option<&str>) -> Option<Price> {
    let query = Query { model, provider, now: SystemTime::now() };
    // Names such as `openai/gpt-4o` are recognised as names of this gateway.
    let gateway = Query { provider: provider.or(Some("litellm")), ..query };
    let query = if query.calculate(&[]).is_some() { query } else { gateway };
    let mut price = query.price(1)?;
    let (mut below, mut at_most) = (price, SMALLEST);
    // The crate computes the cost of a call but doesn't expose rates and tiers, so they are derived from sample calls.
    for _ in 0..MAX_TIERS {
        let steps =
            std::iter::successors(Some(at_most), |size| Some(size * 2)).take_while(|size| *size <= LARGEST);
        let Some(reached) = steps.into_iter().find(|size| query.price(*size) != Some(below)) else { break };
        let threshold = query.last_with(&below, reached);
        below = query.price(threshold + 1)?;
        price = price.try_above(threshold, below.rates(0))?;
        at_most = threshold + 1;
    }
    let free = |price: &Price| price.rates(0).parts().iter().all(|usd| *usd == 0.0);
    (!free(&price)).then_some(price)
}

/// A look-up of one model's price at one time.
#[derive(Clone, Copy)]
struct Query<'a> {
    model: &'a str,
    provider: Option<&'a str>,
    now: SystemTime,
}

impl Query<'_> {
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

    /// Returns the rates of a request with `size` input tokens, as a price without tiers.
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
        let read = "cache_read_tokens";
        let parts: [(Option<f64>, Setter); 9] = [
            (input(&[read]), Price::cache_read),
            (input(&[read, "input_audio_tokens", "cache_audio_read_tokens"]), Price::cache_read_audio),
            (self.searches(), Price::per_thousand_web_searches),
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

    /// Returns the fee of a thousand web searches.
    fn searches(&self) -> Option<f64> {
        let free = self.calculate(&[])?.total_price;
        Some(round(self.calculate(&[("web_searches", 1000)])?.total_price - free))
    }

    /// Returns the largest request size with this price, by bisection below `other`, a size with a different price.
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

/// Removes the rounding error of multiplying and dividing a rate.
fn round(usd: f64) -> f64 {
    format!("{usd:.9}").parse().unwrap_or(usd)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_and_tiers_are_derived_from_sample_calls() {
        let price = PriceTable::genai().get("claude-sonnet-4-5").unwrap();
        let long = Price::per_million(6.0, 22.5).cache_read(0.6).cache_write(7.5).cache_write_long(12.0);
        let sonnet = Price::per_million(3.0, 15.0).cache_read(0.3).cache_write(3.75).cache_write_long(6.0);
        let sonnet = sonnet.above(200_000, long).per_thousand_web_searches(10.0);
        assert_eq!(price, sonnet);
        assert_eq!(PriceTable::genai().get("anthropic/claude-sonnet-4-5"), Some(price));
    }

    #[test]
    fn a_model_that_is_unknown_or_not_billed_by_tokens_has_no_price() {
        for model in ["", "no-such-model", "whisper-1"] {
            assert_eq!(PriceTable::genai().get(model), None, "{model}");
        }
        assert_eq!(PriceTable::genai_of("no-such-provider").get("gpt-4o"), None);
    }

    #[test]
    fn prices_agree_with_the_bundled_table() {
        for model in ["gpt-4o", "gpt-4o-mini", "claude-opus-4-5", "gemini-2.5-flash", "gemini-2.0-flash"] {
            assert_eq!(PriceTable::genai().get(model), PriceTable::bundled().get(model), "{model}");
        }
    }
}
