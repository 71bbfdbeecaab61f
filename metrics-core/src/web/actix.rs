//! HTTP metrics by route template and a `/metrics` route for actix-web. Needs the feature `actix-web`.
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
//! By default, actix-web keeps processing a request after the client has closed its side of the connection, since the
//! client may still read. With `HttpServer::h1_allow_half_closed(false)` it stops as other frameworks do, and such a
//! request is counted with status code 499.

use std::convert::Infallible;
use std::fmt;
use std::future::{Ready, ready};
use std::pin::Pin;
use std::task::{Context, Poll, ready as ready_or_return};

use actix_web::body::{BodySize, BoxBody, MessageBody};
use actix_web::dev::{Service, ServiceRequest, ServiceResponse, Transform, forward_ready};
#[cfg(feature = "live")]
use actix_web::http::StatusCode;
use actix_web::http::Version;
use actix_web::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use actix_web::web::Bytes;
use actix_web::{
    Error, HttpMessage as _, HttpRequest, HttpResponse, HttpResponseBuilder, Responder, Route, guard, web,
};
use pin_project_lite::pin_project;

use super::request::{ObservedRequest, Observer, joined};
use crate::exposition::{Chunks, Exposition};
use crate::instance::AgentMetrics;
#[cfg(feature = "live")]
use crate::live::{EventStream, LivePage, PageBody, PageRequest};

/// Returns a middleware for `App::wrap` that records HTTP metrics. The label `endpoint` is the pattern of the matched
/// resource, such as `/tasks/{id}`, or `unmatched`.
pub fn http_metrics(metrics: &AgentMetrics) -> HttpMetrics {
    HttpMetrics { observer: Observer::new(metrics) }
}

/// Returns a route that serves the metrics to `GET` and `HEAD` requests, in the format and compression that the client
/// prefers.
pub fn metrics_route(metrics: &AgentMetrics) -> Route {
    let metrics = metrics.clone();
    web::route().guard(guard::Any(guard::Get()).or(guard::Head())).to(move |request: HttpRequest| {
        let accept = list(request.headers(), &header::ACCEPT);
        let encoding = list(request.headers(), &header::ACCEPT_ENCODING);
        ready(metrics.encode_chunks(accept.as_deref(), encoding.as_deref()))
    })
}

/// Returns a configuration for `App::configure` that serves the [live page](crate::live) at a path, such as `/live` or `/`.
///
/// ```
/// use actix_web::App;
/// use agent_metrics::live::LivePage;
/// use agent_metrics::web::actix::live_page;
///
/// let page = LivePage::new(agent_metrics::global())?;
/// let app = App::new().configure(live_page("/live", &page));
/// # Ok::<(), std::io::Error>(())
/// ```
#[cfg(feature = "live")]
pub fn live_page(path: &str, page: &LivePage) -> impl FnOnce(&mut web::ServiceConfig) + use<> {
    let base = path.trim_matches('/').to_owned();
    let page = page.clone();
    move |config| {
        let mut add = |path: &str, below: &'static str, lacks_slash: bool| {
            let page = page.clone();
            let respond = move |request: HttpRequest| ready(respond(&page, below, lacks_slash, &request));
            config.route(path, web::route().to(respond));
        };
        for below in LivePage::paths() {
            let path = if base.is_empty() { format!("/{below}") } else { format!("/{base}/{below}") };
            add(&path, below, false);
        }
        if !base.is_empty() {
            add(&format!("/{base}"), "", true);
        }
    }
}

#[cfg(feature = "live")]
fn respond(page: &LivePage, below: &str, lacks_slash: bool, request: &HttpRequest) -> HttpResponse {
    let header = |name: &HeaderName| list(request.headers(), name);
    let (host, encoding, tags) =
        (header(&header::HOST), header(&header::ACCEPT_ENCODING), header(&header::IF_NONE_MATCH));
    // In HTTP 2 the host is a part of the address.
    let host = host.or_else(|| request.uri().host().map(str::to_owned));
    let answer = page.respond(&PageRequest {
        method: request.method().as_str(),
        path: below,
        lacks_slash: lacks_slash.then(|| request.path().rsplit('/').next().unwrap_or_default()),
        query: request.query_string(),
        host: host.as_deref(),
        authorization: request.headers().get(header::AUTHORIZATION).map(HeaderValue::as_bytes),
        accept_encoding: encoding.as_deref().unwrap_or_default(),
        if_none_match: tags.as_deref().unwrap_or_default(),
    });
    let status = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = HttpResponse::build(status);
    for header in answer.headers {
        response.insert_header(header);
    }
    match answer.body {
        PageBody::Static(bytes) => response.body(bytes),
        PageBody::Bytes(bytes) => response.body(bytes),
        PageBody::Events(events) => response.body(EventBody(events)),
    }
}

/// A body of server-sent events.
#[cfg(feature = "live")]
struct EventBody(EventStream);

#[cfg(feature = "live")]
impl MessageBody for EventBody {
    type Error = Infallible;

    fn size(&self) -> BodySize {
        BodySize::Stream
    }

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, Infallible>>> {
        self.get_mut().0.poll_next(cx).map(|event| event.map(|event| Ok(Bytes::from(event))))
    }
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
        // actix-web would use chunked transfer coding for HTTP 1.0 too, whose clients don't understand it.
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

/// A body that encodes each chunk after actix-web has sent the previous one.
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

/// A middleware that counts and times every request of an application, except requests of excluded paths (by default
/// `/metrics`); see [`http_metrics`].
#[derive(Clone, Debug)]
pub struct HttpMetrics {
    observer: Observer,
}

impl HttpMetrics {
    /// Sets the paths that are not counted, in place of `/metrics`.
    #[must_use = "returns the changed value"]
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

/// A service wrapped by [`HttpMetrics`].
#[derive(Debug)]
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
        // Before routing, actix-web finds the pattern by the path alone; after it, the matched resource is known.
        let guess = request.match_pattern();
        let mut observed = ObservedRequest::default();
        let claimed = self.observer.claim(request.extensions().get()).ok();
        if let Some(counted) = claimed {
            observed = self.observer.begin(request.method().as_str(), request.path(), guess.as_deref());
            request.extensions_mut().insert(counted);
        }
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
                // An outer layer converts the error to a response.
                Err(error) => {
                    observed.head(error.as_response_error().status_code().as_u16(), None);
                    Err(error)
                }
            }
        })
    }
}

pin_project! {
    /// A response body that ends its request when it has been sent or is dropped.
    pub struct MeasuredBody<B> {
        #[pin]
        body: B,
        request: ObservedRequest,
    }
}

impl<B> fmt::Debug for MeasuredBody<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MeasuredBody").finish_non_exhaustive()
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
