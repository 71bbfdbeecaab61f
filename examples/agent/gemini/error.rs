//! What can go wrong in a call, and the status under which it is counted.

use std::time::Duration;

use agent_metrics::Classify;
use reqwest::StatusCode;
use serde::Deserialize;
use serde_json::Value;

use super::wire::GenerateContentResponse;

/// Finish reasons by which the service withholds an answer for what it says.
const WITHHELD: &[&str] = &[
    "SAFETY",
    "RECITATION",
    "BLOCKLIST",
    "PROHIBITED_CONTENT",
    "SPII",
    "LANGUAGE",
    "IMAGE_SAFETY",
    "MODEL_ARMOR",
];
/// What the type of a detail that says when to come back ends with.
const RETRY_INFO: &str = "google.rpc.RetryInfo";

#[derive(Debug, thiserror::Error, Classify)]
pub(crate) enum GeminiError {
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
}

impl GeminiError {
    /// The error of a response whose status isn't a success.
    pub(super) fn from_response(status: StatusCode, retry_after: Option<Duration>, body: &[u8]) -> Self {
        let ErrorBody { error } = serde_json::from_slice(body).unwrap_or_default();
        let retry_after = retry_after.or_else(|| error.retry_delay());
        let ErrorDetail { message, status: code, .. } = error;
        match status.as_u16() {
            429 => Self::RateLimited { message, retry_after },
            408 | 504 => Self::TimedOut,
            status @ 500.. => Self::Unavailable { status, message, retry_after },
            400 if message.contains("exceeds the maximum number of tokens") => Self::TooLong { message },
            status => Self::Rejected { status, code, message },
        }
    }

    /// The error of a response that succeeded but holds no answer, if it holds none.
    pub(super) fn check_answered(response: &GenerateContentResponse) -> Result<(), Self> {
        if let Some(reason) =
            response.prompt_feedback.as_ref().and_then(|feedback| feedback.block_reason.clone())
        {
            return Err(Self::Withheld { reason });
        }
        let Some(candidate) = response.candidates.first() else {
            return Err(Self::Unusable("it has no candidate".to_owned()));
        };
        match candidate.finish_reason.as_deref() {
            Some(reason) if WITHHELD.contains(&reason) => Err(Self::Withheld { reason: reason.to_owned() }),
            reason if candidate.content.parts.is_empty() => {
                Err(Self::Unusable(format!("it is empty, finish reason {}", reason.unwrap_or("unknown"))))
            }
            _ => Ok(()),
        }
    }
}

impl From<reqwest::Error> for GeminiError {
    fn from(error: reqwest::Error) -> Self {
        if error.is_timeout() { Self::TimedOut } else { Self::Unreachable(error.without_url()) }
    }
}

/// `{"error": {"code": 429, "message": "..", "status": "RESOURCE_EXHAUSTED", "details": [..]}}`
#[derive(Default, Deserialize)]
struct ErrorBody {
    error: ErrorDetail,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct ErrorDetail {
    message: String,
    status: String,
    details: Vec<Value>,
}

impl ErrorDetail {
    fn retry_delay(&self) -> Option<Duration> {
        let is_retry_info =
            |detail: &&Value| detail["@type"].as_str().is_some_and(|name| name.ends_with(RETRY_INFO));
        let delay = self.details.iter().find(is_retry_info)?["retryDelay"].as_str()?;
        seconds(delay.strip_suffix('s')?)
    }
}

/// A number of seconds, with or without a fraction. A `Retry-After` that is a date gives `None`.
pub(super) fn seconds(text: &str) -> Option<Duration> {
    Duration::try_from_secs_f64(text.trim().parse().ok()?).ok()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn error(status: u16, body: &Value) -> GeminiError {
        GeminiError::from_response(StatusCode::from_u16(status).unwrap(), None, body.to_string().as_bytes())
    }

    #[test]
    fn a_rate_limit_says_when_to_come_back() {
        let body = json!({"error": {
            "code": 429, "message": "Quota exceeded.", "status": "RESOURCE_EXHAUSTED",
            "details": [
                {"@type": "type.googleapis.com/google.rpc.Help", "links": []},
                {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "34.5s"},
            ],
        }});
        let GeminiError::RateLimited { message, retry_after } = error(429, &body) else {
            panic!("another error")
        };
        assert_eq!((message.as_str(), retry_after), ("Quota exceeded.", Some(Duration::from_millis(34_500))));
    }

    #[test]
    fn the_status_decides_the_kind() {
        let body = |message: &str| json!({"error": {"message": message, "status": "INVALID_ARGUMENT"}});
        assert!(matches!(error(503, &body("overloaded")), GeminiError::Unavailable { status: 503, .. }));
        assert!(matches!(error(504, &body("late")), GeminiError::TimedOut));
        assert!(matches!(error(403, &body("no")), GeminiError::Rejected { status: 403, .. }));
        let long = "The input token count (1200000) exceeds the maximum number of tokens allowed (1048576).";
        assert!(matches!(error(400, &body(long)), GeminiError::TooLong { .. }));
        assert!(matches!(error(400, &body("bad")), GeminiError::Rejected { .. }));
    }

    #[test]
    fn a_body_that_is_no_json_is_still_an_error_of_its_status() {
        let error = GeminiError::from_response(StatusCode::BAD_GATEWAY, None, b"<html>");
        assert!(matches!(error, GeminiError::Unavailable { status: 502, .. }));
    }

    #[test]
    fn withheld_and_empty_answers_are_errors() {
        let check = |body: Value| GeminiError::check_answered(&serde_json::from_value(body).unwrap());
        let parts = json!([{"text": "yes"}]);
        assert!(
            check(json!({"candidates": [{"content": {"parts": parts}, "finishReason": "STOP"}]})).is_ok()
        );
        assert!(
            check(json!({"candidates": [{"content": {"parts": parts}, "finishReason": "MAX_TOKENS"}]}))
                .is_ok()
        );
        let blocked = [
            json!({"promptFeedback": {"blockReason": "PROHIBITED_CONTENT"}}),
            json!({"candidates": [{"finishReason": "SAFETY"}]}),
        ];
        for body in blocked {
            assert!(matches!(check(body), Err(GeminiError::Withheld { .. })));
        }
        for body in [json!({}), json!({"candidates": [{"finishReason": "MALFORMED_FUNCTION_CALL"}]})] {
            assert!(matches!(check(body), Err(GeminiError::Unusable(_))));
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
