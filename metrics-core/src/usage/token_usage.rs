//! The traits that connect responses to [`Usage`].

use super::service_tier::ServiceTier;
use super::tokens::Usage;

/// A model's response that reports its token usage.
///
/// The attribute `#[track_llm]` reads the usage, the served model and the finish reason of a call from the tracked
/// function's return value through this trait. The response types of the supported client crates implement it; see
/// [`integrations`](crate::integrations).
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
    message = "`{Self}` does not report how many tokens the call used",
    label = "no `TokenUsage`",
    note = "implement `agent_metrics::TokenUsage` for it,",
    note = "or read it in the attribute: `usage = |response| Usage::new(..)`,",
    note = "or report it inside the function: `usage = in_body` and `Call::current().usage(..)`"
)]
pub trait TokenUsage {
    /// Returns the token usage, or `None` if the response doesn't report it.
    fn token_usage(&self) -> Option<Usage>;

    /// Returns the name of the model that answered (the served model), if the response reports it.
    fn served_model(&self) -> Option<&str> {
        None
    }

    /// Returns the finish reason in the provider's words, such as `stop` or `max_tokens`, if the response reports it.
    fn finish_reason(&self) -> Option<&str> {
        None
    }

    /// Returns the service tier in which the call was processed, if the response reports it.
    fn service_tier(&self) -> Option<ServiceTier> {
        None
    }

    /// Returns what the provider charged for the call in USD, if the response reports it. It is used instead of the cost by
    /// the price table.
    fn cost_usd(&self) -> Option<f64> {
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

    fn service_tier(&self) -> Option<ServiceTier> {
        self.as_ref()?.service_tier()
    }

    fn cost_usd(&self) -> Option<f64> {
        self.as_ref()?.cost_usd()
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

    fn service_tier(&self) -> Option<ServiceTier> {
        (**self).service_tier()
    }

    fn cost_usd(&self) -> Option<f64> {
        (**self).cost_usd()
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

    fn service_tier(&self) -> Option<ServiceTier> {
        (**self).service_tier()
    }

    fn cost_usd(&self) -> Option<f64> {
        (**self).cost_usd()
    }
}

/// A value that a `usage` closure may return: a [`Usage`] or an `Option<Usage>`. The trait is sealed.
#[diagnostic::on_unimplemented(
    message = "a `usage` closure returns a `Usage` or an `Option<Usage>`, not `{Self}`",
    label = "no `Usage`",
    note = "write `usage = |response| Usage::new(response.input_tokens, response.output_tokens)`"
)]
pub trait IntoUsage: sealed::Sealed {
    /// Converts the value to the usage, if there is one.
    fn into_usage(self) -> Option<Usage>;
}

mod sealed {
    use super::Usage;

    /// Prevents implementations of [`IntoUsage`](super::IntoUsage) outside of this crate.
    pub trait Sealed {}

    impl Sealed for Usage {}

    impl Sealed for Option<Usage> {}
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
