//! A price that is read at every call and can be replaced while calls run.

use super::cost::{Cost, PARTS, Rates, bill};
use super::price::{MAX_TIERS, Price};
use crate::sync::{AtomicU64, Mutex, Ordering};
use crate::usage::Usage;
use std::sync::PoisonError;

/// One model's price. Readers take no lock and write nothing, so that threads share its cache lines.
///
/// There are two copies. A writer fills the one that isn't in use and then makes it the one in use, so a
/// reader never waits for a writer that was interrupted. Only when two are written during one read
/// could it see a mixture, so it reads again when the price was replaced meanwhile.
pub(crate) struct PriceSlot {
    copies: [Words; 2],
    /// How often the price was replaced: its lowest bit is the copy in use.
    replaced: AtomicU64,
    writer: Mutex<()>,
}

/// Words of a copy: 0 without a price, else 1 and the number of tiers; the tiers' thresholds; the rates of
/// requests below all of them; those of each tier.
const STATE: usize = 0;
const THRESHOLDS: usize = 1;
const RATES: usize = THRESHOLDS + MAX_TIERS;
const WORDS: usize = RATES + (1 + MAX_TIERS) * PARTS;

type Words = [AtomicU64; WORDS];

impl PriceSlot {
    pub(crate) fn new(price: Option<&Price>) -> Self {
        let words = words(price);
        Self {
            copies: [words.map(AtomicU64::new), std::array::from_fn(|_| AtomicU64::new(0))],
            replaced: AtomicU64::new(0),
            writer: Mutex::new(()),
        }
    }

    /// Replaces the price.
    pub(crate) fn set(&self, price: Option<&Price>) {
        let _writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        let replaced = self.replaced.load(Ordering::Relaxed) + 1;
        for (word, value) in self.copy(replaced).iter().zip(words(price)) {
            word.store(value, Ordering::Release);
        }
        self.replaced.store(replaced, Ordering::Release);
    }

    /// What a call that used this costs; `None` without a price.
    #[inline]
    pub(crate) fn cost(&self, usage: &Usage) -> Option<Cost> {
        self.read(|words| {
            let start = start(words, usage.input.unwrap_or(0))?;
            Some(bill(usage, |part| f64::from_bits(word(words, start + part as usize))))
        })
    }

    pub(crate) fn is_priced(&self) -> bool {
        self.read(|words| word(words, STATE) != 0)
    }

    /// Reads one price, by reading again where it was replaced meanwhile.
    #[inline]
    fn read<T>(&self, read: impl Fn(&Words) -> T) -> T {
        loop {
            let replaced = self.replaced.load(Ordering::Acquire);
            let found = read(self.copy(replaced));
            // Who has seen a word of a later price sees here that there is one: the words are stored
            // with `Release` after the counter, and loaded with `Acquire`.
            if self.replaced.load(Ordering::Relaxed) == replaced {
                return found;
            }
        }
    }

    fn copy(&self, replaced: u64) -> &Words {
        &self.copies[(replaced & 1) as usize]
    }
}

fn words(price: Option<&Price>) -> [u64; WORDS] {
    let mut words = [0; WORDS];
    if let Some(price) = price {
        let mut put = |place: usize, rates: &Rates| {
            let parts = &mut words[RATES + place * PARTS..][..PARTS];
            parts.copy_from_slice(&rates.parts().map(f64::to_bits));
        };
        put(0, price.rates(0));
        for (place, (_, rates)) in price.tiers().enumerate() {
            put(1 + place, rates);
        }
        for (place, (above, _)) in price.tiers().enumerate() {
            words[THRESHOLDS + place] = above;
            words[STATE] += 1;
        }
        words[STATE] += 1;
    }
    words
}

#[inline]
fn word(words: &Words, place: usize) -> u64 {
    words[place].load(Ordering::Acquire)
}

/// Where the rates of a request with so many input tokens are; `None` without a price.
#[inline]
fn start(words: &Words, input: u64) -> Option<usize> {
    let tiers = (word(words, STATE) as usize).checked_sub(1)?.min(MAX_TIERS);
    let reached = (0..tiers).take_while(|tier| input > word(words, THRESHOLDS + tier)).count();
    Some(RATES + reached * PARTS)
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    fn flat(usd: f64) -> Price {
        Price::per_million(usd, usd)
    }

    #[test]
    fn it_costs_what_the_price_says() {
        let price = flat(1.0).cache_read(0.1).above(100, flat(2.0)).above(1000, flat(3.0).audio_output(9.0));
        let slot = PriceSlot::new(None);
        assert!(!slot.is_priced());
        assert_eq!(slot.cost(&Usage::new(1, 1)), None);
        for price in [flat(5.0), price] {
            slot.set(Some(&price));
            for input in [0, 50, 100, 101, 1000, 1001] {
                let usage = Usage::new(input, 7).cache_read(20).audio_output(3);
                assert_eq!(slot.cost(&usage), Some(price.cost(&usage)));
            }
        }
        slot.set(None);
        assert!(!slot.is_priced());
    }

    #[test]
    fn a_free_model_has_a_price() {
        assert!(PriceSlot::new(Some(&flat(0.0))).is_priced());
    }

    #[test]
    fn no_call_is_billed_by_half_of_a_price() {
        let slot = PriceSlot::new(Some(&flat(0.0)));
        std::thread::scope(|scope| {
            scope.spawn(|| (0..100_000).for_each(|usd| slot.set(Some(&flat(f64::from(usd))))));
            for _ in 0..100_000 {
                let cost = slot.cost(&Usage::new(1_000_000, 1_000_000)).unwrap();
                assert_eq!(cost.input.to_bits(), cost.output.to_bits());
            }
        });
    }
}

#[cfg(all(test, loom))]
mod model {
    use super::*;
    use loom::sync::Arc;

    #[test]
    fn a_reader_sees_one_price_or_the_other() {
        let mut builder = loom::model::Builder::new();
        builder.preemption_bound = Some(2);
        builder.check(|| {
            let slot = Arc::new(PriceSlot::new(Some(&Price::per_million(1.0, 1.0))));
            let writer = slot.clone();
            let thread = loom::thread::spawn(move || {
                for usd in [2.0, 3.0] {
                    writer.set(Some(&Price::per_million(usd, usd)));
                }
            });
            let cost = slot.cost(&Usage::new(1, 1).cache_read(0)).unwrap();
            assert_eq!(cost.input.to_bits(), cost.output.to_bits());
            assert_eq!(cost.savings.to_bits(), 0);
            thread.join().unwrap();
        });
    }
}
