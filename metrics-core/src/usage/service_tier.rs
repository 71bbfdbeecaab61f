//! The service tier in which a provider processed a call.

/// The service tier in which a provider processed a call, which decides its price: the standard one, or one or several
/// others at once, such as a batch that was processed in the US.
///
/// ```
/// use agent_metrics::usage::ServiceTier;
///
/// assert_eq!(ServiceTier::reported("flex"), ServiceTier::FLEX);
/// assert_eq!(ServiceTier::reported("default"), ServiceTier::STANDARD);
/// assert!(ServiceTier::BATCH.and(ServiceTier::US).includes(ServiceTier::US));
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default, Debug)]
pub struct ServiceTier(u8);

impl ServiceTier {
    /// The standard tier.
    pub const STANDARD: Self = Self(0);
    /// Slower processing at a lower price (OpenAI, Gemini).
    pub const FLEX: Self = Self(1);
    /// Preferred processing at a higher price (OpenAI, Gemini).
    pub const PRIORITY: Self = Self(1 << 1);
    /// A request in a batch.
    pub const BATCH: Self = Self(1 << 2);
    /// Faster output at a higher price (Anthropic's `speed`; OpenAI's `fast` is another name of `priority`).
    pub const FAST: Self = Self(1 << 3);
    /// Processing that is restricted to the US (Anthropic's `inference_geo`).
    pub const US: Self = Self(1 << 4);
    /// A regional endpoint of a cloud, which is part of the model's name there.
    pub(crate) const REGIONAL: Self = Self(1 << 5);

    /// The names of the tiers in price files.
    pub(crate) const NAMES: [(&'static str, Self); 5] = [
        ("flex", Self::FLEX),
        ("priority", Self::PRIORITY),
        ("batch", Self::BATCH),
        ("fast", Self::FAST),
        ("us", Self::US),
    ];

    /// Returns the tier for the word by which a provider reports it: OpenAI's and Anthropic's `service_tier`, Anthropic's
    /// `speed` and `inference_geo`, Gemini's `trafficType`. Every other word stands for the standard tier.
    pub fn reported(word: &str) -> Self {
        let word = word.strip_prefix("ON_DEMAND_").unwrap_or(word);
        let known = Self::NAMES.iter().find(|(name, _)| name.eq_ignore_ascii_case(word));
        known.map_or(Self::STANDARD, |(_, tier)| *tier)
    }

    /// Combines two tiers.
    #[must_use = "returns the combined value"]
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Returns true if every tier of `other` is part of this one.
    pub const fn includes(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// Returns true if the two have a tier in common.
    pub(crate) const fn intersects(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn providers_words_are_recognised() {
        for (word, tier) in [
            ("ON_DEMAND", ServiceTier::STANDARD),
            ("ON_DEMAND_PRIORITY", ServiceTier::PRIORITY),
            ("Batch", ServiceTier::BATCH),
            ("us", ServiceTier::US),
            ("global", ServiceTier::STANDARD),
            ("", ServiceTier::STANDARD),
        ] {
            assert_eq!(ServiceTier::reported(word), tier, "{word}");
        }
    }
}
