//! How the simulated service misbehaves, and how long it takes.

use std::time::Duration;

use axum::{
    Json,
    http::{HeaderValue, StatusCode, header::RETRY_AFTER},
    response::{IntoResponse, Response},
};
use fastrand::Rng;
use serde_json::{Value, json};

/// Shares of the requests, each in 0..=1, and the usual latency.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Faults {
    /// Half of the answers take longer.
    pub(crate) median_latency: Duration,
    /// 429 with `Retry-After: 1`.
    pub(crate) rate_limited: f64,
    /// 429 that asks for a wait longer than a task may take.
    pub(crate) exhausted: f64,
    /// 500 or 503.
    pub(crate) unavailable: f64,
    /// The prompt or the answer is withheld.
    pub(crate) withheld: f64,
    /// So slow that the client gives up.
    pub(crate) stalled: f64,
}

impl Faults {
    /// A service as one meets it on a busy day.
    pub(crate) fn busy() -> Self {
        Self {
            median_latency: Duration::from_millis(220),
            rate_limited: 0.05,
            exhausted: 0.006,
            unavailable: 0.02,
            withheld: 0.008,
            stalled: 0.008,
        }
    }

    /// Every request is answered at once.
    #[cfg(test)]
    pub(crate) fn none() -> Self {
        Self {
            median_latency: Duration::ZERO,
            rate_limited: 0.0,
            exhausted: 0.0,
            unavailable: 0.0,
            withheld: 0.0,
            stalled: 0.0,
        }
    }

    pub(super) fn draw(&self, rng: &mut Rng) -> Behaviour {
        let latency = self.latency(rng);
        let mut left = rng.f64();
        let mut falls_in = |share: f64| {
            left -= share;
            left < 0.0
        };
        // A refusal costs the service little, so it comes fast.
        let fails = |response| Behaviour::Fails { response, latency: latency / 10 };
        if falls_in(self.rate_limited) {
            fails(resource_exhausted(Duration::from_secs(1)))
        } else if falls_in(self.exhausted) {
            fails(resource_exhausted(Duration::from_secs(25)))
        } else if falls_in(self.unavailable) {
            fails(unavailable(rng.bool()))
        } else if falls_in(self.withheld) {
            Behaviour::Fails { response: withheld(rng.bool()), latency }
        } else if falls_in(self.stalled) {
            Behaviour::Answers { latency: Duration::from_secs(60) }
        } else {
            Behaviour::Answers { latency }
        }
    }

    /// Log-normal, as latencies of models are: most near the median, a long tail above.
    fn latency(&self, rng: &mut Rng) -> Duration {
        // Twelve uniform numbers make a good enough normal one (Irwin-Hall).
        let normal = (0..12).map(|_| rng.f64()).sum::<f64>() - 6.0;
        self.median_latency.mul_f64((0.5 * normal).exp())
    }
}

pub(super) enum Behaviour {
    Answers { latency: Duration },
    Fails { response: Response, latency: Duration },
}

/// `{"error": {"code", "message", "status", "details"}}`, as every Google API reports errors.
pub(super) fn error_response(
    status: StatusCode,
    code: &str,
    message: &str,
    detail: Option<Value>,
) -> Response {
    let mut error = json!({ "code": status.as_u16(), "message": message, "status": code });
    if let Some(detail) = detail {
        error["details"] = json!([detail]);
    }
    (status, Json(json!({ "error": error }))).into_response()
}

fn resource_exhausted(wait: Duration) -> Response {
    let message = format!("You exceeded your current quota. Please retry in {}s.", wait.as_secs());
    let detail = json!({
        "@type": "type.googleapis.com/google.rpc.RetryInfo",
        "retryDelay": format!("{}s", wait.as_secs()),
    });
    let mut response =
        error_response(StatusCode::TOO_MANY_REQUESTS, "RESOURCE_EXHAUSTED", &message, Some(detail));
    response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(wait.as_secs()));
    response
}

fn unavailable(overloaded: bool) -> Response {
    if overloaded {
        let message = "The model is overloaded. Please try again later.";
        error_response(StatusCode::SERVICE_UNAVAILABLE, "UNAVAILABLE", message, None)
    } else {
        let message = "An internal error has occurred.";
        error_response(StatusCode::INTERNAL_SERVER_ERROR, "INTERNAL", message, None)
    }
}

/// The service says so in a successful response: the prompt was blocked, or the answer was.
fn withheld(prompt: bool) -> Response {
    let usage = json!({ "promptTokenCount": 12, "totalTokenCount": 12 });
    let body = if prompt {
        json!({ "promptFeedback": { "blockReason": "PROHIBITED_CONTENT" }, "usageMetadata": usage })
    } else {
        json!({ "candidates": [{ "finishReason": "SAFETY", "index": 0 }], "usageMetadata": usage })
    };
    Json(body).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faults_come_in_their_shares() {
        let mut rng = Rng::with_seed(7);
        let faults = Faults { rate_limited: 0.2, unavailable: 0.1, ..Faults::none() };
        let (mut limited, mut failed) = (0, 0);
        for _ in 0..10_000 {
            if let Behaviour::Fails { response, .. } = faults.draw(&mut rng) {
                match response.status() {
                    StatusCode::TOO_MANY_REQUESTS => limited += 1,
                    _ => failed += 1,
                }
            }
        }
        assert!((1_800..2_200).contains(&limited), "{limited}");
        assert!((800..1_200).contains(&failed), "{failed}");
    }

    #[test]
    fn half_of_the_latencies_are_above_the_median() {
        let mut rng = Rng::with_seed(7);
        let faults = Faults::busy();
        let above = (0..10_000).filter(|_| faults.latency(&mut rng) > faults.median_latency).count();
        assert!((4_700..5_300).contains(&above), "{above}");
    }
}
