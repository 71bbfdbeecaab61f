//! The cost of a call.

use crate::usage::Usage;

/// The number of rates of a price.
pub(super) const PARTS: usize = 9;

/// The prices of a million tokens in USD, by kind of token, for requests of one size.
///
/// A kind of token without a separate price has the price of the whole that it is part of: of `input` or `output`.
#[derive(Clone, Copy, PartialEq, Debug)]
#[non_exhaustive]
pub struct Rates {
    /// Price of input tokens, unless one of the more specific prices below applies.
    pub input: f64,
    /// Price of output tokens, unless one of the more specific prices below applies.
    pub output: f64,
    /// Price of input tokens that were read from a cache.
    pub cache_read: f64,
    /// Price of input tokens that were written to a cache.
    pub cache_write: f64,
    /// Price of input tokens that were written to a cache with a long lifetime (Anthropic: one hour).
    pub cache_write_long: f64,
    /// Price of input tokens that encode audio.
    pub audio_input: f64,
    /// Price of output tokens that encode audio.
    pub audio_output: f64,
    /// Price of input tokens that encode images.
    pub image_input: f64,
    /// Price of output tokens that encode images.
    pub image_output: f64,
}

/// The cost of one call, in USD.
#[derive(Clone, Copy, PartialEq, Default, Debug)]
#[non_exhaustive]
pub struct Cost {
    /// The cost of the input.
    pub input: f64,
    /// The cost of the output.
    pub output: f64,
    /// The additional cost of the input if no tokens had been read from a cache. It is never negative and not part of
    /// the cost.
    pub savings: f64,
}

impl Cost {
    /// Returns the cost of input and output together, in USD.
    pub fn total(&self) -> f64 {
        self.input + self.output
    }
}

/// The kind of token to which a rate applies. Its value is the index of the rate.
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
    /// Returns all rates, each at the index of its [`Part`].
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

/// Takes a part, or as much of it as is left, out of its whole and returns the amount taken.
#[inline]
fn take(left: &mut u64, part: u64) -> u64 {
    let part = part.min(*left);
    *left -= part;
    part
}

/// Returns the cost of `tokens` at a rate, in millionths of a USD.
#[inline]
fn times(tokens: u64, rate: f64) -> f64 {
    // Converting a signed integer to a float takes one instruction, converting an unsigned one takes several.
    tokens.min(i64::MAX as u64).cast_signed() as f64 * rate
}

/// Returns the cost of a call. `rate` is called only for the rates that the usage needs.
///
/// Each token is billed once, under the first of these kinds that applies: cache read, cache write, audio, image, plain.
/// (A token can be both cached and audio; a usage doesn't report how many tokens are both.)
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
    fn each_kind_of_token_is_billed_at_its_rate() {
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
    fn parts_larger_than_their_whole_are_billed_as_the_whole() {
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
    fn cache_reads_above_the_input_price_count_as_no_savings() {
        let price = Price::per_million(1.0, 1.0).cache_read(2.0);
        close(price.cost(&Usage::new(10, 0).cache_read(10)).savings, 0.0);
    }
}
