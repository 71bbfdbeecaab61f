//! A price that every call reads and that can be replaced while calls are being recorded.

use super::cost::{Cost, Fees, PARTS, Rates, bill};
use super::price::MAX_TIERS;
use super::tariff::Quote;
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
    /// The time from which another price may apply, in seconds since 1970-01-01; 0 if no change is known.
    ///
    /// It is stored after the price. A reader that sees the old price with the new time bills one more call by the old
    /// price, as it would if the call had ended a moment earlier.
    until: AtomicU64,
    writer: Mutex<()>,
}

// The words of a copy: the state (0 without a price, otherwise 1 plus the number of tiers, and the flags below), the
// thresholds of the tiers, the fees, the rates of requests below all thresholds, and the rates of each tier.
const STATE: usize = 0;
const THRESHOLDS: usize = 1;
const FEES: usize = THRESHOLDS + MAX_TIERS;
const RATES: usize = FEES + 3;

// The flags of the state.
const HAS_FEES: u64 = 1 << 32;
const BY_AUDIO_ONLY: u64 = 1 << 33;

const WORDS: usize = RATES + (1 + MAX_TIERS) * PARTS;

type Words = [AtomicU64; WORDS];

impl AtomicPrice {
    pub(crate) fn new(quote: Option<&Quote>) -> Self {
        let words = words(quote);
        Self {
            copies: [words.map(AtomicU64::new), std::array::from_fn(|_| AtomicU64::new(0))],
            version: AtomicU64::new(0),
            until: AtomicU64::new(until(quote)),
            writer: Mutex::new(()),
        }
    }

    /// Replaces the price.
    pub(crate) fn set(&self, quote: Option<&Quote>) {
        let _writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        // The mutex makes the previous writer's store of the version visible.
        let version = self.version.load(Ordering::Relaxed) + 1;
        for (word, value) in self.copy(version).iter().zip(words(quote)) {
            word.store(value, Ordering::Release);
        }
        self.version.store(version, Ordering::Release);
        self.until.store(until(quote), Ordering::Release);
    }

    /// Returns the time from which another price may apply, in seconds since 1970-01-01.
    #[inline]
    pub(crate) fn until(&self) -> Option<u64> {
        Some(self.until.load(Ordering::Relaxed)).filter(|until| *until != 0)
    }

    /// Returns the cost of a call with this usage; `None` without a price, or if the usage lacks the unit that is billed.
    #[inline]
    pub(crate) fn cost(&self, usage: &Usage) -> Option<Cost> {
        self.read(|words| {
            let state = word(words, STATE);
            let start = start(words, state, usage.input.unwrap_or(0))?;
            let fees = if state & (HAS_FEES | BY_AUDIO_ONLY) == 0 { 0.0 } else { fees(words, state, usage)? };
            let cost = bill(usage, |part| f64::from_bits(word(words, start + part as usize)));
            Some(Cost { fees, ..cost })
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
fn words(quote: Option<&Quote>) -> [u64; WORDS] {
    let mut words = [0; WORDS];
    if let Some(Quote { price, .. }) = quote {
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
        let fees = price.fees();
        let Fees { web_search, request, audio_second } = *fees;
        words[FEES..RATES].copy_from_slice(&[web_search, request, audio_second].map(f64::to_bits));
        words[STATE] |= if *fees == Fees::default() { 0 } else { HAS_FEES };
        words[STATE] |= if price.is_by_tokens() { 0 } else { BY_AUDIO_ONLY };
    }
    words
}

fn until(quote: Option<&Quote>) -> u64 {
    quote.and_then(|quote| quote.until).unwrap_or(0)
}

/// Returns the fees of a call; `None` if the usage lacks the unit that is billed.
#[cold]
fn fees(words: &Words, state: u64, usage: &Usage) -> Option<f64> {
    if state & BY_AUDIO_ONLY != 0 && usage.audio_seconds.is_none() {
        return None;
    }
    let [web_search, request, audio_second] = [0, 1, 2].map(|fee| f64::from_bits(word(words, FEES + fee)));
    Some(Fees { web_search, request, audio_second }.of(usage))
}

#[inline]
fn word(words: &Words, index: usize) -> u64 {
    words[index].load(Ordering::Acquire)
}

/// Returns the index of the rates of a request with `input` tokens; `None` without a price.
#[inline]
fn start(words: &Words, state: u64, input: u64) -> Option<usize> {
    let tiers = (state as u32 as usize).checked_sub(1)?.min(MAX_TIERS);
    let reached = (0..tiers).take_while(|tier| input > word(words, THRESHOLDS + tier)).count();
    Some(RATES + reached * PARTS)
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;
    use crate::pricing::Price;

    fn flat(usd: f64) -> Price {
        Price::per_million(usd, usd)
    }

    fn set(atomic_price: &AtomicPrice, price: &Price) {
        atomic_price.set(Some(&(*price).into()));
    }

    #[test]
    fn the_cost_equals_that_of_the_price_at_every_tier() {
        let price = flat(1.0).cache_read(0.1).above(100, flat(2.0)).above(1000, flat(3.0).audio_output(9.0));
        let atomic_price = AtomicPrice::new(None);
        assert!(!atomic_price.is_priced());
        assert_eq!(atomic_price.cost(&Usage::new(1, 1)), None);
        let price = price.cache_read_audio(0.2).per_thousand_web_searches(10.0);
        for price in [flat(5.0), flat(1.0).per_thousand_requests(5.0), price] {
            set(&atomic_price, &price);
            for input in [0, 50, 100, 101, 1000, 1001] {
                let usage =
                    Usage::new(input, 7).cache_read(20).cache_read_audio(4).audio_output(3).web_searches(2);
                assert_eq!(atomic_price.cost(&usage), Some(price.cost(&usage)));
            }
        }
        atomic_price.set(None);
        assert!(!atomic_price.is_priced());
    }

    #[test]
    fn a_free_model_has_a_price() {
        assert!(AtomicPrice::new(Some(&flat(0.0).into())).is_priced());
    }

    #[test]
    fn a_model_billed_by_audio_has_no_cost_without_its_length() {
        let atomic_price = AtomicPrice::new(Some(&Price::per_audio_hour(0.36).into()));
        assert!(atomic_price.is_priced());
        assert_eq!(atomic_price.cost(&Usage::new(5, 5)), None);
        let usage = Usage::new(5, 5).audio_seconds(10);
        assert!((atomic_price.cost(&usage).unwrap().total() - 0.001).abs() < 1e-12);
    }

    #[test]
    fn a_call_is_never_billed_by_a_mixture_of_two_prices() {
        let atomic_price = AtomicPrice::new(Some(&flat(0.0).into()));
        std::thread::scope(|scope| {
            scope.spawn(|| (0..100_000).for_each(|usd| set(&atomic_price, &flat(f64::from(usd)))));
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
    use crate::pricing::Price;
    use loom::sync::Arc;

    #[test]
    fn a_reader_sees_one_complete_price_in_every_interleaving() {
        let mut builder = loom::model::Builder::new();
        builder.preemption_bound = Some(2);
        builder.check(|| {
            let atomic_price = Arc::new(AtomicPrice::new(Some(&Price::per_million(1.0, 1.0).into())));
            let writer = atomic_price.clone();
            let thread = loom::thread::spawn(move || {
                for usd in [2.0, 3.0] {
                    writer.set(Some(&Price::per_million(usd, usd).into()));
                }
            });
            let cost = atomic_price.cost(&Usage::new(1, 1).cache_read(0)).unwrap();
            assert_eq!(cost.input.to_bits(), cost.output.to_bits());
            assert_eq!(cost.savings.to_bits(), 0);
            thread.join().unwrap();
        });
    }
}
