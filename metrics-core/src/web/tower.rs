//! HTTP metrics for whatever speaks tower: axum (see `web::axum`), hyper, tonic, warp.
//!
//! A gRPC server, whose paths are its methods. Those that are not named count as one:
//!
//! ```
//! use agent_metrics::web::tower::HttpMetricsLayer;
//!
//! let metrics = agent_metrics::global();
//! let layer = HttpMetricsLayer::for_paths(metrics, ["/chat.Chat/Ask", "/chat.Chat/Watch"]);
//! // tonic::transport::Server::builder().layer(layer).add_service(chat).serve(address)
//! ```
//!
//! The `status_code` of a gRPC call is that of HTTP, which is `200` for an error, too: what became of the call is
//! in its trailers. Track the method's function, whose `tonic::Status` says it.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use http::{Extensions, Request, Response, Uri, header};
use pin_project_lite::pin_project;
use tower_layer::Layer;
use tower_service::Service;

use super::MeasuredBody;
use super::request::{Observed, Observer};
use crate::instance::AgentMetrics;

/// Counts and times every request that a service answers, but for those of the scrape.
///
/// A request lasts until its body has been sent; an event stream counts up to its head and its life
/// goes to `agent_http_stream_duration_seconds`. A client that goes before the head is `499`, a panic `500`.
#[derive(Clone)]
pub struct HttpMetricsLayer {
    observer: Observer,
    endpoint: Arc<EndpointOf>,
}

type EndpointOf = dyn for<'a> Fn(&'a Uri, &'a Extensions) -> Option<&'a str> + Send + Sync;

impl HttpMetricsLayer {
    /// A layer that asks `endpoint` for the template of a request's route: `None` where none matched. What it gives
    /// for a path must not depend on what a client may choose freely.
    pub fn new(
        metrics: &AgentMetrics,
        endpoint: impl for<'a> Fn(&'a Uri, &'a Extensions) -> Option<&'a str> + Send + Sync + 'static,
    ) -> Self {
        Self { observer: Observer::new(metrics), endpoint: Arc::new(endpoint) }
    }

    /// A layer for a service whose paths are few and known, such as the methods of gRPC: each is an endpoint, any
    /// other path is [`UNMATCHED`](super::UNMATCHED).
    pub fn for_paths(metrics: &AgentMetrics, paths: impl IntoIterator<Item = impl Into<String>>) -> Self {
        let paths: Vec<String> = paths.into_iter().map(Into::into).collect();
        Self::new(metrics, move |uri, _| paths.iter().any(|path| path == uri.path()).then_some(uri.path()))
    }

    /// The paths that are not counted, in place of `/metrics`.
    #[must_use]
    pub fn exclude(mut self, paths: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.observer.exclude(paths);
        self
    }
}

impl<S> Layer<S> for HttpMetricsLayer {
    type Service = HttpMetrics<S>;

    fn layer(&self, inner: S) -> HttpMetrics<S> {
        HttpMetrics { inner, layer: self.clone() }
    }
}

/// A service under [`HttpMetricsLayer`].
#[derive(Clone)]
pub struct HttpMetrics<S> {
    inner: S,
    layer: HttpMetricsLayer,
}

impl<S, B, R> Service<Request<B>> for HttpMetrics<S>
where
    S: Service<Request<B>, Response = Response<R>>,
{
    type Response = Response<MeasuredBody<R>>;
    type Error = S::Error;
    type Future = HttpMetricsFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let HttpMetricsLayer { observer, endpoint } = &self.layer;
        let endpoint = endpoint(request.uri(), request.extensions());
        let observed = observer.begin(request.method().as_str(), request.uri().path(), endpoint);
        HttpMetricsFuture { observed, response: self.inner.call(request) }
    }
}

pin_project! {
    /// The future of [`HttpMetrics`].
    pub struct HttpMetricsFuture<F> {
        #[pin]
        response: F,
        observed: Observed,
    }
}

impl<F, R, E> Future for HttpMetricsFuture<F>
where
    F: Future<Output = Result<Response<R>, E>>,
{
    type Output = Result<Response<MeasuredBody<R>>, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let response = ready!(this.observed.through(|| this.response.poll(cx)));
        let mut observed = std::mem::take(this.observed);
        match response {
            Ok(response) => {
                let content_type = response.headers().get(header::CONTENT_TYPE);
                observed.head(response.status().as_u16(), content_type.map(header::HeaderValue::as_bytes));
                Poll::Ready(Ok(response.map(|body| MeasuredBody::new(body, observed))))
            }
            Err(error) => {
                // hyper closes the connection, for want of an answer.
                observed.head(500, None);
                Poll::Ready(Err(error))
            }
        }
    }
}
