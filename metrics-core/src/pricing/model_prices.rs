//! The prices of one model, by provider and service tier.

use once_cell::race::OnceBox;

use super::atomic_price::AtomicPrice;
use super::tariff::Quote;
use crate::usage::ServiceTier;

/// The provider and the service tier of a call, which decide its price together with the model.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) struct SoldAs<'a> {
    /// The provider; empty if it is unknown.
    pub(crate) provider: &'a str,
    pub(crate) tier: ServiceTier,
}

impl SoldAs<'_> {
    /// A call in the standard tier whose provider is unknown.
    pub(crate) const STANDARD: SoldAs<'static> = SoldAs { provider: "", tier: ServiceTier::STANDARD };
}

/// The prices of one model, each of which is looked up once.
pub(crate) struct ModelPrices {
    standard: AtomicPrice,
    /// Further prices, in the order of their first use.
    others: [OnceBox<OtherPrice>; OTHERS],
}

/// The number of combinations of provider and tier whose price is kept for each model.
const OTHERS: usize = 8;

struct OtherPrice {
    provider: Box<str>,
    tier: ServiceTier,
    price: AtomicPrice,
}

impl OtherPrice {
    fn sold_as(&self) -> SoldAs<'_> {
        SoldAs { provider: &self.provider, tier: self.tier }
    }
}

impl ModelPrices {
    pub(crate) fn new(standard: Option<&Quote>) -> Self {
        Self { standard: AtomicPrice::new(standard), others: [const { OnceBox::new() }; OTHERS] }
    }

    /// Returns the price of calls that are sold in this way, if it was looked up already.
    #[inline]
    pub(crate) fn get(&self, sold_as: SoldAs<'_>) -> Option<&AtomicPrice> {
        if sold_as == SoldAs::STANDARD {
            return Some(&self.standard);
        }
        let known = self.others.iter().map_while(OnceBox::get);
        known.into_iter().find(|other| other.sold_as() == sold_as).map(|other| &other.price)
    }

    /// Adds the price of calls that are sold in this way. Returns `None` if there is no room for it.
    pub(crate) fn add(&self, sold_as: SoldAs<'_>, quote: Option<&Quote>) -> Option<&AtomicPrice> {
        let make = || OtherPrice {
            provider: sold_as.provider.into(),
            tier: sold_as.tier,
            price: AtomicPrice::new(quote),
        };
        // Another thread may have added the same price or another one in the meantime.
        let mut others = self.others.iter().map(|other| other.get_or_init(|| Box::new(make())));
        others.find(|other| other.sold_as() == sold_as).map(|other| &other.price)
    }

    /// Returns every price that was looked up.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (SoldAs<'_>, &AtomicPrice)> {
        let others = self.others.iter().map_while(OnceBox::get).map(|other| (other.sold_as(), &other.price));
        std::iter::once((SoldAs::STANDARD, &self.standard)).chain(others)
    }

    /// Returns true if the model has a price, which may be 0.
    pub(crate) fn is_priced(&self) -> bool {
        self.iter().any(|(_, price)| price.is_priced())
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;
    use crate::pricing::Price;

    #[test]
    fn each_provider_and_tier_has_its_own_price() {
        let flat = |usd: f64| Quote::from(Price::per_million(usd, usd));
        let prices = ModelPrices::new(None);
        assert!(!prices.is_priced() && prices.get(SoldAs::STANDARD).is_some_and(|price| !price.is_priced()));
        let names: Vec<_> = (0..=OTHERS).map(|number| number.to_string()).collect();
        let sold_as = |number: usize| SoldAs { provider: &names[number], tier: ServiceTier::FLEX };
        for number in 0..OTHERS {
            assert!(prices.get(sold_as(number)).is_none());
            assert!(prices.add(sold_as(number), Some(&flat(number as f64))).is_some());
            // The first price of several threads stays.
            assert!(prices.add(sold_as(number), None).is_some_and(AtomicPrice::is_priced));
        }
        assert!(prices.add(sold_as(OTHERS), None).is_none());
        assert_eq!(prices.iter().count(), 1 + OTHERS);
        assert!(prices.is_priced());
    }
}
