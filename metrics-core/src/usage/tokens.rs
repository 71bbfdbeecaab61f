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

            /// Merges a later report of the same call with an earlier one, count by count: a count that this report lacks, or
            /// reports as 0, is taken from the earlier report, since some streams report one part of the usage in each event.
            pub(crate) fn merged_with_earlier(self, earlier: Option<Self>) -> Self {
                let Some(earlier) = earlier else { return self };
                let known = |later: Option<u64>, earlier: Option<u64>| later.filter(|count| *count > 0).or(earlier).or(later);
                let merged = Self { $($field: known(self.$field, earlier.$field),)* check_inputs: self.check_inputs };
                Self {
                    input: self.input_merged_with(&earlier),
                    check_inputs: self.check_inputs.merged_with(&self, &earlier, &merged),
                    ..merged
                }
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

    /// Marks that the output is not final, as at the start of a stream: if no later report completes it, the call is counted
    /// in `agent_llm_usage_missing_total` under the part `output`.
    #[must_use = "returns the changed value"]
    pub fn incomplete(mut self) -> Self {
        self.check_inputs.is_incomplete = true;
        self
    }

    /// Returns true if the output is not final.
    #[inline]
    pub(crate) fn is_incomplete(&self) -> bool {
        self.check_inputs.is_incomplete
    }

    /// Returns the input of this report merged with that of an earlier report of the same call. The two may disagree on what
    /// the input includes: either of them may lack the cached tokens, or the split into cached and other tokens.
    fn input_merged_with(&self, earlier: &Self) -> Option<u64> {
        let cached =
            |usage: &Self| usage.cache_read.unwrap_or(0).saturating_add(usage.cache_write.unwrap_or(0));
        let (new_cached, old_cached) = (cached(self), cached(earlier));
        match (self.input, earlier.input) {
            (None, Some(input)) if old_cached == 0 && new_cached > input => {
                Some(input.saturating_add(new_cached))
            }
            (None | Some(0), Some(input)) => Some(input),
            // This report lacks the cached tokens, or it has only them.
            (Some(new), Some(old)) if old_cached > 0 && (new_cached == 0 || new_cached == new) => {
                Some(new.max(old))
            }
            (new, old) => new.or(old),
        }
    }

    /// Returns the usage with input or output taken from the reported total, if it is the only one of the two that is
    /// unknown: an API without output tokens, such as embeddings, reports a total that is the input.
    #[cfg(feature = "serde_json")]
    pub(crate) fn completed_by_total(mut self) -> Self {
        if let Some(total) = self.check_inputs.reported_total {
            match (self.input, self.output) {
                (Some(input), None) => self.output = total.checked_sub(input),
                (None, Some(output)) => self.input = total.checked_sub(output),
                _ => {}
            }
        }
        self
    }

    /// Returns the usage with reasoning added to the output, and cached tokens to the input, if the counts exclude them.
    ///
    /// OpenAI's counts include them. Servers that imitate its format may not (reasoning: xAI and bridges to Gemini; cached
    /// tokens: bridges to Anthropic). The reported total decides: if it exceeds input and output by exactly such a part, the
    /// part is added. Without a total, a part is added that exceeds its whole. An excess that no part explains is billed
    /// as output, since a bridge to Gemini may report no reasoning tokens, and counted as the anomaly `total_mismatch`.
    #[cfg(feature = "serde_json")]
    pub(crate) fn reconciled(mut self) -> Self {
        let (Some(input), Some(output)) = (self.input, self.output) else { return self };
        let reasoning = self.reasoning.unwrap_or(0);
        let cached = self.cache_read.unwrap_or(0).saturating_add(self.cache_write.unwrap_or(0));
        let Some(total) = self.check_inputs.reported_total else {
            if reasoning > output {
                self.output = output.checked_add(reasoning);
            }
            if cached > input {
                self.input = input.checked_add(cached);
            }
            return self;
        };
        let excess = input.checked_add(output).and_then(|sum| total.checked_sub(sum)).unwrap_or(0);
        if excess == 0 {
        } else if excess == reasoning {
            self.output = Some(output + excess);
        } else if excess == cached {
            self.input = Some(input + excess);
        } else if reasoning.checked_add(cached) == Some(excess) {
            (self.input, self.output) = (Some(input + cached), Some(output + reasoning));
        } else if reasoning == 0 {
            self.output = Some(output + excess);
            self.check_inputs.has_unexplained_total = true;
        }
        self
    }
}

/// Facts about a reported usage that its token counts can't hold, but that its consistency check needs.
#[derive(Clone, Copy, Default, Debug)]
#[allow(clippy::struct_excessive_bools)] // Independent facts, each of which one reader sets.
pub(crate) struct CheckInputs {
    /// True if the provider reported a negative count.
    pub(crate) had_negative: bool,
    /// True if an event of the stream could not be read.
    pub(crate) had_unreadable: bool,
    /// True if the reported total exceeds what the reported parts explain.
    pub(crate) has_unexplained_total: bool,
    /// True if the output is not final.
    pub(crate) is_incomplete: bool,
    /// The sum of input and output tokens as the provider reported it.
    pub(crate) reported_total: Option<u64>,
}

impl CheckInputs {
    /// Merges these facts of a later report with those of an earlier one. A total belongs to the input and the output with
    /// which it was reported.
    fn merged_with(self, later: &Usage, earlier: &Usage, merged: &Usage) -> Self {
        let other = &earlier.check_inputs;
        let input = later.input_merged_with(earlier);
        let keeps = |usage: &Usage| (usage.input, usage.output) == (input, merged.output);
        let reported_total = match () {
            () if keeps(later) => self.reported_total,
            () if keeps(earlier) && self.reported_total.is_none() => other.reported_total,
            () => None,
        };
        Self {
            had_negative: self.had_negative || other.had_negative,
            had_unreadable: self.had_unreadable || other.had_unreadable,
            has_unexplained_total: self.has_unexplained_total,
            is_incomplete: self.is_incomplete || (other.is_incomplete && later.output.is_none()),
            reported_total,
        }
    }

    /// Returns true if the report itself was faulty, whatever its counts.
    pub(crate) fn is_faulty(self) -> bool {
        self.had_negative | self.had_unreadable | self.has_unexplained_total
    }

    /// Returns true if the reported total is not the sum of these counts.
    pub(crate) fn total_differs(self, input: Option<u64>, output: Option<u64>) -> bool {
        let sum = input.zip(output).map(|(input, output)| input.saturating_add(output));
        self.has_unexplained_total || self.reported_total.zip(sum).is_some_and(|(total, sum)| total != sum)
    }
}
