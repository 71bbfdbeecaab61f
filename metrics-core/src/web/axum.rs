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
use axum::extract::MatchedPath;
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, get};
use http::{HeaderMap, HeaderName, HeaderValue, header};

use super::request::joined;
use super::tower::HttpMetricsLayer;
use crate::exposition::{Chunks, Exposition};
use crate::instance::AgentMetrics;

/// Returns a layer for `Router::layer` that records HTTP metrics. The label `endpoint` is the template of the matched
/// route, such as `/tasks/{id}`, or `unmatched`.
pub fn http_metrics(metrics: &AgentMetrics) -> HttpMetricsLayer {
    HttpMetricsLayer::new(metrics, |_, extensions| extensions.get::<MatchedPath>().map(MatchedPath::as_str))
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
