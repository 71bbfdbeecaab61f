//! HTTP metrics for every tower service: axum (see `web::axum`), hyper, tonic, warp. Needs the feature `tower`.
//!
//! The paths of a gRPC server are its methods. Methods that are not listed are counted as one endpoint:
//!
//! ```
//! use agent_metrics::web::tower::HttpMetricsLayer;
//!
//! let metrics = agent_metrics::global();
//! let layer = HttpMetricsLayer::for_paths(metrics, ["/chat.Chat/Ask", "/chat.Chat/Watch"]);
//! // tonic::transport::Server::builder().layer(layer).add_service(chat).serve(address)
//! ```
//!
//! The label `status_code` of a gRPC call is its HTTP status code, which is 200 for errors too, since gRPC reports the
//! outcome in the trailers. To count outcomes, track the function of the method, which returns a `tonic::Status`.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use http::{Extensions, Request, Response, Uri, header};
use pin_project_lite::pin_project;
use tower_layer::Layer;
use tower_service::Service;

use super::body::MeasuredBody;
use super::request::{InnerRoute, ObservedRequest, Observer};
use crate::instance::AgentMetrics;

/// A layer that counts and times every request of a service, except requests of excluded paths (by default
/// `/metrics`).
///
/// A request lasts until its response body has been sent; see [`web`](super) for event streams, clients that close
/// the connection, and panics. A request that passes several layers of one instance is counted once, under the template of
/// the outermost layer that finds one.
#[derive(Clone)]
pub struct HttpMetricsLayer {
    observer: Observer,
    endpoint: Arc<EndpointFn>,
    path: PathFn,
}

/// Returns the route template of a request.
type EndpointFn = dyn for<'a> Fn(&'a Uri, &'a Extensions) -> Option<&'a str> + Send + Sync;

/// Returns the path of a request, as the client sent it.
type PathFn = for<'a> fn(&'a Uri, &'a Extensions) -> &'a str;

impl HttpMetricsLayer {
    /// Creates a layer that calls `endpoint` for the template of a request's route; `None` means that no route matched.
    ///
    /// The templates must come from a fixed set. If they contained parts that clients choose freely, clients could
    /// create any number of series, up to the cap of the label.
    pub fn new(
        metrics: &AgentMetrics,
        endpoint: impl for<'a> Fn(&'a Uri, &'a Extensions) -> Option<&'a str> + Send + Sync + 'static,
    ) -> Self {
        let path: PathFn = |uri, _| uri.path();
        Self { observer: Observer::new(metrics), endpoint: Arc::new(endpoint), path }
    }

    /// Creates a layer for a service with few, known paths, such as the methods of a gRPC service. Each path is an
    /// endpoint; any other path is counted as [`UNMATCHED`](super::UNMATCHED).
    pub fn for_paths(metrics: &AgentMetrics, paths: impl IntoIterator<Item = impl Into<String>>) -> Self {
        let paths: Vec<String> = paths.into_iter().map(Into::into).collect();
        Self::new(metrics, move |uri, _| paths.iter().any(|path| path == uri.path()).then_some(uri.path()))
    }

    /// Sets the function that finds the path, for a framework that removes the prefix of a nested router from it.
    #[cfg(feature = "axum")]
    pub(super) fn paths_by(self, path: PathFn) -> Self {
        Self { path, ..self }
    }

    /// Sets the paths that are not counted, in place of `/metrics`.
    #[must_use = "returns the changed value"]
    pub fn exclude(mut self, paths: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.observer.exclude(paths);
        self
    }
}

impl fmt::Debug for HttpMetricsLayer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpMetricsLayer").field("observer", &self.observer).finish_non_exhaustive()
    }
}

impl<S> Layer<S> for HttpMetricsLayer {
    type Service = HttpMetrics<S>;

    fn layer(&self, inner: S) -> HttpMetrics<S> {
        HttpMetrics { inner, layer: self.clone() }
    }
}

/// A service wrapped by [`HttpMetricsLayer`].
#[derive(Clone, Debug)]
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

    fn call(&mut self, mut request: Request<B>) -> Self::Future {
        let HttpMetricsLayer { observer, endpoint, path } = &self.layer;
        let (uri, extensions) = (request.uri(), request.extensions());
        let endpoint = || observer.endpoint(|| endpoint(uri, extensions));
        let (mut observed, mut inner_route) = (ObservedRequest::default(), None);
        match observer.claim(extensions.get()) {
            Ok(mut counted) => {
                let endpoint = endpoint();
                observed = observer.begin(request.method().as_str(), path(uri, extensions), endpoint);
                inner_route = endpoint.is_none().then(InnerRoute::default);
                counted.inner_route.clone_from(&inner_route);
                request.extensions_mut().insert(counted);
            }
            Err(outer) => {
                if let Some(route) = &outer.inner_route
                    && let Some(endpoint) = endpoint()
                {
                    route.get_or_init(|| endpoint.to_owned());
                }
            }
        }
        HttpMetricsFuture { observed, inner_route, response: self.inner.call(request) }
    }
}

pin_project! {
    /// The response future of [`HttpMetrics`].
    pub struct HttpMetricsFuture<F> {
        #[pin]
        response: F,
        observed: ObservedRequest,
        // Where an inner layer puts the template of the route, if this layer found none.
        inner_route: Option<InnerRoute>,
    }
}

impl<F> fmt::Debug for HttpMetricsFuture<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpMetricsFuture").finish_non_exhaustive()
    }
}

impl<F, R, E> Future for HttpMetricsFuture<F>
where
    F: Future<Output = Result<Response<R>, E>>,
{
    type Output = Result<Response<MeasuredBody<R>>, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let response = ready!(this.observed.run(|| this.response.poll(cx)));
        let mut observed = std::mem::take(this.observed);
        if let Some(route) = this.inner_route.as_ref().and_then(|route| route.get()) {
            observed.routed(Some(route));
        }
        match response {
            Ok(response) => {
                let content_type = response.headers().get(header::CONTENT_TYPE);
                observed.head(response.status().as_u16(), content_type.map(header::HeaderValue::as_bytes));
                Poll::Ready(Ok(response.map(|body| MeasuredBody::new(body, observed))))
            }
            Err(error) => {
                // hyper closes the connection without a response.
                observed.head(500, None);
                Poll::Ready(Err(error))
            }
        }
    }
}
