//! The price of a model's tokens.

use super::cost::{Cost, Fees, Rates, bill};
use crate::usage::Usage;

/// The largest number of tiers of a price.
pub(super) const MAX_TIERS: usize = 3;

/// The largest price of a million tokens, in USD. The limit keeps the cost of every call finite.
pub(super) const MAX_USD: f64 = 1e9;

/// The price of a model's tokens, in USD per million.
///
/// Other rates may apply above a number of input tokens. They then apply to the whole request:
///
/// ```
/// use agent_metrics::{Price, Usage};
///
/// // Claude Sonnet 4.5 has a second tier for long prompts.
/// let long = Price::per_million(6.0, 22.5).cache_read(0.6).cache_write(7.5);
/// let price = Price::per_million(3.0, 15.0).cache_read(0.3).cache_write(3.75).above(200_000, long);
/// assert_eq!(price.cost(&Usage::new(200_000, 0)).input, 0.6);
/// assert_eq!(price.cost(&Usage::new(300_000, 0)).input, 1.8);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Price {
    rates: Rates,
    fees: Fees,
    /// True if the model is billed by tokens, and not by the length of audio alone.
    by_tokens: bool,
    set: SetRates,
    /// Tiers by ascending threshold, with the unused entries at the end.
    tiers: [Option<Tier>; MAX_TIERS],
}

/// The rates that were set, so that setting the rate on which their defaults depend doesn't change them.
#[derive(Clone, Copy, Default, Debug)]
struct SetRates {
    cache_read: bool,
    cache_read_audio: bool,
    cache_write_long: bool,
}

/// Rates of requests with more than `above` input tokens.
#[derive(Clone, Copy, PartialEq, Debug)]
struct Tier {
    above: u64,
    rates: Rates,
}

/// Two prices are equal if every call costs the same under both.
impl PartialEq for Price {
    fn eq(&self, other: &Self) -> bool {
        (self.rates, self.fees, self.by_tokens, self.tiers)
            == (other.rates, other.fees, other.by_tokens, other.tiers)
    }
}

/// Replaces a negative amount and NaN by 0, and limits the amount to [`MAX_USD`].
pub(super) fn amount(usd: f64) -> f64 {
    if usd.is_nan() { 0.0 } else { usd.clamp(0.0, MAX_USD) }
}

/// Defines the setters of rates that no other rate depends on.
macro_rules! setters {
    ($($part:ident: $what:literal,)*) => {
        $(
            #[doc = concat!("Sets the price of a million ", $what, ", in USD.")]
            #[must_use = "returns the changed value"]
            pub fn $part(mut self, usd_per_million: f64) -> Self {
                self.rates.$part = amount(usd_per_million);
                self
            }
        )*
    };
}

impl Price {
    /// Creates a price in USD per million input and output tokens.
    ///
    /// Here and in the setters, a negative amount and NaN count as 0, and an amount above a billion as a billion. A kind
    /// of token whose setter is not called has the price of input or output tokens.
    pub fn per_million(input: f64, output: f64) -> Self {
        let (input, output) = (amount(input), amount(output));
        let rates = Rates {
            input,
            output,
            cache_read: input,
            cache_write: input,
            cache_write_long: input,
            cache_read_audio: input,
            audio_input: input,
            audio_output: output,
            image_input: input,
            image_output: output,
        };
        Self {
            rates,
            fees: Fees::default(),
            by_tokens: true,
            set: SetRates::default(),
            tiers: [None; MAX_TIERS],
        }
    }

    /// Creates the price of a model that is billed by the length of audio, in USD per hour.
    ///
    /// A call has this price if its usage reports [`audio_seconds`](Usage::audio_seconds). Without them its cost is
    /// unknown, and its tokens count as unpriced.
    pub fn per_audio_hour(usd: f64) -> Self {
        let price = Self::per_million(0.0, 0.0).audio_hours(usd);
        Self { by_tokens: false, ..price }
    }

    setters! {
        audio_output: "output tokens that encode audio",
        image_input: "input tokens that encode images",
        image_output: "output tokens that encode images",
    }

    /// Sets the price of a million input tokens that were read from a cache, in USD.
    #[must_use = "returns the changed value"]
    pub fn cache_read(mut self, usd_per_million: f64) -> Self {
        self.rates.cache_read = amount(usd_per_million);
        self.set.cache_read = true;
        if !self.set.cache_read_audio {
            self.rates.cache_read_audio = self.rates.cache_read;
        }
        self
    }

    /// Sets the price of a million input tokens that encode audio and were read from a cache, in USD. Unless set, it is
    /// the price of other tokens read from a cache, or that of audio if neither is set.
    #[must_use = "returns the changed value"]
    pub fn cache_read_audio(mut self, usd_per_million: f64) -> Self {
        self.rates.cache_read_audio = amount(usd_per_million);
        self.set.cache_read_audio = true;
        self
    }

    /// Sets the price of a million input tokens that encode audio, in USD.
    #[must_use = "returns the changed value"]
    pub fn audio_input(mut self, usd_per_million: f64) -> Self {
        self.rates.audio_input = amount(usd_per_million);
        if !self.set.cache_read && !self.set.cache_read_audio {
            self.rates.cache_read_audio = self.rates.audio_input;
        }
        self
    }

    /// Sets the fee of a thousand web searches (Gemini: grounded prompts), in USD.
    #[must_use = "returns the changed value"]
    pub fn per_thousand_web_searches(mut self, usd: f64) -> Self {
        self.fees.web_search = amount(usd) / 1e3;
        self
    }

    /// Sets the fee of a thousand requests, which is added to the price of their tokens, in USD.
    #[must_use = "returns the changed value"]
    pub fn per_thousand_requests(mut self, usd: f64) -> Self {
        self.fees.request = amount(usd) / 1e3;
        self
    }

    /// Sets the fee of an hour of audio, which is added to the price of the tokens, in USD.
    #[must_use = "returns the changed value"]
    pub fn audio_hours(mut self, usd: f64) -> Self {
        self.fees.audio_second = amount(usd) / 3600.0;
        self
    }

    /// Sets the price of a million input tokens that were written to a cache, in USD.
    #[must_use = "returns the changed value"]
    pub fn cache_write(mut self, usd_per_million: f64) -> Self {
        self.rates.cache_write = amount(usd_per_million);
        if !self.set.cache_write_long {
            self.rates.cache_write_long = self.rates.cache_write;
        }
        self
    }

    /// Sets the price of a million input tokens that were written to a cache with a long lifetime (Anthropic: one hour),
    /// in USD. Unless set, it is the price of other cache writes.
    #[must_use = "returns the changed value"]
    pub fn cache_write_long(mut self, usd_per_million: f64) -> Self {
        self.rates.cache_write_long = amount(usd_per_million);
        self.set.cache_write_long = true;
        self
    }

    /// Adds a tier: the price of requests with more than `input_tokens` input tokens, including cached ones.
    ///
    /// It applies to all tokens of such a request, not only to those above the threshold. If a request exceeds several
    /// thresholds, the tier with the highest one applies. A tier with the same threshold is replaced. Tiers of `price`
    /// itself are ignored.
    ///
    /// # Panics
    /// Panics if the price has three tiers already and none with this threshold.
    #[must_use = "returns the changed value"]
    pub fn above(self, input_tokens: u64, price: Price) -> Self {
        self.try_above(input_tokens, &price.rates)
            .unwrap_or_else(|| panic!("a price has at most {MAX_TIERS} tiers"))
    }

    /// Adds a tier with these rates; returns `None` if the price has the maximum number of tiers already.
    pub(super) fn try_above(mut self, above: u64, rates: &Rates) -> Option<Self> {
        let tier = Some(Tier { above, rates: *rates });
        let after = |other: &Tier| other.above >= above;
        match self.tiers.iter().position(|tier| tier.as_ref().is_none_or(after))? {
            index if self.tiers[index].is_some_and(|tier| tier.above == above) => self.tiers[index] = tier,
            _ if self.tiers[MAX_TIERS - 1].is_some() => return None,
            index => {
                self.tiers[index..].rotate_right(1);
                self.tiers[index] = tier;
            }
        }
        Some(self)
    }

    /// Returns the rates of a request with this number of input tokens.
    pub fn rates(&self, input_tokens: u64) -> &Rates {
        let reached = self.tiers.iter().flatten().rfind(|tier| input_tokens > tier.above);
        reached.map_or(&self.rates, |tier| &tier.rates)
    }

    /// Returns the threshold of each tier, in input tokens, and its rates, by ascending threshold.
    pub fn tiers(&self) -> impl Iterator<Item = (u64, &Rates)> {
        self.tiers.iter().flatten().map(|tier| (tier.above, &tier.rates))
    }

    /// Returns the fees for other units than tokens.
    pub fn fees(&self) -> &Fees {
        &self.fees
    }

    /// Returns the cost of a call with this usage, in USD; `None` if the usage lacks the unit that is billed.
    pub fn try_cost(&self, usage: &Usage) -> Option<Cost> {
        (self.by_tokens || usage.audio_seconds.is_some()).then(|| self.cost(usage))
    }

    /// Returns true if the model is billed by tokens, and not by the length of audio alone.
    pub(super) fn is_by_tokens(&self) -> bool {
        self.by_tokens
    }

    /// Returns this price with the fees of another one, unless it has fees of its own.
    pub(super) fn with_fees_of(mut self, other: &Self) -> Self {
        if self.fees == Fees::default() {
            self.fees = other.fees;
        }
        self
    }

    /// Returns this price with all token prices multiplied by a factor.
    pub(super) fn times(mut self, factor: f64) -> Self {
        let rates = std::iter::once(&mut self.rates);
        for rates in rates.chain(self.tiers.iter_mut().flatten().map(|tier| &mut tier.rates)) {
            for usd in rates.all_mut() {
                *usd = amount(*usd * factor);
            }
        }
        self
    }

    /// Returns the cost of a call with this usage, in USD. A count that is unknown is taken as 0.
    pub fn cost(&self, usage: &Usage) -> Cost {
        let parts = self.rates(usage.input.unwrap_or(0)).parts();
        Cost { fees: self.fees.of(usage), ..bill(usage, |part| parts[part as usize]) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(cost: f64, usd: f64) {
        assert!((cost - usd).abs() < 1e-12, "{cost} is not {usd}");
    }

    fn sonnet() -> Price {
        let long = Price::per_million(6.0, 22.5).cache_write(7.5).cache_read(0.6).cache_write_long(12.0);
        let price = Price::per_million(3.0, 15.0).cache_write(3.75).cache_read(0.3).cache_write_long(6.0);
        price.above(200_000, long)
    }

    #[test]
    fn cached_tokens_are_billed_once() {
        // Anthropic: 3 plain, 12,304 written to the cache at 3.75, 550 out at 15 USD per million:
        // 0.054399 USD by the `genai-prices` package.
        let cost = sonnet().cost(&Usage::new(12_307, 550).cache_write(12_304).cache_read(0));
        close(cost.total(), 0.054_399);
    }

    #[test]
    fn a_tier_prices_the_whole_request() {
        // 1.2825 USD by the `genai-prices` package: 100,000 plain at 6, 200,000 read at 0.6 and 25,000 out at
        // 22.5 USD per million.
        let cost = sonnet().cost(&Usage::new(300_000, 25_000).cache_read(200_000));
        close(cost.total(), 1.2825);
        close(cost.savings, 200_000.0 * 5.4 / 1e6);
        close(sonnet().cost(&Usage::new(200_000, 0)).input, 0.6);
        close(sonnet().cost(&Usage::new(200_001, 0)).input, 200_001.0 * 6.0 / 1e6);
    }

    #[test]
    fn long_cache_writes_cost_as_other_cache_writes_unless_set() {
        let usage = Usage::new(4, 0).cache_write_long(4);
        close(Price::per_million(1.0, 1.0).cache_write(2.0).cost(&usage).input, 8.0 / 1e6);
        let price = Price::per_million(1.0, 1.0).cache_write_long(1.0).cache_write(2.0);
        close(price.cost(&usage).input, 4.0 / 1e6);
    }

    #[test]
    fn a_price_is_never_negative() {
        assert_eq!(Price::per_million(-1.0, f64::NAN), Price::per_million(0.0, 0.0));
    }

    #[test]
    fn tiers_are_in_order_and_replaced_by_their_threshold() {
        let flat = |usd| Price::per_million(usd, usd);
        let price =
            flat(1.0).above(300, flat(4.0)).above(100, flat(2.0)).above(200, flat(3.0)).above(200, flat(9.0));
        let tiers: Vec<_> = price.tiers().map(|(above, rates)| (above, rates.input)).collect();
        assert_eq!(tiers, [(100, 2.0), (200, 9.0), (300, 4.0)]);
        let reached = [100, 101, 201, 301].map(|input| price.rates(input).output.to_bits());
        assert_eq!(reached, [1.0, 2.0, 9.0, 4.0].map(f64::to_bits));
        for above in [50, 150, 400] {
            assert!(price.try_above(above, flat(5.0).rates(0)).is_none());
        }
    }
}
