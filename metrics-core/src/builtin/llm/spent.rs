//! The usage and the cost of an LLM call.

/// The tokens and the cost of one LLM call.
#[derive(Clone, Copy, PartialEq, Default)]
pub(crate) struct Spent {
    pub(crate) input_tokens: u64,
    pub(crate) output_tokens: u64,
    pub(crate) cache_read_tokens: u64,
    pub(crate) usd: f64,
    /// Whether tokens of a model without a price were used, so that the cost is not known.
    pub(crate) is_unpriced: bool,
}

impl Spent {
    pub(crate) fn add(&mut self, more: Self) {
        self.input_tokens = self.input_tokens.saturating_add(more.input_tokens);
        self.output_tokens = self.output_tokens.saturating_add(more.output_tokens);
        self.cache_read_tokens = self.cache_read_tokens.saturating_add(more.cache_read_tokens);
        self.usd += more.usd;
        self.is_unpriced |= more.is_unpriced;
    }
}
