//! HTTP metrics by route template and a `/metrics` route for axum. Needs the feature `axum`.
//!
//! ```
//! use agent_metrics::web::axum::{http_metrics, metrics_route};
//! use axum::{Router, routing::get};
//!
//! let metrics = agent_metrics::global();
//! let app: Router = Router::new()
//!     .route("/tasks/{id}", get(|| async { "done" }))
//!     .layer(http_metrics(metrics))
//!     .route("/metrics", metrics_route(metrics));
//! ```

use axum::body::Body;
use axum::extract::{MatchedPath, OriginalUri};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, get};
use http::{HeaderMap, HeaderName, HeaderValue, header};

#[cfg(feature = "live")]
use {
    axum::extract::Request,
    axum::routing::any,
    bytes::Bytes,
    http::StatusCode,
    std::pin::Pin,
    std::task::{Context, Poll},
};

use super::request::joined;
use super::tower::HttpMetricsLayer;
use crate::exposition::{Chunks, Exposition};
use crate::instance::AgentMetrics;
#[cfg(feature = "live")]
use crate::live::{EventStream, LivePage, PageBody, PageRequest};

/// Returns a layer for `Router::layer` that records HTTP metrics. The label `endpoint` is the template of the matched
/// route, such as `/tasks/{id}`, or `unmatched`.
///
/// The layer finds the templates of a router that is nested by `Router::nest`. Layers around `Router::nest_service` can't see the
/// templates of the router behind it: add this layer to that router, too. Each request is counted once.
pub fn http_metrics(metrics: &AgentMetrics) -> HttpMetricsLayer {
    HttpMetricsLayer::new(metrics, |_, extensions| extensions.get::<MatchedPath>().map(MatchedPath::as_str))
        .paths_by(|uri, extensions| {
            extensions.get::<OriginalUri>().map_or(uri, |original| &original.0).path()
        })
}

/// Returns a route that serves the metrics to `GET` requests, in the format and compression that the client prefers.
pub fn metrics_route<S: Clone + Send + Sync + 'static>(metrics: &AgentMetrics) -> MethodRouter<S> {
    let metrics = metrics.clone();
    get(move |headers: HeaderMap| async move {
        let accept = list(&headers, &header::ACCEPT);
        let encoding = list(&headers, &header::ACCEPT_ENCODING);
        metrics.encode_chunks(accept.as_deref(), encoding.as_deref())
    })
}

/// Returns a router for `Router::merge` that serves the [live page](crate::live) at a path, such as `/live` or `/`.
///
/// ```
/// use agent_metrics::live::LivePage;
/// use agent_metrics::web::axum::live_page;
///
/// let page = LivePage::new(agent_metrics::global())?;
/// let app: axum::Router = axum::Router::new().merge(live_page("/live", &page));
/// # Ok::<(), std::io::Error>(())
/// ```
#[cfg(feature = "live")]
pub fn live_page<S: Clone + Send + Sync + 'static>(path: &str, page: &LivePage) -> axum::Router<S> {
    let base = path.trim_matches('/');
    let mut router = axum::Router::new();
    for below in LivePage::paths() {
        let page = page.clone();
        let handler = any(move |request: Request| async move { respond(&page, below, false, &request) });
        let below = if base.is_empty() { format!("/{below}") } else { format!("/{base}/{below}") };
        router = router.route(&below, handler);
    }
    if !base.is_empty() {
        let page = page.clone();
        let handler = any(move |request: Request| async move { respond(&page, "", true, &request) });
        router = router.route(&format!("/{base}"), handler);
    }
    router
}

#[cfg(feature = "live")]
fn respond(page: &LivePage, below: &str, lacks_slash: bool, request: &Request) -> Response {
    let header = |name: &HeaderName| list(request.headers(), name);
    let (host, encoding, tags) =
        (header(&header::HOST), header(&header::ACCEPT_ENCODING), header(&header::IF_NONE_MATCH));
    // In HTTP 2 the host is a part of the address.
    let host = host.or_else(|| request.uri().host().map(str::to_owned));
    let answer = page.respond(&PageRequest {
        method: request.method().as_str(),
        path: below,
        lacks_slash: lacks_slash.then(|| request.uri().path().rsplit('/').next().unwrap_or_default()),
        query: request.uri().query().unwrap_or_default(),
        host: host.as_deref(),
        authorization: request.headers().get(header::AUTHORIZATION).map(HeaderValue::as_bytes),
        accept_encoding: encoding.as_deref().unwrap_or_default(),
        if_none_match: tags.as_deref().unwrap_or_default(),
    });
    let body = match answer.body {
        PageBody::Static(bytes) => Body::from(bytes),
        PageBody::Bytes(bytes) => Body::from(bytes),
        PageBody::Events(events) => Body::new(events),
    };
    let mut response = Response::new(body);
    *response.status_mut() = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    for (name, value) in answer.headers {
        if let Ok(value) = HeaderValue::from_str(&value) {
            response.headers_mut().insert(HeaderName::from_static(name), value);
        }
    }
    response
}

#[cfg(feature = "live")]
impl http_body::Body for EventStream {
    type Data = Bytes;
    type Error = std::convert::Infallible;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<http_body::Frame<Bytes>, Self::Error>>> {
        let event = self.get_mut().poll_next(cx);
        event.map(|event| event.map(|event| Ok(http_body::Frame::data(Bytes::from(event)))))
    }
}

fn list(headers: &HeaderMap, name: &HeaderName) -> Option<String> {
    joined(headers.get_all(name).iter().filter_map(|line| line.to_str().ok()))
}

impl IntoResponse for Exposition {
    fn into_response(self) -> Response {
        with_headers(self.body.into_response(), self.content_type, self.content_encoding)
    }
}

impl IntoResponse for Chunks {
    fn into_response(self) -> Response {
        let (content_type, content_encoding) = (self.content_type, self.content_encoding);
        with_headers(Response::new(Body::new(self)), content_type, content_encoding)
    }
}

fn with_headers(
    mut response: Response,
    content_type: &'static str,
    encoding: Option<&'static str>,
) -> Response {
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    if let Some(encoding) = encoding {
        headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static(encoding));
    }
    headers.append(header::VARY, HeaderValue::from_static("accept, accept-encoding"));
    response
}
