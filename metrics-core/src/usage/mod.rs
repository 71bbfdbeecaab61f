//! What a model call used, in one form for all providers.

/// Tokens of one LLM call. What is absent is unknown, which is not 0.
///
/// `input` is all input, what was read from or written to a cache included; `output` is all output,
/// reasoning included. The other fields are parts of those two. (The OpenTelemetry GenAI
/// conventions 0.1.0 count the same way.)
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
#[non_exhaustive]
pub struct Usage {
    /// Input tokens.
    pub input: Option<u64>,
    /// Output tokens.
    pub output: Option<u64>,
    /// Of the input: read from the provider's cache.
    pub cache_read: Option<u64>,
    /// Of the input: written to the provider's cache.
    pub cache_write: Option<u64>,
    /// Of the output: spent on reasoning.
    pub reasoning: Option<u64>,
    /// Of both: audio.
    pub audio: Option<u64>,
}

impl Usage {
    /// Input and output, nothing else known.
    pub fn new(input: u64, output: u64) -> Self {
        Self::default().input(input).output(output)
    }

    /// Sets the input tokens.
    #[must_use]
    pub fn input(mut self, tokens: u64) -> Self {
        self.input = Some(tokens);
        self
    }

    /// Sets the output tokens.
    #[must_use]
    pub fn output(mut self, tokens: u64) -> Self {
        self.output = Some(tokens);
        self
    }

    /// Sets the input tokens that were read from a cache.
    #[must_use]
    pub fn cache_read(mut self, tokens: u64) -> Self {
        self.cache_read = Some(tokens);
        self
    }

    /// Sets the input tokens that were written to a cache.
    #[must_use]
    pub fn cache_write(mut self, tokens: u64) -> Self {
        self.cache_write = Some(tokens);
        self
    }

    /// Sets the output tokens that were spent on reasoning.
    #[must_use]
    pub fn reasoning(mut self, tokens: u64) -> Self {
        self.reasoning = Some(tokens);
        self
    }

    /// Sets the audio tokens.
    #[must_use]
    pub fn audio(mut self, tokens: u64) -> Self {
        self.audio = Some(tokens);
        self
    }
}

/// A model's response that tells its token usage.
///
/// ```
/// use agent_metrics::{TokenUsage, Usage};
///
/// struct Reply { text: String, prompt_tokens: u64, answer_tokens: u64 }
///
/// impl TokenUsage for Reply {
///     fn token_usage(&self) -> Option<Usage> {
///         Some(Usage::new(self.prompt_tokens, self.answer_tokens))
///     }
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not tell how many tokens the call used",
    label = "no `TokenUsage`",
    note = "implement `agent_metrics::TokenUsage` for it,",
    note = "or read it in the attribute: `usage = |response| Usage::new(..)`,",
    note = "or report it inside the function: `usage = in_body` and `Call::current().usage(..)`"
)]
pub trait TokenUsage {
    /// The usage, or `None` when the response doesn't tell.
    fn token_usage(&self) -> Option<Usage>;
}

impl TokenUsage for Usage {
    fn token_usage(&self) -> Option<Usage> {
        Some(*self)
    }
}

impl<T: TokenUsage> TokenUsage for Option<T> {
    fn token_usage(&self) -> Option<Usage> {
        self.as_ref()?.token_usage()
    }
}

impl<T: TokenUsage + ?Sized> TokenUsage for &T {
    fn token_usage(&self) -> Option<Usage> {
        (**self).token_usage()
    }
}

impl<T: TokenUsage + ?Sized> TokenUsage for Box<T> {
    fn token_usage(&self) -> Option<Usage> {
        (**self).token_usage()
    }
}

/// What a `usage` closure may return: a [`Usage`], or an `Option` of one.
pub trait IntoUsage {
    /// The usage, if there is one.
    fn into_usage(self) -> Option<Usage>;
}

impl IntoUsage for Usage {
    fn into_usage(self) -> Option<Usage> {
        Some(self)
    }
}

impl IntoUsage for Option<Usage> {
    fn into_usage(self) -> Option<Usage> {
        self
    }
}
