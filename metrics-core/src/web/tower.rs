//! HTTP metrics for whatever speaks tower.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use http::{Request, Response, header};
use pin_project_lite::pin_project;
use tower_layer::Layer;
use tower_service::Service;

use super::MeasuredBody;
use crate::{AgentMetrics, RequestGuard};

/// The endpoint of a request whose path matched no route.
pub const UNMATCHED: &str = "unmatched";

/// How the endpoint of a request is found: the template of its route, or `None` where none matched.
pub type EndpointOf = fn(&http::Extensions) -> Option<&str>;

/// Counts and times every request that a service answers, but for those of the scrape.
///
/// A request lasts until its body has been sent; an event stream counts up to its head and its life
/// goes to `agent_http_stream_duration_seconds`. A client that goes before the head is `499`.
#[derive(Clone)]
pub struct HttpMetricsLayer {
    settings: Arc<Settings>,
}

struct Settings {
    metrics: AgentMetrics,
    endpoint: EndpointOf,
    excluded: Vec<String>,
}

impl HttpMetricsLayer {
    /// A layer that finds endpoints by `endpoint`.
    pub fn new(metrics: &AgentMetrics, endpoint: EndpointOf) -> Self {
        let excluded = vec!["/metrics".to_owned()];
        Self { settings: Arc::new(Settings { metrics: metrics.clone(), endpoint, excluded }) }
    }

    /// The paths that are not counted, in place of `/metrics`.
    #[must_use]
    pub fn exclude(self, paths: impl IntoIterator<Item = impl Into<String>>) -> Self {
        let Settings { metrics, endpoint, .. } = &*self.settings;
        let excluded = paths.into_iter().map(Into::into).collect();
        Self { settings: Arc::new(Settings { metrics: metrics.clone(), endpoint: *endpoint, excluded }) }
    }
}

impl<S> Layer<S> for HttpMetricsLayer {
    type Service = HttpMetrics<S>;

    fn layer(&self, inner: S) -> HttpMetrics<S> {
        HttpMetrics { inner, settings: self.settings.clone() }
    }
}

/// A service under [`HttpMetricsLayer`].
#[derive(Clone)]
pub struct HttpMetrics<S> {
    inner: S,
    settings: Arc<Settings>,
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
        let Settings { metrics, endpoint, excluded } = &*self.settings;
        let path = request.uri().path();
        let guard = (!excluded.iter().any(|excluded| excluded == path)).then(|| {
            let endpoint = endpoint(request.extensions()).unwrap_or(UNMATCHED);
            metrics.track_request(request.method().as_str(), endpoint)
        });
        HttpMetricsFuture { guard, response: self.inner.call(request) }
    }
}

pin_project! {
    /// The future of [`HttpMetrics`].
    pub struct HttpMetricsFuture<F> {
        #[pin]
        response: F,
        guard: Option<RequestGuard>,
    }
}

impl<F, R, E> Future for HttpMetricsFuture<F>
where
    F: Future<Output = Result<Response<R>, E>>,
{
    type Output = Result<Response<MeasuredBody<R>>, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        // A panic in the service is its own answer: hyper closes the connection, so `500`.
        let unwinding = OnPanic(this.guard);
        let response = ready!(this.response.poll(cx));
        let mut guard = unwinding.0.take();
        Poll::Ready(match response {
            Ok(response) => {
                if let Some(guard) = &mut guard {
                    guard.set_status(response.status().as_u16());
                    if is_event_stream(&response) {
                        guard.begin_stream();
                    }
                }
                Ok(response.map(|body| MeasuredBody::new(body, guard)))
            }
            Err(error) => {
                if let Some(guard) = guard {
                    guard.finish(500);
                }
                Err(error)
            }
        })
    }
}

/// Ends the request at once when the service panics, since nobody need drop its future soon.
struct OnPanic<'a>(&'a mut Option<RequestGuard>);

impl Drop for OnPanic<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            *self.0 = None;
        }
    }
}

fn is_event_stream<B>(response: &Response<B>) -> bool {
    let content_type = response.headers().get(header::CONTENT_TYPE);
    content_type.is_some_and(|value| value.as_bytes().starts_with(b"text/event-stream"))
}
