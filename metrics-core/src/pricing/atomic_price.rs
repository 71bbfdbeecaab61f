//! A price that every call reads and that can be replaced while calls are being recorded.

use super::cost::{Cost, PARTS, Rates, bill};
use super::price::{MAX_TIERS, Price};
use crate::sync::{AtomicU64, Mutex, Ordering};
use crate::usage::Usage;
use std::sync::PoisonError;

/// One model's price, stored in atomics: a sequence lock with two copies.
///
/// Readers take no lock and write nothing, so recording threads can share the cache lines of the price.
///
/// # Algorithm
/// `version` counts the replacements. Its lowest bit selects the copy in use. A writer holds the mutex, fills the copy
/// that is not in use, and then increments `version`, which puts that copy in use. A reader loads `version`, reads the
/// selected copy, and loads `version` again; if it has changed, the reader starts over. With two copies, a reader never
/// waits for a writer that was interrupted halfway: the copy in use is complete at any time.
///
/// # What could go wrong
/// 1. A reader could see the new `version`, but old words in the copy that it selects. The writer stores `version` with
///    `Release` after the words, and the reader's first load of it is `Acquire`, so a reader that sees the new version
///    sees every word that was stored before it.
/// 2. A reader of version `n` could read a mixture of two prices: the writer of version `n + 2` fills the copy that the
///    reader selected. The reader must then discard what it read, which means that its second load of `version` must
///    not return `n`. Before the writer of `n + 2` stores its first word, version `n + 1` has been stored (by the same
///    thread, or by one that released the mutex before). Each word is stored with `Release` and loaded with `Acquire`,
///    so a reader that has seen one word of version `n + 2` also sees version `n + 1` or a later one in its second load.
///    That load itself can be `Relaxed`: it can't be moved before the `Acquire` loads of the words.
///
/// `version` has 64 bits and never wraps around, so an unchanged version means an unchanged price. The loom model below
/// checks both cases.
pub(crate) struct AtomicPrice {
    copies: [Words; 2],
    /// The number of replacements. Its lowest bit is the index of the copy in use.
    version: AtomicU64,
    writer: Mutex<()>,
}

// The words of a copy: the state (0 without a price, otherwise 1 plus the number of tiers), the thresholds of the
// tiers, the rates of requests below all thresholds, and the rates of each tier.
const STATE: usize = 0;
const THRESHOLDS: usize = 1;
const RATES: usize = THRESHOLDS + MAX_TIERS;
const WORDS: usize = RATES + (1 + MAX_TIERS) * PARTS;

type Words = [AtomicU64; WORDS];

impl AtomicPrice {
    pub(crate) fn new(price: Option<&Price>) -> Self {
        let words = words(price);
        Self {
            copies: [words.map(AtomicU64::new), std::array::from_fn(|_| AtomicU64::new(0))],
            version: AtomicU64::new(0),
            writer: Mutex::new(()),
        }
    }

    /// Replaces the price.
    pub(crate) fn set(&self, price: Option<&Price>) {
        let _writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        // The mutex makes the previous writer's store of the version visible.
        let version = self.version.load(Ordering::Relaxed) + 1;
        for (word, value) in self.copy(version).iter().zip(words(price)) {
            word.store(value, Ordering::Release);
        }
        self.version.store(version, Ordering::Release);
    }

    /// Returns the cost of a call with this usage; `None` without a price.
    #[inline]
    pub(crate) fn cost(&self, usage: &Usage) -> Option<Cost> {
        self.read(|words| {
            let start = start(words, usage.input.unwrap_or(0))?;
            Some(bill(usage, |part| f64::from_bits(word(words, start + part as usize))))
        })
    }

    /// Returns true if the model has a price, which may be 0.
    pub(crate) fn is_priced(&self) -> bool {
        self.read(|words| word(words, STATE) != 0)
    }

    /// Calls `read` with the copy in use, again if the price was replaced meanwhile.
    #[inline]
    fn read<T>(&self, read: impl Fn(&Words) -> T) -> T {
        loop {
            let version = self.version.load(Ordering::Acquire);
            let found = read(self.copy(version));
            // Case 2 above: if `read` has seen a word of a later price, this load returns a later version.
            if self.version.load(Ordering::Relaxed) == version {
                return found;
            }
        }
    }

    /// Returns the copy that holds a version.
    fn copy(&self, version: u64) -> &Words {
        &self.copies[(version & 1) as usize]
    }
}

/// Returns the words that represent a price.
fn words(price: Option<&Price>) -> [u64; WORDS] {
    let mut words = [0; WORDS];
    if let Some(price) = price {
        let mut put = |tier: usize, rates: &Rates| {
            let parts = &mut words[RATES + tier * PARTS..][..PARTS];
            parts.copy_from_slice(&rates.parts().map(f64::to_bits));
        };
        put(0, price.rates(0));
        for (tier, (_, rates)) in price.tiers().enumerate() {
            put(1 + tier, rates);
        }
        for (tier, (above, _)) in price.tiers().enumerate() {
            words[THRESHOLDS + tier] = above;
            words[STATE] += 1;
        }
        words[STATE] += 1;
    }
    words
}

#[inline]
fn word(words: &Words, index: usize) -> u64 {
    words[index].load(Ordering::Acquire)
}

/// Returns the index of the rates of a request with `input` tokens; `None` without a price.
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
    fn the_cost_equals_that_of_the_price_at_every_tier() {
        let price = flat(1.0).cache_read(0.1).above(100, flat(2.0)).above(1000, flat(3.0).audio_output(9.0));
        let atomic_price = AtomicPrice::new(None);
        assert!(!atomic_price.is_priced());
        assert_eq!(atomic_price.cost(&Usage::new(1, 1)), None);
        for price in [flat(5.0), price] {
            atomic_price.set(Some(&price));
            for input in [0, 50, 100, 101, 1000, 1001] {
                let usage = Usage::new(input, 7).cache_read(20).audio_output(3);
                assert_eq!(atomic_price.cost(&usage), Some(price.cost(&usage)));
            }
        }
        atomic_price.set(None);
        assert!(!atomic_price.is_priced());
    }

    #[test]
    fn a_free_model_has_a_price() {
        assert!(AtomicPrice::new(Some(&flat(0.0))).is_priced());
    }

    #[test]
    fn a_call_is_never_billed_by_a_mixture_of_two_prices() {
        let atomic_price = AtomicPrice::new(Some(&flat(0.0)));
        std::thread::scope(|scope| {
            scope.spawn(|| (0..100_000).for_each(|usd| atomic_price.set(Some(&flat(f64::from(usd))))));
            for _ in 0..100_000 {
                let cost = atomic_price.cost(&Usage::new(1_000_000, 1_000_000)).unwrap();
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
    fn a_reader_sees_one_complete_price_in_every_interleaving() {
        let mut builder = loom::model::Builder::new();
        builder.preemption_bound = Some(2);
        builder.check(|| {
            let atomic_price = Arc::new(AtomicPrice::new(Some(&Price::per_million(1.0, 1.0))));
            let writer = atomic_price.clone();
            let thread = loom::thread::spawn(move || {
                for usd in [2.0, 3.0] {
                    writer.set(Some(&Price::per_million(usd, usd)));
                }
            });
            let cost = atomic_price.cost(&Usage::new(1, 1).cache_read(0)).unwrap();
            assert_eq!(cost.input.to_bits(), cost.output.to_bits());
            assert_eq!(cost.savings.to_bits(), 0);
            thread.join().unwrap();
        });
    }
}
