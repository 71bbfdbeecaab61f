//! The bill of a call.

use crate::usage::Usage;

/// How many rates a price has.
pub(super) const PARTS: usize = 9;

/// What a million tokens cost in USD, by where they come from, for requests of one size.
///
/// A part without a rate of its own has that of its whole.
#[derive(Clone, Copy, PartialEq, Debug)]
#[non_exhaustive]
pub struct Rates {
    /// Input tokens.
    pub input: f64,
    /// Output tokens.
    pub output: f64,
    /// Input tokens that were read from a cache.
    pub cache_read: f64,
    /// Input tokens that were written to a cache.
    pub cache_write: f64,
    /// Input tokens that were written to a cache for longer than usual (Anthropic: an hour).
    pub cache_write_long: f64,
    /// Input tokens of audio.
    pub audio_input: f64,
    /// Output tokens of audio.
    pub audio_output: f64,
    /// Input tokens of images.
    pub image_input: f64,
    /// Output tokens of images.
    pub image_output: f64,
}

/// What one call cost in USD.
#[derive(Clone, Copy, PartialEq, Default, Debug)]
#[non_exhaustive]
pub struct Cost {
    /// Its input.
    pub input: f64,
    /// Its output.
    pub output: f64,
    /// How much more the input would have cost had nothing been read from a cache. Never negative, and
    /// no part of the cost.
    pub savings: f64,
}

impl Cost {
    /// Input and output together.
    pub fn total(&self) -> f64 {
        self.input + self.output
    }
}

/// A rate's place among the others.
#[derive(Clone, Copy)]
pub(super) enum Part {
    Input,
    Output,
    CacheRead,
    CacheWrite,
    CacheWriteLong,
    AudioInput,
    AudioOutput,
    ImageInput,
    ImageOutput,
}

impl Rates {
    /// All of them, each at the place of its [`Part`].
    pub(super) fn parts(&self) -> [f64; PARTS] {
        // Without `..`, so that a rate can't be forgotten.
        let Self {
            input,
            output,
            cache_read,
            cache_write,
            cache_write_long,
            audio_input,
            audio_output,
            image_input,
            image_output,
        } = *self;
        [
            input,
            output,
            cache_read,
            cache_write,
            cache_write_long,
            audio_input,
            audio_output,
            image_input,
            image_output,
        ]
    }
}

/// Takes a part out of what is left of its whole.
#[inline]
fn take(left: &mut u64, part: u64) -> u64 {
    let part = part.min(*left);
    *left -= part;
    part
}

/// What so many tokens cost at a rate, times a million.
#[inline]
fn times(tokens: u64, rate: f64) -> f64 {
    // A signed number becomes a float in one instruction, an unsigned one in many.
    tokens.min(i64::MAX as u64).cast_signed() as f64 * rate
}

/// What a call costs at some rates, of which only those are asked for that it needs.
///
/// Each token is billed once, by where it came from: as read from a cache, else as written to one, else as
/// audio, else as an image, else as plain. (A token can be cached and audio; how many are both, usages don't
/// tell.)
#[inline]
pub(super) fn bill(usage: &Usage, rate: impl Fn(Part) -> f64) -> Cost {
    let (mut input, mut output, mut savings) = (0.0, 0.0, 0.0);
    let mut plain = usage.input.unwrap_or(0);
    if let Some(read) = usage.cache_read {
        let read = take(&mut plain, read);
        let usd = rate(Part::CacheRead);
        input += times(read, usd);
        savings = times(read, (rate(Part::Input) - usd).max(0.0));
    }
    if let Some(written) = usage.cache_write.or(usage.cache_write_long) {
        let mut written = take(&mut plain, written);
        if let Some(long) = usage.cache_write_long {
            input += times(take(&mut written, long), rate(Part::CacheWriteLong));
        }
        input += times(written, rate(Part::CacheWrite));
    }
    if let Some(audio) = usage.audio_input {
        input += times(take(&mut plain, audio), rate(Part::AudioInput));
    }
    if let Some(image) = usage.image_input {
        input += times(take(&mut plain, image), rate(Part::ImageInput));
    }
    input += times(plain, rate(Part::Input));

    let mut plain = usage.output.unwrap_or(0);
    if let Some(audio) = usage.audio_output {
        output += times(take(&mut plain, audio), rate(Part::AudioOutput));
    }
    if let Some(image) = usage.image_output {
        output += times(take(&mut plain, image), rate(Part::ImageOutput));
    }
    output += times(plain, rate(Part::Output));
    Cost { input: input / 1e6, output: output / 1e6, savings: savings / 1e6 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pricing::Price;

    fn close(cost: f64, usd: f64) {
        assert!((cost - usd).abs() < 1e-12, "{cost} is not {usd}");
    }

    #[test]
    fn every_part_has_its_rate() {
        let price = Price::per_million(1.0, 1e3)
            .cache_read(0.1)
            .cache_write(10.0)
            .cache_write_long(20.0)
            .audio_input(30.0)
            .image_input(40.0)
            .audio_output(2e3)
            .image_output(3e3);
        let usage = Usage::new(21, 6).cache_read(6).cache_write(5).cache_write_long(3).audio_input(2);
        let cost = price.cost(&usage.image_input(1).audio_output(3).image_output(2));
        close(cost.input, (7.0 + 0.6 + 20.0 + 60.0 + 60.0 + 40.0) / 1e6);
        close(cost.output, (1e3 + 6e3 + 6e3) / 1e6);
        close(cost.savings, 6.0 * 0.9 / 1e6);
    }

    #[test]
    fn parts_never_exceed_the_whole() {
        let price = Price::per_million(1.0, 1.0).cache_read(0.5);
        close(price.cost(&Usage::new(10, 0).cache_read(100)).input, 10.0 * 0.5 / 1e6);
        let all = u64::MAX;
        let usage =
            Usage::new(all, all).cache_read(all).cache_write(all).cache_write_long(all).audio_output(all);
        let cost = Price::per_million(f64::INFINITY, f64::INFINITY).cost(&usage);
        assert!(cost.total().is_finite(), "{cost:?}");
        assert_eq!(price.cost(&Usage::default().cache_read(5).audio_output(5)), Cost::default());
    }

    #[test]
    fn dear_cache_reads_save_nothing() {
        let price = Price::per_million(1.0, 1.0).cache_read(2.0);
        close(price.cost(&Usage::new(10, 0).cache_read(10)).savings, 0.0);
    }
}
