//! What a model call used, in one form for all providers.

mod check;
mod rate_limits;
#[cfg(feature = "serde_json")]
pub mod wire;

pub(crate) use check::{ANOMALIES, Anomalies};
pub use rate_limits::RateLimits;

macro_rules! usage {
    ($($(#[$doc:meta])* $field:ident,)*) => {
        /// Tokens of one LLM call. What is absent is unknown, which is not 0.
        ///
        /// `input` is all input, what was read from or written to a cache included; `output` is all
        /// output, reasoning included. The other fields are parts of those two. (The OpenTelemetry
        /// GenAI conventions 0.1.0 count the same way.)
        #[derive(Clone, Copy, Default, Debug)]
        #[non_exhaustive]
        pub struct Usage {
            $($(#[$doc])* pub $field: Option<u64>,)*
            /// What else was told of the numbers.
            pub(crate) told: Told,
        }

        /// By the numbers.
        impl PartialEq for Usage {
            fn eq(&self, other: &Self) -> bool {
                $(self.$field == other.$field)&&*
            }
        }

        impl Eq for Usage {}

        impl Usage {
            $(
                #[doc = concat!("Sets [`", stringify!($field), "`](Self::", stringify!($field), ").")]
                #[must_use]
                pub fn $field(mut self, tokens: u64) -> Self {
                    self.$field = Some(tokens);
                    self
                }
            )*

            /// Whether no number is known.
            #[cfg(feature = "serde_json")]
            pub(crate) fn is_empty(&self) -> bool {
                [$(self.$field),*].iter().all(Option::is_none)
            }

            /// What is known once this was said after an earlier usage of the same call: its numbers, and the earlier
            /// ones of those it doesn't tell, since some streams tell one part in each event.
            pub(crate) fn after(self, earlier: Option<Self>) -> Self {
                let Some(earlier) = earlier else { return self };
                let told = Told { negative: self.told.negative || earlier.told.negative, ..self.told };
                Self { $($field: self.$field.or(earlier.$field),)* told }
            }

            /// Every number.
            pub(crate) fn all_mut(&mut self) -> impl Iterator<Item = &mut Option<u64>> {
                [$(&mut self.$field),*].into_iter()
            }
        }
    };
}

usage! {
    /// Input tokens.
    input,
    /// Output tokens.
    output,
    /// Of the input: read from the provider's cache.
    cache_read,
    /// Of the input: written to the provider's cache, for however long.
    cache_write,
    /// Of those written to the cache: kept for longer than the provider's usual time, at another
    /// price (Anthropic: an hour in place of five minutes).
    cache_write_long,
    /// Of the output: spent on reasoning.
    reasoning,
    /// Of the input: audio.
    audio_input,
    /// Of the output: audio.
    audio_output,
    /// Of the input: images.
    image_input,
    /// Of the output: images.
    image_output,
}

impl Usage {
    /// Input and output, nothing else known.
    pub fn new(input: u64, output: u64) -> Self {
        Self::default().input(input).output(output)
    }

    /// Says what the provider gives as the total of input and output. Where they don't add up to it the numbers stay, and
    /// the call is counted in `agent_llm_usage_anomalies_total` with the kind `total_mismatch`.
    #[must_use]
    pub fn total(mut self, tokens: u64) -> Self {
        self.told.total = Some(tokens);
        self
    }

    /// Says that a number was negative, and so was left out: the call is counted in `agent_llm_usage_anomalies_total`
    /// with the kind `negative`.
    #[must_use]
    pub fn negative(mut self) -> Self {
        self.told.negative = true;
        self
    }
}

/// What no number of a usage can tell.
#[derive(Clone, Copy, Default, Debug)]
pub(crate) struct Told {
    /// Whether one was negative.
    pub(crate) negative: bool,
    /// What the provider gives as the sum of input and output.
    pub(crate) total: Option<u64>,
}

impl Told {
    /// Whether the sum is another.
    pub(crate) fn is_another_total(self, input: Option<u64>, output: Option<u64>) -> bool {
        let sum = input.zip(output).map(|(input, output)| input.saturating_add(output));
        self.total.zip(sum).is_some_and(|(total, sum)| total != sum)
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

    /// The model that answered, if the response tells.
    fn served_model(&self) -> Option<&str> {
        None
    }

    /// Why the model stopped, in its provider's words, if the response tells.
    fn finish_reason(&self) -> Option<&str> {
        None
    }
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

    fn served_model(&self) -> Option<&str> {
        self.as_ref()?.served_model()
    }

    fn finish_reason(&self) -> Option<&str> {
        self.as_ref()?.finish_reason()
    }
}

impl<T: TokenUsage + ?Sized> TokenUsage for &T {
    fn token_usage(&self) -> Option<Usage> {
        (**self).token_usage()
    }

    fn served_model(&self) -> Option<&str> {
        (**self).served_model()
    }

    fn finish_reason(&self) -> Option<&str> {
        (**self).finish_reason()
    }
}

impl<T: TokenUsage + ?Sized> TokenUsage for Box<T> {
    fn token_usage(&self) -> Option<Usage> {
        (**self).token_usage()
    }

    fn served_model(&self) -> Option<&str> {
        (**self).served_model()
    }

    fn finish_reason(&self) -> Option<&str> {
        (**self).finish_reason()
    }
}

/// What a `usage` closure may return: a [`Usage`], or an `Option` of one.
#[diagnostic::on_unimplemented(
    message = "a `usage` closure gives a `Usage` or an `Option<Usage>`, not `{Self}`",
    label = "no `Usage`",
    note = "write `usage = |response| Usage::new(response.input_tokens, response.output_tokens)`"
)]
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
