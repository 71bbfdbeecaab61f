//! The token counts of one call.

macro_rules! usage {
    ($($(#[$doc:meta])* $field:ident,)*) => {
        /// The token counts of one LLM call. `None` means unknown, which is not the same as 0.
        ///
        /// `input` counts all input tokens, including those read from or written to a cache; `output` counts all
        /// output tokens, including reasoning. The other counts of tokens are parts of these two. (The OpenTelemetry GenAI
        /// conventions 0.1.0 count the same way.)
        ///
        /// ```
        /// use agent_metrics::Usage;
        ///
        /// // 2,012 input tokens, 2,000 of them from the cache, and 80 output tokens.
        /// let usage = Usage::new(2012, 80).cache_read(2000);
        /// assert_eq!((usage.input, usage.cache_read, usage.reasoning), (Some(2012), Some(2000), None));
        /// ```
        #[derive(Clone, Copy, Default, Debug)]
        #[non_exhaustive]
        pub struct Usage {
            $($(#[$doc])* pub $field: Option<u64>,)*
            /// Further inputs of the consistency check.
            pub(crate) check_inputs: CheckInputs,
        }

        /// Compares the token counts only: a reported total or a negative count makes no difference.
        impl PartialEq for Usage {
            fn eq(&self, other: &Self) -> bool {
                $(self.$field == other.$field)&&*
            }
        }

        impl Eq for Usage {}

        impl Usage {
            $(
                #[doc = concat!("Sets [`", stringify!($field), "`](Self::", stringify!($field), ").")]
                #[must_use = "returns the changed value"]
                pub fn $field(mut self, count: u64) -> Self {
                    self.$field = Some(count);
                    self
                }
            )*

            /// Returns true if no count is known.
            #[cfg(feature = "serde_json")]
            pub(crate) fn is_empty(&self) -> bool {
                [$(self.$field),*].iter().all(Option::is_none)
            }

            /// Merges a later report of the same call with an earlier one: a count that this report lacks is taken from
            /// the earlier report, since some streams report one part of the usage in each event.
            pub(crate) fn merged_with_earlier(self, earlier: Option<Self>) -> Self {
                let Some(earlier) = earlier else { return self };
                let had_negative = self.check_inputs.had_negative || earlier.check_inputs.had_negative;
                let check_inputs = CheckInputs { had_negative, ..self.check_inputs };
                Self { $($field: self.$field.or(earlier.$field),)* check_inputs }
            }

            /// Returns every count, known or not.
            pub(crate) fn all_mut(&mut self) -> impl Iterator<Item = &mut Option<u64>> {
                [$(&mut self.$field),*].into_iter()
            }
        }
    };
}

usage! {
    /// All input tokens.
    input,
    /// All output tokens.
    output,
    /// Input tokens that were read from the provider's cache.
    cache_read,
    /// Input tokens that were written to the provider's cache, for any lifetime.
    cache_write,
    /// Tokens of `cache_write` that the provider keeps for longer than its default lifetime, at a different price
    /// (Anthropic: one hour instead of five minutes).
    cache_write_long,
    /// Output tokens that were spent on reasoning.
    reasoning,
    /// Tokens of `cache_read` that encode audio, at a different price.
    cache_read_audio,
    /// Input tokens that encode audio.
    audio_input,
    /// Output tokens that encode audio.
    audio_output,
    /// Input tokens that encode images.
    image_input,
    /// Output tokens that encode images.
    image_output,
    /// Web searches, or prompts that were grounded in search results, which providers bill by number.
    web_searches,
    /// Seconds of audio, for models that are billed by its length.
    audio_seconds,
}

impl Usage {
    /// Creates a usage with input and output tokens; every other count is unknown.
    pub fn new(input: u64, output: u64) -> Self {
        Self::default().input(input).output(output)
    }

    /// Sets the total of input and output tokens that the provider reported, which is only checked: if input and output
    /// don't add up to it, the counts stay as they are, and the call is counted in `agent_llm_usage_anomalies_total`
    /// under the kind `total_mismatch`.
    #[must_use = "returns the changed value"]
    pub fn total(mut self, tokens: u64) -> Self {
        self.check_inputs.reported_total = Some(tokens);
        self
    }

    /// Marks that the provider reported a negative count, which was left out: the call is counted in
    /// `agent_llm_usage_anomalies_total` under the kind `negative`.
    #[must_use = "returns the changed value"]
    pub fn negative(mut self) -> Self {
        self.check_inputs.had_negative = true;
        self
    }
}

/// Facts about a reported usage that its token counts can't hold, but that its consistency check needs.
#[derive(Clone, Copy, Default, Debug)]
pub(crate) struct CheckInputs {
    /// True if the provider reported a negative count.
    pub(crate) had_negative: bool,
    /// The sum of input and output tokens as the provider reported it.
    pub(crate) reported_total: Option<u64>,
}

impl CheckInputs {
    /// Returns true if the reported total is not the sum of these counts.
    pub(crate) fn total_differs(self, input: Option<u64>, output: Option<u64>) -> bool {
        let sum = input.zip(output).map(|(input, output)| input.saturating_add(output));
        self.reported_total.zip(sum).is_some_and(|(total, sum)| total != sum)
    }
}
