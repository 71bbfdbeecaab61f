//! What a provider's headers say of its rate limits.

/// What is left of a provider's rate limits, by its response headers.
///
/// Read are OpenAI's headers ("Rate limits" in OpenAI's API guides: `x-ratelimit-remaining-*`) and
/// Anthropic's ("Rate limits" in Anthropic's API documentation: `anthropic-ratelimit-*-remaining`).
/// What isn't sent, or isn't a whole number, is `None`.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
#[non_exhaustive]
pub struct RateLimits {
    /// Requests, until the limit is reset.
    pub requests: Option<u64>,
    /// Tokens of either direction. Anthropic gives those of its most restrictive limit.
    pub tokens: Option<u64>,
    /// Input tokens.
    pub input_tokens: Option<u64>,
    /// Output tokens.
    pub output_tokens: Option<u64>,
}

impl RateLimits {
    /// The kinds of limits, by the names of their fields.
    pub(crate) const KINDS: [&str; 4] = ["requests", "tokens", "input_tokens", "output_tokens"];

    /// What is left of each kind.
    pub(crate) fn left(self) -> [Option<u64>; Self::KINDS.len()] {
        [self.requests, self.tokens, self.input_tokens, self.output_tokens]
    }

    /// Reads the headers that `header` finds by name; it is asked for names in lower case.
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

    /// What is known, by kind: `requests`, `tokens`, `input_tokens`, `output_tokens`.
    pub fn remaining(self) -> impl Iterator<Item = (&'static str, u64)> {
        Self::KINDS.into_iter().zip(self.left()).filter_map(|(kind, left)| Some((kind, left?)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_whole_number_is_absent() {
        for value in ["", "-1", "1.5", "many", "18446744073709551616"] {
            assert_eq!(RateLimits::from_headers(|_| Some(value)), RateLimits::default(), "{value}");
        }
        let limits = RateLimits::from_headers(|name| name.starts_with("x-").then_some(" 7 "));
        assert!(limits.remaining().eq([("requests", 7), ("tokens", 7)]));
    }
}
