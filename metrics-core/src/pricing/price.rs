//! What a model's tokens cost.

use super::cost::{Cost, Rates, bill};
use crate::usage::Usage;

/// How many tiers a price can have.
pub(super) const MAX_TIERS: usize = 3;

/// The most that a million tokens cost, in USD: with it no cost of a call is infinite.
pub(super) const MOST: f64 = 1e9;

/// What a model's tokens cost, in USD per million.
///
/// Above a number of input tokens other rates may hold, which then price the whole request:
///
/// ```
/// use agent_metrics::{Price, Usage};
///
/// // Claude Sonnet 4.5, when its prompts could be this long.
/// let long = Price::per_million(6.0, 22.5).cache_read(0.6).cache_write(7.5);
/// let price = Price::per_million(3.0, 15.0).cache_read(0.3).cache_write(3.75).above(200_000, long);
/// assert_eq!(price.cost(&Usage::new(200_000, 0)).input, 0.6);
/// assert_eq!(price.cost(&Usage::new(300_000, 0)).input, 1.8);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Price {
    rates: Rates,
    /// Whether long cache writes have a rate that others don't change.
    long: bool,
    /// By threshold, ascending; the unused ones at the end.
    tiers: [Option<Tier>; MAX_TIERS],
}

/// Rates of requests with more input tokens than some number.
#[derive(Clone, Copy, PartialEq, Debug)]
struct Tier {
    above: u64,
    rates: Rates,
}

/// Two prices are equal when they bill every call alike.
impl PartialEq for Price {
    fn eq(&self, other: &Self) -> bool {
        (self.rates, self.tiers) == (other.rates, other.tiers)
    }
}

/// Takes what is negative or not a number as 0, and what is more than [`MOST`] as that.
pub(super) fn amount(usd: f64) -> f64 {
    if usd.is_nan() { 0.0 } else { usd.clamp(0.0, MOST) }
}

/// A setter of a rate for each part that has no parts of its own.
macro_rules! setters {
    ($($part:ident: $what:literal,)*) => {
        $(
            #[doc = concat!("Sets what a million ", $what, " cost in USD.")]
            #[must_use]
            pub fn $part(mut self, usd_per_million: f64) -> Self {
                self.rates.$part = amount(usd_per_million);
                self
            }
        )*
    };
}

impl Price {
    /// A price in USD per million tokens. Here and in the setters, one that is negative or not a number
    /// is taken as 0, and one of more than a billion as a billion. What no setter is called for costs as
    /// other input or output.
    pub fn per_million(input: f64, output: f64) -> Self {
        let (input, output) = (amount(input), amount(output));
        let rates = Rates {
            input,
            output,
            cache_read: input,
            cache_write: input,
            cache_write_long: input,
            audio_input: input,
            audio_output: output,
            image_input: input,
            image_output: output,
        };
        Self { rates, long: false, tiers: [None; MAX_TIERS] }
    }

    setters! {
        cache_read: "input tokens that were read from a cache",
        audio_input: "input tokens of audio",
        audio_output: "output tokens of audio",
        image_input: "input tokens of images",
        image_output: "output tokens of images",
    }

    /// Sets what a million input tokens that were written to a cache cost in USD.
    #[must_use]
    pub fn cache_write(mut self, usd_per_million: f64) -> Self {
        self.rates.cache_write = amount(usd_per_million);
        if !self.long {
            self.rates.cache_write_long = self.rates.cache_write;
        }
        self
    }

    /// Sets what a million input tokens cost in USD that were written to a cache for longer than usual
    /// (Anthropic: an hour); as other cache writes unless given.
    #[must_use]
    pub fn cache_write_long(mut self, usd_per_million: f64) -> Self {
        self.rates.cache_write_long = amount(usd_per_million);
        self.long = true;
        self
    }

    /// Sets what requests with more than so many input tokens, cached ones included, cost: all of their
    /// tokens, not only those above. Of several tiers the highest that a request reaches holds. The tiers
    /// of `price` itself are not taken over.
    ///
    /// # Panics
    /// When there are three tiers already, and none above this number.
    #[must_use]
    pub fn above(self, input_tokens: u64, price: Price) -> Self {
        self.try_above(input_tokens, &price.rates)
            .unwrap_or_else(|| panic!("a price has at most {MAX_TIERS} tiers"))
    }

    /// The same; `None` when there's no room for another tier.
    pub(super) fn try_above(mut self, above: u64, rates: &Rates) -> Option<Self> {
        let tier = Some(Tier { above, rates: *rates });
        let after = |other: &Tier| other.above >= above;
        match self.tiers.iter().position(|tier| tier.as_ref().is_none_or(after))? {
            place if self.tiers[place].is_some_and(|tier| tier.above == above) => self.tiers[place] = tier,
            _ if self.tiers[MAX_TIERS - 1].is_some() => return None,
            place => {
                self.tiers[place..].rotate_right(1);
                self.tiers[place] = tier;
            }
        }
        Some(self)
    }

    /// The rates of a request with so many input tokens.
    pub fn rates(&self, input_tokens: u64) -> &Rates {
        let reached = self.tiers.iter().flatten().rfind(|tier| input_tokens > tier.above);
        reached.map_or(&self.rates, |tier| &tier.rates)
    }

    /// The tiers' thresholds in input tokens and their rates, ascending.
    pub fn tiers(&self) -> impl Iterator<Item = (u64, &Rates)> {
        self.tiers.iter().flatten().map(|tier| (tier.above, &tier.rates))
    }

    /// What a call that used this costs. What is absent in the usage is taken as 0.
    pub fn cost(&self, usage: &Usage) -> Cost {
        let parts = self.rates(usage.input.unwrap_or(0)).parts();
        bill(usage, |part| parts[part as usize])
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
    fn long_writes_cost_as_others_unless_told() {
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
