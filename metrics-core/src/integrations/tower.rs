//! Attempts of HTTP clients that speak tower.
//!
//! Clients retry in silence: the call ends well, and nobody sees that the provider was overloaded. [`AttemptLayer`] stands
//! between the client's retries and its transport and tells the call of a model in which it runs of every attempt:
//! `agent_llm_attempts_total` by outcome, `agent_llm_retry_wait_seconds_total`, and what the provider's headers say of its
//! rate limits. The feature is `tower`.
//!
//! It fits async-openai's services (see `async_openai_0_43`), reqwest's client (with the feature
//! `reqwest-0_13`), and whatever else gives an [`http::Response`].

use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

use pin_project_lite::pin_project;
use tower_layer::Layer;
use tower_service::Service;

use crate::classify::Classify;
use crate::recorder::{Call, Trying};
use crate::status::Status;
use crate::usage::RateLimits;

/// A response whose head tells how an attempt ended.
pub trait ResponseHead: Classify {
    /// The text of a header.
    fn header(&self, name: &str) -> Option<&str>;
}

impl<B> ResponseHead for http::Response<B> {
    fn header(&self, name: &str) -> Option<&str> {
        self.headers().get(name)?.to_str().ok()
    }
}

/// Counts each request that a service sends as an attempt of the call of a model around it; outside of one it does
/// nothing. It belongs below what retries and above the transport.
///
/// An attempt ends with the head of its response, by the status code, or with its error. What is dropped before is
/// `cancelled`.
#[derive(Clone, Copy, Default, Debug)]
pub struct AttemptLayer;

impl<S> Layer<S> for AttemptLayer {
    type Service = Attempts<S>;

    fn layer(&self, inner: S) -> Attempts<S> {
        Attempts { inner, failed: None }
    }
}

/// A service under [`AttemptLayer`].
#[derive(Clone, Debug)]
pub struct Attempts<S> {
    inner: S,
    /// When the last attempt of a request failed. What retries keeps one service for the attempts of one request, and
    /// clones it before the first for the next request.
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
        AttemptFuture { waited, trying: None, failed, response: self.inner.call(request) }
    }
}

pin_project! {
    /// The future of [`Attempts`].
    pub struct AttemptFuture<F> {
        waited: Duration,
        // From the first poll on: one that is never polled sends nothing.
        trying: Option<Trying>,
        failed: Arc<Mutex<Option<Instant>>>,
        #[pin]
        response: F,
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
        this.trying.get_or_insert_with(|| Trying::after(*this.waited));
        let result = ready!(this.response.poll(cx));
        let status = match &result {
            Ok(response) => {
                let limits = RateLimits::from_headers(|name| response.header(name));
                Call::current().rate_limits(limits);
                response.classify()
            }
            Err(error) => error.classify(),
        };
        if status != Status::Success {
            *this.failed.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
        }
        if let Some(trying) = this.trying.take() {
            trying.end(status, None);
        }
        Poll::Ready(result)
    }
}
