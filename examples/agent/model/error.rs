//! The errors of a call, and their statuses.

use std::time::Duration;

use agent_metrics::{BudgetSpent, Classify, Status, usage::wire::Facts};
use reqwest::StatusCode;
use serde_json::Value;

use super::provider::Dialect;

#[derive(Debug, thiserror::Error, Classify)]
pub(crate) enum ModelError {
    #[error("rate limited by the model's service: {message}")]
    #[classify(rate_limited)]
    RateLimited { message: String, retry_after: Option<Duration> },
    #[error("the model's service failed with {status}: {message}")]
    #[classify(unavailable)]
    Unavailable { status: u16, message: String, retry_after: Option<Duration> },
    #[error("can't reach the model's service")]
    #[classify(unavailable)]
    Unreachable(#[source] reqwest::Error),
    #[error("the model didn't answer in time")]
    #[classify(timeout)]
    TimedOut,
    #[error("the model's service refused the request with {status} {code}: {message}")]
    #[classify(rejected)]
    Rejected { status: u16, code: String, message: String },
    #[error("the conversation is too long for the model: {message}")]
    #[classify(context_overflow)]
    TooLong { message: String },
    #[error("the answer was withheld: {reason}")]
    #[classify(content_filtered)]
    Withheld { reason: String },
    #[error("the model's answer can't be used: {0}")]
    #[classify(error)]
    Unusable(String),
    #[error(transparent)]
    #[classify(transparent)]
    BudgetSpent(#[from] BudgetSpent),
}

impl ModelError {
    /// Creates the error of a response with an error status.
    pub(super) fn from_response(
        dialect: &dyn Dialect,
        status: StatusCode,
        retry_after: Option<Duration>,
        body: &[u8],
    ) -> Self {
        // `{"error": {"message": "..", ..}}` in every dialect, beside the error's name under one of these keys.
        let json: Value = serde_json::from_slice(body).unwrap_or_default();
        let error = &json["error"];
        let message = error["message"].as_str().unwrap_or_default().to_owned();
        let retry_after = retry_after.or_else(|| dialect.retry_delay(error));
        let code = ["status", "code", "type"].iter().find_map(|key| error[key].as_str());
        let code = code.unwrap_or_default().to_owned();
        let (kind, status) = (dialect.format().status_of(status.as_u16(), body), status.as_u16());
        match kind {
            Status::RateLimited => Self::RateLimited { message, retry_after },
            Status::Unavailable => Self::Unavailable { status, message, retry_after },
            Status::Timeout => Self::TimedOut,
            Status::ContextOverflow => Self::TooLong { message },
            Status::ContentFiltered => Self::Withheld { reason: message },
            _ => Self::Rejected { status, code, message },
        }
    }

    /// Returns the error of a successful response without an answer.
    pub(super) fn check_answered(facts: &Facts) -> Result<(), Self> {
        let reason = || facts.finish_reason.as_deref().unwrap_or("no finish reason").to_owned();
        match facts.status {
            Status::Success => Ok(()),
            Status::ContentFiltered => Err(Self::Withheld { reason: reason() }),
            Status::ContextOverflow => Err(Self::TooLong { message: reason() }),
            Status::RateLimited => Err(Self::RateLimited { message: reason(), retry_after: None }),
            Status::Unavailable => {
                Err(Self::Unavailable { status: 200, message: reason(), retry_after: None })
            }
            Status::Timeout => Err(Self::TimedOut),
            _ => Err(Self::Unusable(reason())),
        }
    }

    /// Returns the error of a stream that ended early.
    pub(super) fn check_ended(facts: &Facts) -> Result<(), Self> {
        Self::check_answered(facts)?;
        match facts.finish_reason {
            Some(_) => Ok(()),
            None => Err(Self::Unusable("it broke off".to_owned())),
        }
    }
}

impl From<reqwest::Error> for ModelError {
    fn from(error: reqwest::Error) -> Self {
        if error.is_timeout() { Self::TimedOut } else { Self::Unreachable(error.without_url()) }
    }
}

/// Parses a number of seconds, with or without a fraction. A `Retry-After` date gives `None`.
pub(super) fn seconds(text: &str) -> Option<Duration> {
    Duration::try_from_secs_f64(text.trim().parse().ok()?).ok()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{super::Provider, *};

    fn error(provider: Provider, status: u16, body: &Value) -> ModelError {
        let status = StatusCode::from_u16(status).unwrap();
        ModelError::from_response(provider.dialect(), status, None, body.to_string().as_bytes())
    }

    #[test]
    fn a_rate_limit_says_when_to_come_back() {
        let body = json!({"error": {
            "code": 429, "message": "Quota exceeded.", "status": "RESOURCE_EXHAUSTED",
            "details": [{"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "34.5s"}],
        }});
        let ModelError::RateLimited { message, retry_after } = error(Provider::Gemini, 429, &body) else {
            panic!("another error")
        };
        assert_eq!((message.as_str(), retry_after), ("Quota exceeded.", Some(Duration::from_millis(34_500))));
    }

    #[test]
    fn the_status_decides_the_kind_unless_the_body_knows_better() {
        let body = |message: &str| json!({"error": {"message": message, "status": "INVALID_ARGUMENT"}});
        let gemini = |status, body: &Value| error(Provider::Gemini, status, body);
        assert!(matches!(gemini(503, &body("overloaded")), ModelError::Unavailable { status: 503, .. }));
        assert!(matches!(gemini(504, &body("late")), ModelError::TimedOut));
        let long = "The input token count (1200000) exceeds the maximum number of tokens allowed (1048576).";
        assert!(matches!(gemini(400, &body(long)), ModelError::TooLong { .. }));
        let ModelError::Rejected { status: 403, code, .. } = gemini(403, &body("no")) else {
            panic!("another error")
        };
        assert_eq!(code, "INVALID_ARGUMENT");

        let overloaded =
            json!({"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}});
        assert!(matches!(
            error(Provider::Anthropic, 529, &overloaded),
            ModelError::Unavailable { status: 529, .. }
        ));
        let long = json!({"error": {"code": "context_length_exceeded", "type": "invalid_request_error", "message": "m"}});
        assert!(matches!(error(Provider::OpenAi, 400, &long), ModelError::TooLong { .. }));
    }

    #[test]
    fn a_body_that_is_no_json_is_still_an_error_of_its_status() {
        for provider in Provider::ALL {
            let error =
                ModelError::from_response(provider.dialect(), StatusCode::BAD_GATEWAY, None, b"<html>");
            assert!(matches!(error, ModelError::Unavailable { status: 502, .. }), "{provider}");
        }
    }

    #[test]
    fn withheld_and_broken_answers_are_errors() {
        let check = |provider: Provider, body: Value| {
            ModelError::check_ended(&provider.dialect().format().facts(&body))
        };
        let (gemini, openai, anthropic) = (Provider::Gemini, Provider::OpenAi, Provider::Anthropic);
        assert!(check(gemini, json!({"candidates": [{"finishReason": "STOP"}]})).is_ok());
        assert!(check(gemini, json!({"candidates": [{"finishReason": "MAX_TOKENS"}]})).is_ok());
        for (provider, body) in [
            (gemini, json!({"promptFeedback": {"blockReason": "PROHIBITED_CONTENT"}})),
            (gemini, json!({"candidates": [{"finishReason": "SAFETY"}]})),
            (openai, json!({"choices": [{"finish_reason": "content_filter"}]})),
            (anthropic, json!({"stop_reason": "refusal"})),
        ] {
            assert!(matches!(check(provider, body), Err(ModelError::Withheld { .. })), "{provider}");
        }
        for body in [json!({}), json!({"candidates": [{"finishReason": "MALFORMED_FUNCTION_CALL"}]})] {
            assert!(matches!(check(gemini, body), Err(ModelError::Unusable(_))));
        }
    }

    #[test]
    fn seconds_are_never_negative_or_endless() {
        assert_eq!(seconds(" 2 "), Some(Duration::from_secs(2)));
        assert_eq!(seconds("-1"), None);
        assert_eq!(seconds("inf"), None);
        assert_eq!(seconds("Wed, 21 Oct 2026 07:28:00 GMT"), None);
    }
}
