//! The prices of a model over time, by hour and by service tier.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::price::Price;
use crate::usage::ServiceTier;

/// The prices of a model: on each day, at each hour and in each service tier.
///
/// ```
/// use agent_metrics::pricing::Tariff;
/// use agent_metrics::usage::ServiceTier;
/// use agent_metrics::{Price, PriceTable};
/// use std::time::{Duration, SystemTime};
///
/// let tariff = Tariff::new(Price::per_million(2.0, 10.0))
///     .tier_factor(ServiceTier::BATCH, 0.5)
///     .tier(ServiceTier::PRIORITY, Price::per_million(5.0, 20.0));
/// // 1 January 2027, 0:00 UTC
/// let new_year = SystemTime::UNIX_EPOCH + Duration::from_secs(1_798_761_600);
/// let tariff = tariff.starting(new_year, Tariff::new(Price::per_million(4.0, 20.0)));
/// assert_eq!(tariff.price(ServiceTier::BATCH, new_year - Duration::from_secs(1)), Price::per_million(1.0, 5.0));
/// assert_eq!(tariff.price(ServiceTier::BATCH, new_year), Price::per_million(4.0, 20.0));
/// let prices = PriceTable::empty().with("my-model", tariff);
/// # let _ = prices;
/// ```
#[derive(Clone, PartialEq, Debug)]
pub struct Tariff {
    first: Prices,
    /// The later prices, by ascending start in seconds since 1970-01-01.
    later: Vec<(u64, Prices)>,
}

/// The prices that apply between two changes.
#[derive(Clone, PartialEq, Debug)]
struct Prices {
    standard: Price,
    /// Prices at some hours of each day (UTC), in seconds since midnight. Of several that apply, the last one decides.
    hours: Vec<(u64, u64, Price)>,
    /// Prices of service tiers. Each applies to calls in one of its tiers.
    tiers: Vec<(ServiceTier, TierPrice)>,
}

/// The price of a service tier.
#[derive(Clone, Copy, PartialEq, Debug)]
#[allow(clippy::large_enum_variant)] // A model has few of them.
enum TierPrice {
    /// Prices of its own.
    Own(Price),
    /// A factor of the standard price, which also applies on top of another tier's price.
    Factor(f64),
}

/// The price of a model at one time, and the time of its next change.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) struct Quote {
    pub(crate) price: Price,
    /// The time from which another price may apply, in seconds since 1970-01-01; `None` if no change is known.
    pub(crate) until: Option<u64>,
}

impl From<Price> for Tariff {
    fn from(price: Price) -> Self {
        Self::new(price)
    }
}

impl From<Price> for Quote {
    fn from(price: Price) -> Self {
        Self { price, until: None }
    }
}

const DAY: u64 = 86_400;

impl Tariff {
    /// Creates the tariff of a model with one price.
    pub fn new(standard: Price) -> Self {
        Self { first: Prices { standard, hours: Vec::new(), tiers: Vec::new() }, later: Vec::new() }
    }

    /// Adds the price of a service tier. Unless it has fees of its own, the fees of the standard price apply. A call in a tier
    /// without a price costs as in the standard tier.
    #[must_use = "returns the changed value"]
    pub fn tier(mut self, tier: ServiceTier, price: Price) -> Self {
        self.first.tiers.push((tier, TierPrice::Own(price)));
        self
    }

    /// Adds a service tier whose price is the standard one times a factor. Fees don't change. If a call is in several
    /// tiers, their factors are multiplied.
    #[must_use = "returns the changed value"]
    pub fn tier_factor(mut self, tier: ServiceTier, factor: f64) -> Self {
        self.first.tiers.push((tier, TierPrice::Factor(factor)));
        self
    }

    /// Adds the price between two times of day, in minutes after midnight UTC. If `until` is before `from`, the price
    /// applies across midnight. Of several such prices, the one added last decides.
    #[must_use = "returns the changed value"]
    pub fn between(mut self, from: u16, until: u16, price: Price) -> Self {
        self.first.hours.push((u64::from(from) * 60 % DAY, u64::from(until) * 60 % DAY, price));
        self
    }

    /// Sets the prices that replace all of these from a time on. Times before 1970 count as 1970. Later prices of `then`
    /// itself are ignored.
    #[must_use = "returns the changed value"]
    pub fn starting(self, time: SystemTime, then: impl Into<Tariff>) -> Self {
        self.starting_at(seconds(time), then.into())
    }

    pub(super) fn starting_at(mut self, start: u64, then: Tariff) -> Self {
        let at = self.later.partition_point(|(other, _)| *other < start);
        if self.later.get(at).is_some_and(|(other, _)| *other == start) {
            self.later.remove(at);
        }
        self.later.insert(at, (start, then.first));
        self
    }

    /// Returns the price of a call in a service tier at a time.
    pub fn price(&self, tier: ServiceTier, time: SystemTime) -> Price {
        self.quote(tier, seconds(time)).price
    }

    pub(crate) fn quote(&self, tier: ServiceTier, now: u64) -> Quote {
        let started = self.later.partition_point(|(start, _)| *start <= now);
        let prices = started.checked_sub(1).map_or(&self.first, |index| &self.later[index].1);
        let next = self.later.get(started).map(|(start, _)| *start);
        let price = prices.in_tier(tier, &prices.at(now % DAY));
        Quote { price, until: next.into_iter().chain(prices.next_hour(now)).min() }
    }
}

impl Prices {
    /// Returns the price in the standard tier at a time of day.
    fn at(&self, second: u64) -> Price {
        let applies = |(from, until, _): &&(u64, u64, Price)| {
            if from <= until { (*from..*until).contains(&second) } else { second >= *from || second < *until }
        };
        self.hours.iter().rev().find(applies).map_or(self.standard, |(_, _, price)| *price)
    }

    /// Returns the next time of day at which a price begins or ends.
    fn next_hour(&self, now: u64) -> Option<u64> {
        let midnight = now - now % DAY;
        let times = self.hours.iter().flat_map(|(from, until, _)| [*from, *until]);
        times.map(|time| if midnight + time > now { midnight + time } else { midnight + DAY + time }).min()
    }

    fn in_tier(&self, tier: ServiceTier, standard: &Price) -> Price {
        let applying =
            || self.tiers.iter().filter(|(tiers, _)| tiers.intersects(tier)).map(|(_, price)| *price);
        let own = applying().find_map(|price| match price {
            TierPrice::Own(price) => Some(price.with_fees_of(standard)),
            TierPrice::Factor(_) => None,
        });
        applying().fold(own.unwrap_or(*standard), |price, tier| match tier {
            TierPrice::Own(_) => price,
            TierPrice::Factor(factor) => price.times(factor),
        })
    }
}

/// Returns the seconds since 1970-01-01; 0 for earlier times.
pub(crate) fn seconds(time: SystemTime) -> u64 {
    time.duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO).as_secs()
}

#[cfg(test)]
#[allow(clippy::float_cmp)] // The amounts are exact.
mod tests {
    use super::*;

    fn flat(usd: f64) -> Price {
        Price::per_million(usd, usd)
    }

    fn input(tariff: &Tariff, tier: ServiceTier, now: u64) -> (f64, Option<u64>) {
        let quote = tariff.quote(tier, now);
        (quote.price.rates(0).input, quote.until)
    }

    #[test]
    fn a_later_price_replaces_the_earlier_one_when_it_starts() {
        let tariff =
            Tariff::new(flat(1.0)).starting_at(300, flat(3.0).into()).starting_at(200, flat(2.0).into());
        let at = |now| input(&tariff, ServiceTier::STANDARD, now);
        assert_eq!([at(0), at(199)], [(1.0, Some(200)); 2]);
        assert_eq!([at(200), at(299), at(300)], [(2.0, Some(300)), (2.0, Some(300)), (3.0, None)]);
        let replaced = tariff.starting_at(200, flat(5.0).into());
        assert_eq!(input(&replaced, ServiceTier::STANDARD, 250), (5.0, Some(300)));
    }

    #[test]
    fn prices_by_the_hour_change_twice_a_day() {
        let tariff = Tariff::new(flat(1.0)).between(60, 240, flat(2.0)).between(22 * 60, 30, flat(3.0));
        let day = 20_000 * DAY;
        let at = |hour: u64| {
            let (usd, until) = input(&tariff, ServiceTier::STANDARD, day + hour * 3600);
            (usd, until.map(|until| (until - day) / 60))
        };
        assert_eq!([at(0), at(1), at(3)], [(3.0, Some(30)), (2.0, Some(240)), (2.0, Some(240))]);
        assert_eq!([at(4), at(22), at(23)], [(1.0, Some(1320)), (3.0, Some(1470)), (3.0, Some(1470))]);
    }

    #[test]
    fn a_call_in_several_tiers_pays_for_each_of_them() {
        let both = ServiceTier::PRIORITY.and(ServiceTier::FAST);
        let tariff = Tariff::new(flat(1.0)).tier(both, flat(3.0)).tier_factor(ServiceTier::US, 2.0);
        let tariff = tariff.tier_factor(ServiceTier::BATCH, 0.5);
        let at = |tier| input(&tariff, tier, 0).0;
        assert_eq!([at(ServiceTier::PRIORITY), at(ServiceTier::FAST)], [3.0; 2]);
        assert_eq!(at(ServiceTier::FAST.and(ServiceTier::US)), 6.0);
        assert_eq!(at(ServiceTier::BATCH.and(ServiceTier::US)), 1.0);
        assert_eq!([at(ServiceTier::FLEX), at(ServiceTier::STANDARD)], [1.0; 2]);
    }
}
