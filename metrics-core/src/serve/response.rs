//! Routing of requests, and responses.

use std::panic::{AssertUnwindSafe, catch_unwind};

use super::head::{Body, Head};
use super::refusal::RefusalReason;
use crate::access::{AllowedHosts, has_token};
#[cfg(feature = "live")]
use crate::live::{EventStream, LivePage, PageBody, PageRequest};
use crate::{AgentMetrics, Chunks};

/// The largest request body that is accepted and discarded unread.
const MAX_BODY: u64 = 8 * 1024;

/// Decides the response to each request.
pub(super) struct Router {
    pub(super) metrics: AgentMetrics,
    pub(super) token: Option<String>,
    pub(super) hosts: AllowedHosts,
    #[cfg(feature = "live")]
    pub(super) page: Option<LivePage>,
}

/// The kind of response to a request.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Route {
    Metrics,
    Healthy,
    #[cfg(feature = "live")]
    Page,
    NotFound,
    WrongMethod,
    Refused(RefusalReason),
}

impl Router {
    /// Returns the response that a request gets.
    pub(super) fn route(&self, head: &Head) -> Route {
        if head.body == Body::Unknown || matches!(head.body, Body::Bytes(length) if length > MAX_BODY) {
            return Route::Refused(RefusalReason::BodyTooLarge);
        }
        if !self.hosts.admit(head.host.as_deref()) {
            return Route::Refused(RefusalReason::ForeignHost);
        }
        let is_read = matches!(head.method.as_str(), "GET" | "HEAD");
        match head.path.as_str() {
            "/healthz" if is_read => Route::Healthy,
            "/metrics" if is_read && !self.admits(head) => Route::Refused(RefusalReason::Unauthorized),
            "/metrics" if is_read => Route::Metrics,
            "/healthz" | "/metrics" => Route::WrongMethod,
            #[cfg(feature = "live")]
            _ if self.page.is_some() => Route::Page,
            _ => Route::NotFound,
        }
    }

    /// Returns true if the request has the token, or none is required.
    fn admits(&self, head: &Head) -> bool {
        self.token.as_ref().is_none_or(|token| has_token(head.authorization.as_deref(), token))
    }

    /// Returns the response of the live page, and the events that follow it.
    #[cfg(feature = "live")]
    pub(super) fn page(&self, head: &Head) -> Option<(Response, Option<EventStream>)> {
        let response = self.page.as_ref()?.respond(&PageRequest {
            method: &head.method,
            path: &head.path,
            lacks_slash: None,
            query: &head.query,
            host: head.host.as_deref(),
            authorization: head.authorization.as_deref(),
            accept_encoding: head.accept_encoding.as_deref().unwrap_or_default(),
            if_none_match: head.if_none_match.as_deref().unwrap_or_default(),
        });
        let status = match response.status {
            200 => "200 OK",
            304 => "304 Not Modified",
            400 => "400 Bad Request",
            401 => "401 Unauthorized",
            403 => "403 Forbidden",
            404 => "404 Not Found",
            405 => "405 Method Not Allowed",
            _ => "503 Service Unavailable",
        };
        let lines: Vec<_> =
            response.headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
        let lines = lines.concat();
        Some(match response.body {
            PageBody::Static(bytes) => (Response::with_lines(status, &lines, bytes.into()), None),
            PageBody::Bytes(bytes) => (Response::with_lines(status, &lines, bytes), None),
            PageBody::Events(events) => (Response::events(status, &lines), Some(events)),
        })
    }

    /// Returns the response with the exposition, or an error response if a user's collector panics.
    pub(super) fn metrics(&self, head: &Head) -> Response {
        let encode = || self.metrics.encode_chunks(head.accept.as_deref(), head.accept_encoding.as_deref());
        match catch_unwind(AssertUnwindSafe(|| Response::from_chunks(encode(), head.takes_chunks))) {
            Ok(response) => response,
            Err(panic) => {
                crate::faults::forget_panic(panic);
                Response::text("500 Internal Server Error", "", "a collector in the registry panicked\n")
            }
        }
    }
}

impl Route {
    /// Returns the response that needs no exposition; `None` for the exposition and for a connection that is closed
    /// without a response.
    pub(super) fn short_response(self) -> Option<Response> {
        let (status, more, text) = match self {
            Self::Metrics => return None,
            #[cfg(feature = "live")]
            Self::Page => return None,
            Self::Healthy => ("200 OK", "", "ok\n"),
            Self::NotFound => ("404 Not Found", "", "not found; the paths are /metrics and /healthz\n"),
            Self::WrongMethod => {
                ("405 Method Not Allowed", "Allow: GET, HEAD\r\n", "method not allowed; use GET or HEAD\n")
            }
            Self::Refused(reason) => match reason {
                RefusalReason::Unauthorized => {
                    ("401 Unauthorized", "WWW-Authenticate: Bearer\r\n", "a valid bearer token is required\n")
                }
                RefusalReason::ForeignHost => (
                    "403 Forbidden",
                    "",
                    "the Host header names neither an IP address nor localhost; allow the name with `allow_host`\n",
                ),
                RefusalReason::HeadTooLarge => {
                    ("431 Request Header Fields Too Large", "", "the request's headers are too large\n")
                }
                RefusalReason::BodyTooLarge => {
                    ("413 Content Too Large", "", "the request's body is too large; none is needed\n")
                }
                RefusalReason::Malformed => ("400 Bad Request", "", "the request is not HTTP 1.0 or 1.1\n"),
                RefusalReason::Late
                | RefusalReason::Incomplete
                | RefusalReason::Crowded
                | RefusalReason::Slow => {
                    return None;
                }
            },
        };
        Some(Response::text(status, more, text))
    }
}

/// A response as it is sent. Pieces of the body are produced one at a time, so that only one is in memory.
pub(super) struct Response {
    pub(super) head: String,
    body: Pieces,
}

type Pieces = Box<dyn Iterator<Item = Vec<u8>> + Send>;

/// The error of producing a piece of the body. The pieces sent so far are not a complete response.
#[derive(Debug)]
pub(super) struct Broken;

impl Response {
    /// Creates the response with an exposition.
    ///
    /// Several chunks are sent with chunked transfer coding, so that the client notices if the response breaks off before
    /// the last one. A single chunk has a `Content-Length`, and so has the response to a client without chunked coding.
    fn from_chunks(mut chunks: Chunks, takes_chunks: bool) -> Self {
        let content_type = chunks.content_type;
        let encoding = chunks.content_encoding.map(|name| format!("Content-Encoding: {name}\r\n"));
        let more = format!("{}Vary: Accept, Accept-Encoding\r\n", encoding.unwrap_or_default());
        if takes_chunks && chunks.remaining_bytes().is_none() {
            let last = std::iter::once(b"0\r\n\r\n".to_vec());
            let pieces = Box::new(chunks.map(|chunk| http_chunk(&chunk)).chain(last));
            return Self::new("200 OK", &more, content_type, "Transfer-Encoding: chunked", pieces);
        }
        let mut body = chunks.next().unwrap_or_default();
        chunks.for_each(|chunk| body.extend(chunk));
        Self::whole("200 OK", &more, content_type, body)
    }

    /// Creates a response whose content type is among the header lines.
    #[cfg(feature = "live")]
    fn with_lines(status: &str, lines: &str, body: Vec<u8>) -> Self {
        let length = body.len();
        let head =
            format!("HTTP/1.1 {status}\r\n{lines}Content-Length: {length}\r\nConnection: close\r\n\r\n");
        Self { head, body: Box::new(std::iter::once(body)) }
    }

    /// Creates the head of a response that ends with its connection.
    #[cfg(feature = "live")]
    fn events(status: &str, lines: &str) -> Self {
        let head = format!("HTTP/1.1 {status}\r\n{lines}Connection: close\r\n\r\n");
        Self { head, body: Box::new(std::iter::empty()) }
    }

    fn text(status: &str, more: &str, text: &str) -> Self {
        Self::whole(status, more, "text/plain; charset=utf-8", text.into())
    }

    fn whole(status: &str, more: &str, content_type: &str, body: Vec<u8>) -> Self {
        let length = format!("Content-Length: {}", body.len());
        Self::new(status, more, content_type, &length, Box::new(std::iter::once(body)))
    }

    fn new(status: &str, more: &str, content_type: &str, framing: &str, body: Pieces) -> Self {
        let head = format!(
            "HTTP/1.1 {status}\r\nContent-Type: {content_type}\r\n{framing}\r\n{more}Connection: close\r\n\r\n"
        );
        Self { head, body }
    }

    /// Produces the next piece of the body. The error means that producing it panicked.
    pub(super) fn next_piece(&mut self) -> Result<Option<Vec<u8>>, Broken> {
        catch_unwind(AssertUnwindSafe(|| self.body.next())).map_err(|panic| {
            crate::faults::forget_panic(panic);
            Broken
        })
    }
}

/// Encodes a chunk as HTTP 1.1 does: its length in hexadecimal, then its bytes.
fn http_chunk(chunk: &[u8]) -> Vec<u8> {
    let mut encoded = format!("{:x}\r\n", chunk.len()).into_bytes();
    encoded.reserve_exact(chunk.len() + 2);
    encoded.extend_from_slice(chunk);
    encoded.extend_from_slice(b"\r\n");
    encoded
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    fn head(method: &str, path: &str) -> Head {
        Head { method: method.to_owned(), path: path.to_owned(), ..Head::default() }
    }

    fn router(token: Option<&str>) -> Router {
        let metrics = AgentMetrics::builder().build().expect("the defaults are valid");
        Router {
            metrics,
            token: token.map(str::to_owned),
            hosts: AllowedHosts::default(),
            #[cfg(feature = "live")]
            page: None,
        }
    }

    #[test]
    fn each_path_and_method_has_its_route() {
        let router = router(None);
        for (method, path, expected) in [
            ("GET", "/metrics", Route::Metrics),
            ("HEAD", "/metrics", Route::Metrics),
            ("GET", "/healthz", Route::Healthy),
            ("POST", "/metrics", Route::WrongMethod),
            ("BREW", "/healthz", Route::WrongMethod),
            ("GET", "/", Route::NotFound),
            ("GET", "/metrics/", Route::NotFound),
        ] {
            assert_eq!(router.route(&head(method, path)), expected, "{method} {path}");
        }
    }

    #[test]
    fn only_the_exact_bearer_token_is_accepted() {
        let router = router(Some("s3cret"));
        let route = |authorization: Option<&str>| {
            let authorization = authorization.map(|value| value.as_bytes().to_vec());
            router.route(&Head { authorization, ..head("GET", "/metrics") })
        };
        for valid in ["Bearer s3cret", "bearer s3cret", "BEARER  s3cret "] {
            assert_eq!(route(Some(valid)), Route::Metrics, "{valid}");
        }
        for invalid in [
            "",
            "Bearer",
            "Bearer ",
            "s3cret",
            "Basic s3cret",
            "Bearer s3cre",
            "Bearer s3crets",
            "Bearer S3cret",
        ] {
            assert_eq!(route(Some(invalid)), Route::Refused(RefusalReason::Unauthorized), "{invalid}");
        }
        assert_eq!(route(None), Route::Refused(RefusalReason::Unauthorized));
        assert_eq!(router.route(&head("GET", "/healthz")), Route::Healthy, "a health check needs no token");
    }

    #[test]
    fn a_host_that_a_web_site_can_have_is_refused_on_every_path() {
        let router = router(None);
        let route =
            |path: &str, host: &str| router.route(&Head { host: Some(host.to_owned()), ..head("GET", path) });
        for path in ["/metrics", "/healthz", "/"] {
            let refused = Route::Refused(RefusalReason::ForeignHost);
            assert_eq!(route(path, "rebound.example:9185"), refused, "{path}");
            assert_ne!(route(path, "127.0.0.1:9185"), refused, "{path}");
        }
        assert_eq!(route("/metrics", "localhost:9185"), Route::Metrics);
    }

    #[test]
    fn large_bodies_are_refused_on_every_path() {
        let router = router(None);
        for body in [Body::Unknown, Body::Bytes(MAX_BODY + 1), Body::Bytes(u64::MAX)] {
            let head = Head { body, ..head("POST", "/elsewhere") };
            assert_eq!(router.route(&head), Route::Refused(RefusalReason::BodyTooLarge), "{body:?}");
        }
        let small = Head { body: Body::Bytes(MAX_BODY), ..head("GET", "/metrics") };
        assert_eq!(router.route(&small), Route::Metrics);
    }
}
