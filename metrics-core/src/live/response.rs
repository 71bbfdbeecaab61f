//! Requests and responses of the page, independent of the web framework that serves it.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use tokio::sync::watch;

use super::assets::{self, gzip};
use super::sampler::{RangeName, Sampler, Subscription, Tick};
use crate::access::{AllowedHosts, has_token};
use crate::instance::AgentMetrics;

/// The parts of a request that the page uses.
#[derive(Clone, Copy, Default)]
pub(crate) struct PageRequest<'a> {
    pub(crate) method: &'a str,
    /// The path below the page, with or without a leading slash.
    pub(crate) path: &'a str,
    /// The last segment of the address, if the page was requested without a slash at the end. The addresses of its files are
    /// resolved from the address with the slash.
    pub(crate) lacks_slash: Option<&'a str>,
    pub(crate) query: &'a str,
    pub(crate) host: Option<&'a str>,
    pub(crate) authorization: Option<&'a [u8]>,
    pub(crate) accept_encoding: &'a str,
    pub(crate) if_none_match: &'a str,
}

/// A response of the page.
pub(crate) struct PageResponse {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: PageBody,
}

/// The body of a response.
pub(crate) enum PageBody {
    Static(&'static [u8]),
    Bytes(Vec<u8>),
    /// Server-sent events, until the client disconnects.
    Events(EventStream),
}

/// The paths of the data.
#[cfg(any(feature = "axum", feature = "actix-web", feature = "rocket"))]
pub(super) const DATA_PATHS: [&str; 3] = ["data/history", "data/current", "data/events"];

/// The state that requests need.
#[derive(Clone)]
pub(super) struct Page {
    pub(super) metrics: AgentMetrics,
    pub(super) sampler: Arc<Sampler>,
    pub(super) token: Option<String>,
    pub(super) hosts: AllowedHosts,
}

/// Sent with every response. Nothing else may frame the page, and the page may load nothing from elsewhere.
const SECURITY: [(&str, &str); 5] = [
    (
        "content-security-policy",
        "default-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    ),
    ("x-content-type-options", "nosniff"),
    ("x-frame-options", "DENY"),
    ("referrer-policy", "no-referrer"),
    ("cross-origin-resource-policy", "same-origin"),
];

impl PageResponse {
    fn new(status: u16, content_type: &str, body: PageBody) -> Self {
        let mut headers: Vec<(&'static str, String)> =
            SECURITY.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
        headers.push(("content-type", content_type.to_owned()));
        Self { status, headers, body }
    }

    fn text(status: u16, text: &'static str) -> Self {
        let response = Self::new(status, "text/plain; charset=utf-8", PageBody::Static(text.as_bytes()));
        response.with("cache-control", "no-store")
    }

    fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// A response of JSON, compressed if the client accepts that.
    fn json(json: String, request: &PageRequest<'_>) -> Self {
        let kind = "application/json";
        let response = if accepts_gzip(request.accept_encoding) && json.len() > 1024 {
            let body = gzip(json.as_bytes(), flate2::Compression::fast());
            Self::new(200, kind, PageBody::Bytes(body)).with("content-encoding", "gzip")
        } else {
            Self::new(200, kind, PageBody::Bytes(json.into_bytes()))
        };
        response.with("cache-control", "no-store").with("vary", "accept-encoding, authorization")
    }
}

fn accepts_gzip(accept_encoding: &str) -> bool {
    accept_encoding.split(',').any(|coding| {
        let mut parts = coding.split(';').map(str::trim);
        parts.next().is_some_and(|name| name.eq_ignore_ascii_case("gzip") || name == "*")
            && !parts.any(|parameter| {
                parameter.strip_prefix("q=").and_then(|q| q.parse().ok()).is_some_and(|q: f32| q <= 0.0)
            })
    })
}

impl Page {
    /// Returns the response to a request.
    pub(super) fn respond(&self, request: &PageRequest<'_>) -> PageResponse {
        if !self.hosts.admit(request.host) {
            return PageResponse::text(
                403,
                "the Host header names neither an IP address nor localhost; allow the name with `allow_host`\n",
            );
        }
        if !matches!(request.method, "GET" | "HEAD") {
            return PageResponse::text(405, "method not allowed; use GET or HEAD\n")
                .with("allow", "GET, HEAD");
        }
        let path = request.path.trim_start_matches('/');
        if let Some(name) = path.strip_prefix("data/") {
            return self.data(name, request);
        }
        if let ("", Some(segment)) = (path, request.lacks_slash) {
            // Relative to the address of the request, which a proxy may have changed.
            return PageResponse::text(307, "").with("location", format!("./{segment}/"));
        }
        let Some(asset) = assets::find(path) else { return PageResponse::text(404, "not found\n") };
        let compressed = asset.compressed();
        let is_known =
            request.if_none_match.split(',').any(|tag| tag.trim().trim_start_matches("W/") == compressed.tag);
        let response = if is_known {
            PageResponse::new(304, asset.content_type, PageBody::Static(&[]))
        } else if accepts_gzip(request.accept_encoding) {
            PageResponse::new(200, asset.content_type, PageBody::Static(&compressed.bytes))
                .with("content-encoding", "gzip")
        } else {
            PageResponse::new(200, asset.content_type, PageBody::Static(asset.bytes))
        };
        response
            .with("etag", compressed.tag.clone())
            .with("cache-control", "no-cache")
            .with("vary", "accept-encoding")
    }

    /// Returns the response to a request for data, which needs the token.
    fn data(&self, name: &str, request: &PageRequest<'_>) -> PageResponse {
        if self.token.as_ref().is_some_and(|token| !has_token(request.authorization, token)) {
            return PageResponse::text(401, "a valid bearer token is required\n")
                .with("www-authenticate", "Bearer");
        }
        match name {
            "history" => match RangeName::parse(parameter(request.query, "range").unwrap_or("15m")) {
                Some(range) => PageResponse::json(self.sampler.history(&self.metrics, range), request),
                None => PageResponse::text(400, "invalid range; use 15m, 6h or 7d\n"),
            },
            "current" => {
                let after =
                    parameter(request.query, "ended").map_or(Some(u64::MAX), |after| after.parse().ok());
                match after {
                    Some(after) => PageResponse::json(self.sampler.current(&self.metrics, after), request),
                    None => PageResponse::text(400, "invalid number of a task; use a whole number\n"),
                }
            }
            "events" => match self.sampler.subscribe() {
                Some(subscription) => {
                    let body = PageBody::Events(EventStream::new(subscription));
                    PageResponse::new(200, "text/event-stream", body)
                        .with("cache-control", "no-store")
                        // Proxies such as nginx would otherwise collect events before they pass them on.
                        .with("x-accel-buffering", "no")
                }
                None => PageResponse::text(503, "too many pages are open\n").with("retry-after", "5"),
            },
            _ => PageResponse::text(404, "not found\n"),
        }
    }
}

/// Returns the value of a parameter in a query string.
fn parameter<'a>(query: &'a str, name: &str) -> Option<&'a str> {
    query.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='))
}

type NextTick = Pin<Box<dyn Future<Output = (Subscription, bool)> + Send>>;

/// Server-sent events: one for each tick. An event that a slow client has not taken is replaced by the next one.
pub(crate) struct EventStream(Option<NextTick>);

impl EventStream {
    fn new(subscription: Subscription) -> Self {
        Self(Some(Box::pin(next_tick(subscription))))
    }

    /// Returns the next event as bytes, or `None` if the instance no longer exists.
    pub(crate) fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Option<Vec<u8>>> {
        let Some(future) = &mut self.0 else { return Poll::Ready(None) };
        let Poll::Ready((mut subscription, is_open)) = future.as_mut().poll(cx) else { return Poll::Pending };
        if !is_open {
            self.0 = None;
            return Poll::Ready(None);
        }
        let event = to_event(&subscription.ticks.borrow_and_update());
        self.0 = Some(Box::pin(next_tick(subscription)));
        Poll::Ready(Some(event))
    }
}

/// Waits for the next tick. Returns false if there won't be another one.
async fn next_tick(mut subscription: Subscription) -> (Subscription, bool) {
    let ticks: &mut watch::Receiver<Arc<Tick>> = &mut subscription.ticks;
    let is_open = ticks.changed().await.is_ok();
    (subscription, is_open)
}

fn to_event(tick: &Tick) -> Vec<u8> {
    format!("id: {}\ndata: {}\n\n", tick.number, tick.json).into_bytes()
}
