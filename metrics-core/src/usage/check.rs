//! Consistency check of reported usage: a part that exceeds its whole is cut to the whole and counted as an anomaly.

use super::tokens::Usage;
use crate::sample::MAX_EXACT_INTEGER;

/// The kinds of anomaly. The index of a kind is its bit in [`Anomalies`].
pub(crate) const ANOMALIES: [&str; 9] = [
    "too_large",
    "cache_exceeds_input",
    "reasoning_exceeds_output",
    "audio_exceeds_total",
    "image_exceeds_total",
    "negative",
    "total_mismatch",
    "unreadable_event",
    "nested_call",
];

const TOO_LARGE: usize = 0;
const CACHE: usize = 1;
const REASONING: usize = 2;
const AUDIO: usize = 3;
const IMAGE: usize = 4;
const NEGATIVE: usize = 5;
const TOTAL: usize = 6;
const UNREADABLE: usize = 7;
const NESTED: usize = 8;

/// The anomalies found in one usage, as a bit set.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub(crate) struct Anomalies(u16);

impl Anomalies {
    /// The usage of a call is that of a call directly inside it, which has recorded it.
    pub(crate) const NESTED: Self = Self(1 << NESTED);

    pub(crate) fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Returns the indices in [`ANOMALIES`] of the kinds that were found.
    pub(crate) fn iter(self) -> impl Iterator<Item = usize> {
        (0..ANOMALIES.len()).filter(move |index| self.0 & (1 << index) != 0)
    }

    /// Cuts a part to its whole if it exceeds it. An unknown whole doesn't limit its parts.
    fn cut(&mut self, part: &mut Option<u64>, whole: Option<u64>, kind: usize) {
        if let (Some(tokens), Some(whole)) = (part.as_mut(), whole)
            && *tokens > whole
        {
            *tokens = whole;
            self.0 |= 1 << kind;
        }
    }
}

impl Usage {
    /// Returns true if the usage certainly has no anomaly, as nearly every usage has none. A fast check that lets the
    /// recorder skip [`checked`](Self::checked).
    #[inline]
    pub(crate) fn is_sound(&self) -> bool {
        let fits = |parts: u64, whole: Option<u64>| whole.is_none_or(|whole| parts <= whole);
        let count = |part: Option<u64>| part.unwrap_or(0);
        let cached = count(self.cache_read).saturating_add(count(self.cache_write));
        !self.check_inputs.is_faulty()
            && !self.check_inputs.total_differs(self.input, self.output)
            && [self.input, self.output].into_iter().all(|whole| whole.is_some_and(|whole| whole <= MAX_EXACT_INTEGER))
            && fits(cached, self.input)
            && fits(count(self.cache_write_long), self.cache_write)
            && (self.cache_read_audio.is_none() || fits(count(self.cache_read_audio), self.cache_read))
            && fits(count(self.reasoning), self.output)
            && fits(count(self.audio_input).max(count(self.image_input)), self.input)
            && fits(count(self.audio_output).max(count(self.image_output)), self.output)
            // Long cache writes are limited by `cache_write` alone, so without it they need the full check.
            && (self.cache_write.is_some() || self.cache_write_long.is_none())
    }

    /// Returns the usage with every part cut to its whole and without counts that are too large to be real, together
    /// with the anomalies found.
    pub(crate) fn checked(&self) -> (Self, Anomalies) {
        let (mut usage, mut found) = (*self, Anomalies::default());
        for tokens in usage.all_mut() {
            if tokens.is_some_and(|tokens| tokens > MAX_EXACT_INTEGER) {
                *tokens = None;
                found.0 |= 1 << TOO_LARGE;
            }
        }
        let Self { input, output, check_inputs, .. } = usage;
        let total_differs = check_inputs.total_differs(input, output);
        found.0 |= u16::from(check_inputs.had_negative) << NEGATIVE
            | u16::from(total_differs) << TOTAL
            | u16::from(check_inputs.had_unreadable) << UNREADABLE;
        found.cut(&mut usage.cache_read, input, CACHE);
        let uncached = input.map(|input| input - usage.cache_read.unwrap_or(0).min(input));
        found.cut(&mut usage.cache_read_audio, usage.cache_read, CACHE);
        found.cut(&mut usage.cache_write, uncached, CACHE);
        found.cut(&mut usage.cache_write_long, usage.cache_write, CACHE);
        found.cut(&mut usage.reasoning, output, REASONING);
        found.cut(&mut usage.audio_input, input, AUDIO);
        found.cut(&mut usage.audio_output, output, AUDIO);
        found.cut(&mut usage.image_input, input, IMAGE);
        found.cut(&mut usage.image_output, output, IMAGE);
        (usage, found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_larger_than_its_whole_is_cut_and_reported_as_an_anomaly() {
        let (usage, found) = Usage::new(100, 10).cache_read(80).cache_write(30).reasoning(11).checked();
        assert_eq!(usage, Usage::new(100, 10).cache_read(80).cache_write(20).reasoning(10));
        assert_eq!(found.iter().collect::<Vec<_>>(), [CACHE, REASONING]);
        let (usage, found) = Usage::new(u64::MAX, 1).checked();
        assert_eq!((usage, found), (Usage::default().output(1), Anomalies(1 << TOO_LARGE)));
    }

    #[test]
    fn a_consistent_usage_is_unchanged_by_the_check() {
        for usage in [
            Usage::default(),
            Usage::new(0, 0),
            Usage::default().cache_read(5),
            Usage::new(10, 5).cache_read(6).cache_write(4).cache_write_long(4).reasoning(5).audio_input(10),
        ] {
            assert_eq!(usage.checked(), (usage, Anomalies::default()));
        }
    }

    #[test]
    fn a_usage_that_passes_the_fast_check_has_no_anomaly() {
        let numbers = [None, Some(0), Some(4), Some(9), Some(u64::MAX)];
        let digit = |n: usize, position: u32| numbers[n / numbers.len().pow(position) % numbers.len()];
        let mut sound = 0;
        for n in 0..numbers.len().pow(6) {
            let usage = Usage {
                input: digit(n, 0),
                output: digit(n, 1),
                cache_read: digit(n, 2),
                cache_write: digit(n, 3),
                cache_write_long: digit(n, 4),
                reasoning: digit(n, 5),
                ..Usage::default()
            };
            if usage.is_sound() {
                sound += 1;
                assert_eq!(usage.checked(), (usage, Anomalies::default()));
            }
        }
        assert!(sound > 100);
        assert!(!Usage::new(1, 1).negative().is_sound() && !Usage::new(1, 1).total(3).is_sound());
        assert!(Usage::new(100, 10).cache_read(80).cache_write(20).reasoning(10).audio_output(10).is_sound());
    }
}
