//! Rate limits from a provider's response headers.

/// The remaining quota of a provider's rate limits, as reported by its response headers.
///
/// Reads OpenAI's headers ("Rate limits" in OpenAI's API guides: `x-ratelimit-remaining-*`) and
/// Anthropic's ("Rate limits" in Anthropic's API documentation: `anthropic-ratelimit-*-remaining`).
/// A limit that isn't sent, or isn't a whole number, is `None`.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
#[non_exhaustive]
pub struct RateLimits {
    /// Requests that remain until the limit is reset.
    pub requests: Option<u64>,
    /// Tokens that remain, input and output together. Anthropic reports those of its most restrictive limit.
    pub tokens: Option<u64>,
    /// Input tokens that remain.
    pub input_tokens: Option<u64>,
    /// Output tokens that remain.
    pub output_tokens: Option<u64>,
}

impl RateLimits {
    /// The kinds of limits, named as the fields.
    pub(crate) const KINDS: [&str; 4] = ["requests", "tokens", "input_tokens", "output_tokens"];

    /// Returns the remaining quota of each kind, in the order of [`KINDS`](Self::KINDS).
    pub(crate) fn values(self) -> [Option<u64>; Self::KINDS.len()] {
        [self.requests, self.tokens, self.input_tokens, self.output_tokens]
    }

    /// Reads the limits through `header`, which returns the value of a header; it is called with lower-case names.
    ///
    /// ```
    /// use agent_metrics::usage::RateLimits;
    ///
    /// let headers = std::collections::HashMap::from([
    ///     ("anthropic-ratelimit-requests-remaining", "49"),
    ///     ("anthropic-ratelimit-input-tokens-remaining", "39000"),
    /// ]);
    /// let limits = RateLimits::from_headers(|name| headers.get(name).copied());
    /// assert!(limits.remaining().eq([("requests", 49), ("input_tokens", 39_000)]));
    /// ```
    pub fn from_headers<'h>(header: impl Fn(&str) -> Option<&'h str>) -> Self {
        let whole = |value: &str| value.trim().parse().ok();
        let read = |names: &[&str]| names.iter().find_map(|name| whole(header(name)?));
        Self {
            requests: read(&["x-ratelimit-remaining-requests", "anthropic-ratelimit-requests-remaining"]),
            tokens: read(&["x-ratelimit-remaining-tokens", "anthropic-ratelimit-tokens-remaining"]),
            input_tokens: read(&["anthropic-ratelimit-input-tokens-remaining"]),
            output_tokens: read(&["anthropic-ratelimit-output-tokens-remaining"]),
        }
    }

    /// Returns the kind and the remaining quota of each limit that is known. The kinds are `requests`, `tokens`,
    /// `input_tokens` and `output_tokens`.
    pub fn remaining(self) -> impl Iterator<Item = (&'static str, u64)> {
        Self::KINDS.into_iter().zip(self.values()).filter_map(|(kind, value)| Some((kind, value?)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_that_is_not_a_whole_number_is_ignored() {
        for value in ["", "-1", "1.5", "many", "18446744073709551616"] {
            assert_eq!(RateLimits::from_headers(|_| Some(value)), RateLimits::default(), "{value}");
        }
        let limits = RateLimits::from_headers(|name| name.starts_with("x-").then_some(" 7 "));
        assert!(limits.remaining().eq([("requests", 7), ("tokens", 7)]));
    }
}
