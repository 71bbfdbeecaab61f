//! The cost of a call.

use crate::usage::Usage;

/// The number of rates of a price.
pub(super) const PARTS: usize = 10;

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
    /// Price of input tokens that encode audio and were read from a cache.
    pub cache_read_audio: f64,
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
    /// The fees for other units than tokens, such as web searches.
    pub fees: f64,
    /// The additional cost of the input if no tokens had been read from a cache. It is never negative and not part of
    /// the cost.
    pub savings: f64,
}

impl Cost {
    /// Returns the cost of input, output and fees together, in USD.
    pub fn total(&self) -> f64 {
        self.input + self.output + self.fees
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
    CacheReadAudio,
    AudioInput,
    AudioOutput,
    ImageInput,
    ImageOutput,
}

impl Rates {
    /// Returns all rates, each at the index of its [`Part`].
    pub(super) fn parts(&self) -> [f64; PARTS] {
        let mut rates = *self;
        rates.all_mut().map(|usd| *usd)
    }

    /// Returns all rates, each at the index of its [`Part`].
    pub(super) fn all_mut(&mut self) -> [&mut f64; PARTS] {
        // Without `..`, so that a rate can't be forgotten.
        let Self {
            input,
            output,
            cache_read,
            cache_write,
            cache_write_long,
            cache_read_audio,
            audio_input,
            audio_output,
            image_input,
            image_output,
        } = self;
        [
            input,
            output,
            cache_read,
            cache_write,
            cache_write_long,
            cache_read_audio,
            audio_input,
            audio_output,
            image_input,
            image_output,
        ]
    }
}

/// The fees of a model for other units than tokens, in USD for each unit.
#[derive(Clone, Copy, PartialEq, Default, Debug)]
#[non_exhaustive]
pub struct Fees {
    /// Fee of a web search.
    pub web_search: f64,
    /// Fee of a request, whatever its size.
    pub request: f64,
    /// Fee of a second of audio.
    pub audio_second: f64,
}

impl Fees {
    /// Returns the fees of a call.
    #[inline]
    pub(super) fn of(&self, usage: &Usage) -> f64 {
        let searches = usage.web_searches.unwrap_or(0) as f64;
        self.request
            + searches * self.web_search
            + usage.audio_seconds.unwrap_or(0) as f64 * self.audio_second
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
/// Each token is billed once, under the first of these kinds that applies: cached audio, cache read, cache write, audio,
/// image, plain. (A token can be both cached and audio. If the usage doesn't report how many tokens are both, all cached
/// ones are billed as text.)
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
    if let Some(audio) = usage.audio_input.or(usage.cache_read_audio) {
        // Tokens that are both audio and cached were billed as cached text above.
        let read = usage.cache_read.unwrap_or(0).min(usage.input.unwrap_or(0));
        let cached = usage.cache_read_audio.unwrap_or(0).min(read).min(audio);
        if cached > 0 {
            let (text, usd) = (rate(Part::CacheRead), rate(Part::CacheReadAudio));
            input += times(cached, usd - text);
            savings +=
                times(cached, (rate(Part::AudioInput) - usd).max(0.0) - (rate(Part::Input) - text).max(0.0));
        }
        input += times(take(&mut plain, audio - cached), rate(Part::AudioInput));
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
    Cost { input: input / 1e6, output: output / 1e6, fees: 0.0, savings: savings / 1e6 }
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
    fn cached_audio_is_billed_at_its_own_rate() {
        let price = Price::per_million(1.0, 1.0).cache_read(0.1).audio_input(30.0).cache_read_audio(0.3);
        let usage = Usage::new(100, 0).cache_read(50).cache_read_audio(20).audio_input(60);
        let cost = price.cost(&usage);
        close(cost.input, (20.0 * 0.3 + 30.0 * 0.1 + 40.0 * 30.0 + 10.0) / 1e6);
        close(cost.savings, (20.0 * 29.7 + 30.0 * 0.9) / 1e6);
        let unknown_audio = Usage::new(100, 0).cache_read(50).cache_read_audio(20);
        close(price.cost(&unknown_audio).input, (20.0 * 0.3 + 30.0 * 0.1 + 50.0) / 1e6);
        // Without a rate of its own it costs as other cached tokens.
        close(
            Price::per_million(1.0, 1.0).cache_read(0.1).audio_input(30.0).cost(&usage).input,
            (5.0 + 1200.0 + 10.0) / 1e6,
        );
    }

    #[test]
    fn other_units_than_tokens_are_billed_as_fees() {
        let price = Price::per_million(1.0, 1.0).per_thousand_web_searches(10.0).per_thousand_requests(5.0);
        let cost = price.cost(&Usage::new(0, 0).web_searches(3));
        close(cost.fees, 0.035);
        close(cost.total(), 0.035);
        let whisper = Price::per_audio_hour(0.36);
        close(whisper.cost(&Usage::default().audio_seconds(90)).fees, 0.009);
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
