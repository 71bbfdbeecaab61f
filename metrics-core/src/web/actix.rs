//! actix-web: HTTP metrics by route template, and a route for `/metrics`.
//!
//! ```
//! use actix_web::{App, web};
//! use agent_metrics::web::actix::{http_metrics, metrics_route};
//!
//! let metrics = agent_metrics::global();
//! let app = App::new()
//!     .wrap(http_metrics(metrics))
//!     .route("/tasks/{id}", web::get().to(|| async { "done" }))
//!     .route("/metrics", metrics_route(metrics));
//! ```
//!
//! actix-web goes on answering a client that has closed its side of the connection, since it may still read. With
//! `HttpServer::h1_allow_half_closed(false)` it gives up as others do, and such a request counts as `499`.

use std::convert::Infallible;
use std::future::{Ready, ready};
use std::pin::Pin;
use std::task::{Context, Poll, ready as ready_or_return};

use actix_web::body::{BodySize, BoxBody, MessageBody};
use actix_web::dev::{Service, ServiceRequest, ServiceResponse, Transform, forward_ready};
use actix_web::http::Version;
use actix_web::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use actix_web::web::Bytes;
use actix_web::{Error, HttpRequest, HttpResponse, HttpResponseBuilder, Responder, Route, guard, web};
use pin_project_lite::pin_project;

use super::request::{Observed, Observer, joined};
use crate::{AgentMetrics, Chunks, Exposition};

/// The HTTP metrics of an application, for `App::wrap`: the endpoint is the resource's pattern (`/tasks/{id}`),
/// `unmatched` where none matched.
pub fn http_metrics(metrics: &AgentMetrics) -> HttpMetrics {
    HttpMetrics { observer: Observer::new(metrics) }
}

/// The exposition as a route: `GET` and `HEAD`, in the format that the client prefers.
pub fn metrics_route(metrics: &AgentMetrics) -> Route {
    let metrics = metrics.clone();
    web::route().guard(guard::Any(guard::Get()).or(guard::Head())).to(move |request: HttpRequest| {
        let accept = list(request.headers(), &header::ACCEPT);
        let encoding = list(request.headers(), &header::ACCEPT_ENCODING);
        ready(metrics.encode_chunks(accept.as_deref(), encoding.as_deref()))
    })
}

fn list(headers: &HeaderMap, name: &HeaderName) -> Option<String> {
    joined(headers.get_all(name).filter_map(|line| line.to_str().ok()))
}

impl Responder for Exposition {
    type Body = BoxBody;

    fn respond_to(self, _: &HttpRequest) -> HttpResponse {
        with_headers(self.content_type, self.content_encoding).body(self.body)
    }
}

impl Responder for Chunks {
    type Body = BoxBody;

    fn respond_to(self, request: &HttpRequest) -> HttpResponse {
        let mut response = with_headers(self.content_type, self.content_encoding);
        // actix would send chunks to a client of HTTP 1.0 too, which knows none.
        if request.version() < Version::HTTP_11 {
            return response.body(self.flatten().collect::<Vec<u8>>());
        }
        response.body(ChunkBody(self))
    }
}

fn with_headers(content_type: &'static str, encoding: Option<&'static str>) -> HttpResponseBuilder {
    let mut response = HttpResponse::Ok();
    response.content_type(content_type).append_header((header::VARY, "accept, accept-encoding"));
    if let Some(encoding) = encoding {
        response.insert_header((header::CONTENT_ENCODING, encoding));
    }
    response
}

/// Each chunk is written when actix has sent the one before.
struct ChunkBody(Chunks);

impl MessageBody for ChunkBody {
    type Error = Infallible;

    fn size(&self) -> BodySize {
        self.0.remaining_bytes().map_or(BodySize::Stream, |bytes| BodySize::Sized(bytes as u64))
    }

    fn poll_next(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Bytes, Infallible>>> {
        Poll::Ready(self.get_mut().0.next().map(|chunk| Ok(Bytes::from(chunk))))
    }
}

/// Counts and times every request that an application answers, but for those of the scrape; see [`http_metrics`].
#[derive(Clone)]
pub struct HttpMetrics {
    observer: Observer,
}

impl HttpMetrics {
    /// The paths that are not counted, in place of `/metrics`.
    #[must_use]
    pub fn exclude(mut self, paths: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.observer.exclude(paths);
        self
    }
}

impl<S, B> Transform<S, ServiceRequest> for HttpMetrics
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error>,
    S::Future: 'static,
{
    type Response = ServiceResponse<MeasuredBody<B>>;
    type Error = Error;
    type InitError = ();
    type Transform = HttpMetricsService<S>;
    type Future = Ready<Result<Self::Transform, ()>>;

    fn new_transform(&self, inner: S) -> Self::Future {
        ready(Ok(HttpMetricsService { inner, observer: self.observer.clone() }))
    }
}

/// A service under [`HttpMetrics`].
pub struct HttpMetricsService<S> {
    inner: S,
    observer: Observer,
}

impl<S, B> Service<ServiceRequest> for HttpMetricsService<S>
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error>,
    S::Future: 'static,
{
    type Response = ServiceResponse<MeasuredBody<B>>;
    type Error = Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Error>>>>;

    forward_ready!(inner);

    fn call(&self, request: ServiceRequest) -> Self::Future {
        // Before the routing the pattern is found by the path alone, after it by the resource itself.
        let guess = request.match_pattern();
        let mut observed = self.observer.begin(request.method().as_str(), request.path(), guess.as_deref());
        let response = self.inner.call(request);
        Box::pin(async move {
            match response.await {
                Ok(response) => {
                    let content_type =
                        response.headers().get(header::CONTENT_TYPE).map(HeaderValue::as_bytes);
                    observed.routed(response.request().match_pattern().as_deref());
                    observed.head(response.status().as_u16(), content_type);
                    Ok(response.map_body(|_, body| MeasuredBody { body, request: observed }))
                }
                // It becomes a response further out.
                Err(error) => {
                    observed.head(error.as_response_error().status_code().as_u16(), None);
                    Err(error)
                }
            }
        })
    }
}

pin_project! {
    /// A body under observation: the request lasts until it has been sent.
    pub struct MeasuredBody<B> {
        #[pin]
        body: B,
        request: Observed,
    }
}

impl<B: MessageBody> MessageBody for MeasuredBody<B> {
    type Error = B::Error;

    fn size(&self) -> BodySize {
        self.body.size()
    }

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, B::Error>>> {
        let this = self.project();
        let chunk = ready_or_return!(this.body.poll_next(cx));
        if chunk.is_none() {
            this.request.end();
        }
        Poll::Ready(chunk)
    }
}
