//! What no usage can be, cut to size.

use super::Usage;
use crate::sample::LARGEST_WHOLE;

/// The kinds of anomaly, by their place.
pub(crate) const ANOMALIES: [&str; 7] = [
    "too_large",
    "cache_exceeds_input",
    "reasoning_exceeds_output",
    "audio_exceeds_total",
    "image_exceeds_total",
    "negative",
    "total_mismatch",
];

const TOO_LARGE: usize = 0;
const CACHE: usize = 1;
const REASONING: usize = 2;
const AUDIO: usize = 3;
const IMAGE: usize = 4;
const NEGATIVE: usize = 5;
const TOTAL: usize = 6;

/// The anomalies that were found in one usage: a bit for each.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub(crate) struct Anomalies(u8);

impl Anomalies {
    pub(crate) fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The places of those that were found.
    pub(crate) fn iter(self) -> impl Iterator<Item = usize> {
        (0..ANOMALIES.len()).filter(move |place| self.0 & (1 << place) != 0)
    }

    /// Cuts a part to what is left of its whole; an unknown whole says nothing of its parts.
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
    /// Whether nothing is to be cut or told: so it is with nearly every usage.
    #[inline]
    pub(crate) fn is_sound(&self) -> bool {
        let fits = |parts: u64, whole: Option<u64>| whole.is_none_or(|whole| parts <= whole);
        let of = |part: Option<u64>| part.unwrap_or(0);
        let cached = of(self.cache_read).saturating_add(of(self.cache_write));
        !self.told.negative
            && !self.told.is_another_total(self.input, self.output)
            && [self.input, self.output].into_iter().all(|whole| whole.is_some_and(|whole| whole <= LARGEST_WHOLE))
            && fits(cached, self.input)
            && fits(of(self.cache_write_long), self.cache_write)
            && fits(of(self.reasoning), self.output)
            && fits(of(self.audio_input).max(of(self.image_input)), self.input)
            && fits(of(self.audio_output).max(of(self.image_output)), self.output)
            // Without the whole of which it is a part, a number is bound by nothing.
            && (self.cache_write.is_some() || self.cache_write_long.is_none())
    }

    /// The usage with every part cut to its whole and without numbers that no call can have.
    pub(crate) fn checked(&self) -> (Self, Anomalies) {
        let (mut usage, mut found) = (*self, Anomalies::default());
        for tokens in usage.all_mut() {
            if tokens.is_some_and(|tokens| tokens > LARGEST_WHOLE) {
                *tokens = None;
                found.0 |= 1 << TOO_LARGE;
            }
        }
        let Self { input, output, told, .. } = usage;
        let is_another = told.is_another_total(input, output);
        found.0 |= u8::from(told.negative) << NEGATIVE | u8::from(is_another) << TOTAL;
        found.cut(&mut usage.cache_read, input, CACHE);
        let uncached = input.map(|input| input - usage.cache_read.unwrap_or(0).min(input));
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
    fn parts_are_cut_to_their_wholes_and_named() {
        let (usage, found) = Usage::new(100, 10).cache_read(80).cache_write(30).reasoning(11).checked();
        assert_eq!(usage, Usage::new(100, 10).cache_read(80).cache_write(20).reasoning(10));
        assert_eq!(found.iter().collect::<Vec<_>>(), [CACHE, REASONING]);
        let (usage, found) = Usage::new(u64::MAX, 1).checked();
        assert_eq!((usage, found), (Usage::default().output(1), Anomalies(1 << TOO_LARGE)));
    }

    #[test]
    fn what_adds_up_stays_as_it_is() {
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
    fn what_is_sound_needs_no_check() {
        let numbers = [None, Some(0), Some(4), Some(9), Some(u64::MAX)];
        let of = |n: usize, place: u32| numbers[n / numbers.len().pow(place) % numbers.len()];
        let mut sound = 0;
        for n in 0..numbers.len().pow(6) {
            let usage = Usage {
                input: of(n, 0),
                output: of(n, 1),
                cache_read: of(n, 2),
                cache_write: of(n, 3),
                cache_write_long: of(n, 4),
                reasoning: of(n, 5),
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
