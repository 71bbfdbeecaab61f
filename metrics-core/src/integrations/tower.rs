//! Attempts of HTTP clients that are tower services. Needs the feature `tower`.
//!
//! Many clients retry without reporting it: the call succeeds, and an overloaded provider goes unnoticed. [`AttemptLayer`],
//! placed between a client's retry layer and its transport, records every attempt of the enclosing LLM call:
//! `agent_llm_attempts_total` by outcome, `agent_llm_retry_wait_seconds_total`, and the rate limits that the provider's
//! headers report.
//!
//! It works with async-openai's services (see `async_openai_0_43`), with reqwest's client (with the feature
//! `reqwest-0_13`), and with every service whose response is an [`http::Response`].

use std::fmt;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

use pin_project_lite::pin_project;
use tower_layer::Layer;
use tower_service::Service;

use crate::classify::Classify;
use crate::recorder::{AttemptGuard, Call};
use crate::status::Status;
use crate::usage::RateLimits;

/// A response whose head determines the outcome of an attempt: the status through [`Classify`], the rate limits through
/// its headers.
pub trait ResponseHead: Classify {
    /// Returns the value of a header, or `None` if it is missing or isn't text.
    fn header(&self, name: &str) -> Option<&str>;
}

impl<B> ResponseHead for http::Response<B> {
    fn header(&self, name: &str) -> Option<&str> {
        self.headers().get(name)?.to_str().ok()
    }
}

/// A layer that counts each request of a service as an attempt of the enclosing LLM call. Outside of an LLM call it does
/// nothing. It must be placed below the retry layer and above the transport.
///
/// The outcome of an attempt is determined by the status code of its response or by its error. A request that is dropped
/// before that is `cancelled`.
#[derive(Clone, Copy, Default, Debug)]
pub struct AttemptLayer;

impl<S> Layer<S> for AttemptLayer {
    type Service = Attempts<S>;

    fn layer(&self, inner: S) -> Attempts<S> {
        Attempts { inner, failed: None }
    }
}

/// A service wrapped by [`AttemptLayer`].
#[derive(Clone, Debug)]
pub struct Attempts<S> {
    inner: S,
    /// The time at which the last attempt of a request failed. Retry layers use one clone of the service for all attempts
    /// of a request, and clone it before the first attempt for the next request.
    failed: Option<Arc<Mutex<Option<Instant>>>>,
}

impl<S, Q> Service<Q> for Attempts<S>
where
    S: Service<Q>,
    S::Response: ResponseHead,
    S::Error: Classify,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = AttemptFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Q) -> Self::Future {
        let failed = self.failed.get_or_insert_default().clone();
        let last = failed.lock().unwrap_or_else(PoisonError::into_inner).take();
        let waited = last.map_or(Duration::ZERO, |failed| failed.elapsed());
        AttemptFuture { waited, attempt: None, failed, response: self.inner.call(request) }
    }
}

pin_project! {
    /// The response future of [`Attempts`].
    pub struct AttemptFuture<F> {
        waited: Duration,
        // Created at the first poll, since a future that is never polled sends nothing.
        attempt: Option<AttemptGuard>,
        failed: Arc<Mutex<Option<Instant>>>,
        #[pin]
        response: F,
    }
}

impl<F> fmt::Debug for AttemptFuture<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AttemptFuture").field("waited", &self.waited).finish_non_exhaustive()
    }
}

impl<F, R, E> Future for AttemptFuture<F>
where
    F: Future<Output = Result<R, E>>,
    R: ResponseHead,
    E: Classify,
{
    type Output = Result<R, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<R, E>> {
        let this = self.project();
        this.attempt.get_or_insert_with(|| AttemptGuard::after(*this.waited));
        let result = ready!(this.response.poll(cx));
        let status = match &result {
            Ok(response) => {
                let limits = RateLimits::from_headers(|name| response.header(name));
                Call::current().rate_limits(limits);
                let status = response.classify();
                Call::note_head(status, response.retry_after());
                status
            }
            Err(error) => error.classify(),
        };
        if status != Status::Success {
            *this.failed.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
        }
        if let Some(attempt) = this.attempt.take() {
            attempt.end(status, None);
        }
        Poll::Ready(result)
    }
}
