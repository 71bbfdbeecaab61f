//! What is answered to a request.

use std::panic::{AssertUnwindSafe, catch_unwind};

use subtle::ConstantTimeEq as _;

use super::head::{Body, Head};
use super::refused::Reason;
use crate::{AgentMetrics, Chunks};

/// A body that is small enough to be thrown away unread.
const MAX_BODY: u64 = 8 * 1024;

/// Knows what may be shown to whom.
pub(super) struct Answers {
    pub(super) metrics: AgentMetrics,
    pub(super) token: Option<String>,
}

/// What a request gets.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Answer {
    Metrics,
    Healthy,
    NotFound,
    WrongMethod,
    Refused(Reason),
}

impl Answers {
    pub(super) fn to(&self, head: &Head) -> Answer {
        if head.body == Body::Unknown || matches!(head.body, Body::Bytes(length) if length > MAX_BODY) {
            return Answer::Refused(Reason::BodyTooLarge);
        }
        let is_read = matches!(head.method.as_str(), "GET" | "HEAD");
        match head.path.as_str() {
            "/healthz" if is_read => Answer::Healthy,
            "/metrics" if is_read && !self.admits(head) => Answer::Refused(Reason::Unauthorized),
            "/metrics" if is_read => Answer::Metrics,
            "/healthz" | "/metrics" => Answer::WrongMethod,
            _ => Answer::NotFound,
        }
    }

    fn admits(&self, head: &Head) -> bool {
        let Some(token) = &self.token else { return true };
        let given = head.authorization.as_deref().and_then(|value| {
            let (scheme, given) = value.split_at_checked("Bearer ".len())?;
            scheme.eq_ignore_ascii_case(b"Bearer ").then(|| given.trim_ascii())
        });
        given.is_some_and(|given| bool::from(given.ct_eq(token.as_bytes())))
    }

    /// The exposition, unless a collector of the user's panics.
    pub(super) fn metrics(&self, head: &Head) -> Response {
        let encode = || self.metrics.encode_chunks(head.accept.as_deref(), head.accept_encoding.as_deref());
        match catch_unwind(AssertUnwindSafe(|| Response::of(encode(), head.takes_chunks))) {
            Ok(response) => response,
            Err(panic) => {
                crate::faults::forget_panic(panic);
                Response::text("500 Internal Server Error", "", "a collector in the registry panicked\n")
            }
        }
    }
}

impl Answer {
    /// The answers that need no exposition. `None` for one that gets no words at all.
    pub(super) fn in_short(self) -> Option<Response> {
        let (status, more, text) = match self {
            Self::Metrics => return None,
            Self::Healthy => ("200 OK", "", "ok\n"),
            Self::NotFound => ("404 Not Found", "", "there are /metrics and /healthz\n"),
            Self::WrongMethod => ("405 Method Not Allowed", "Allow: GET, HEAD\r\n", "GET and HEAD only\n"),
            Self::Refused(reason) => match reason {
                Reason::Unauthorized => {
                    ("401 Unauthorized", "WWW-Authenticate: Bearer\r\n", "a bearer token is needed\n")
                }
                Reason::HeadTooLarge => {
                    ("431 Request Header Fields Too Large", "", "the request's head is too large\n")
                }
                Reason::BodyTooLarge => ("413 Content Too Large", "", "a request here needs no body\n"),
                Reason::Malformed => ("400 Bad Request", "", "this is not HTTP 1.0 or 1.1\n"),
                Reason::Late | Reason::Incomplete | Reason::Crowded | Reason::Slow => return None,
            },
        };
        Some(Response::text(status, more, text))
    }
}

/// A response as it goes over the wire: what of it is written when it is asked for is held by nobody.
pub(super) struct Response {
    pub(super) head: String,
    body: Pieces,
}

type Pieces = Box<dyn Iterator<Item = Vec<u8>> + Send>;

/// A piece could not be written: what was sent so far is not a whole answer.
#[derive(Debug)]
pub(super) struct Broken;

impl Response {
    /// One chunk has a length, and so has what is for a client that takes no chunks; more chunks are told apart on the wire,
    /// lest what breaks off be taken for the whole.
    fn of(mut chunks: Chunks, takes_chunks: bool) -> Self {
        let content_type = chunks.content_type;
        let encoding = chunks.content_encoding.map(|name| format!("Content-Encoding: {name}\r\n"));
        let more = format!("{}Vary: Accept, Accept-Encoding\r\n", encoding.unwrap_or_default());
        if takes_chunks && chunks.remaining_bytes().is_none() {
            let last = std::iter::once(b"0\r\n\r\n".to_vec());
            let pieces = Box::new(chunks.map(|chunk| framed(&chunk)).chain(last));
            return Self::new("200 OK", &more, content_type, "Transfer-Encoding: chunked", pieces);
        }
        let mut body = chunks.next().unwrap_or_default();
        chunks.for_each(|chunk| body.extend(chunk));
        Self::whole("200 OK", &more, content_type, body)
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

    /// The next piece of the body, written now. An error is a panic of who writes it.
    pub(super) fn next_piece(&mut self) -> Result<Option<Vec<u8>>, Broken> {
        catch_unwind(AssertUnwindSafe(|| self.body.next())).map_err(|panic| {
            crate::faults::forget_panic(panic);
            Broken
        })
    }
}

/// A chunk as HTTP 1.1 has it: its length, then itself.
fn framed(chunk: &[u8]) -> Vec<u8> {
    let mut framed = format!("{:x}\r\n", chunk.len()).into_bytes();
    framed.reserve_exact(chunk.len() + 2);
    framed.extend_from_slice(chunk);
    framed.extend_from_slice(b"\r\n");
    framed
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    fn head(method: &str, path: &str) -> Head {
        Head { method: method.to_owned(), path: path.to_owned(), ..Head::default() }
    }

    fn answers(token: Option<&str>) -> Answers {
        let metrics = AgentMetrics::builder().build().expect("the defaults are valid");
        Answers { metrics, token: token.map(str::to_owned) }
    }

    #[test]
    fn paths_and_methods() {
        let answers = answers(None);
        for (method, path, answer) in [
            ("GET", "/metrics", Answer::Metrics),
            ("HEAD", "/metrics", Answer::Metrics),
            ("GET", "/healthz", Answer::Healthy),
            ("POST", "/metrics", Answer::WrongMethod),
            ("BREW", "/healthz", Answer::WrongMethod),
            ("GET", "/", Answer::NotFound),
            ("GET", "/metrics/", Answer::NotFound),
        ] {
            assert_eq!(answers.to(&head(method, path)), answer, "{method} {path}");
        }
    }

    #[test]
    fn only_the_token_opens() {
        let answers = answers(Some("s3cret"));
        let asks = |authorization: Option<&str>| {
            let authorization = authorization.map(|value| value.as_bytes().to_vec());
            answers.to(&Head { authorization, ..head("GET", "/metrics") })
        };
        for open in ["Bearer s3cret", "bearer s3cret", "BEARER  s3cret "] {
            assert_eq!(asks(Some(open)), Answer::Metrics, "{open}");
        }
        for shut in [
            "",
            "Bearer",
            "Bearer ",
            "s3cret",
            "Basic s3cret",
            "Bearer s3cre",
            "Bearer s3crets",
            "Bearer S3cret",
        ] {
            assert_eq!(asks(Some(shut)), Answer::Refused(Reason::Unauthorized), "{shut}");
        }
        assert_eq!(asks(None), Answer::Refused(Reason::Unauthorized));
        assert_eq!(answers.to(&head("GET", "/healthz")), Answer::Healthy, "a probe has no token");
    }

    #[test]
    fn large_bodies_are_refused_whatever_they_are_for() {
        let answers = answers(None);
        for body in [Body::Unknown, Body::Bytes(MAX_BODY + 1), Body::Bytes(u64::MAX)] {
            let head = Head { body, ..head("POST", "/elsewhere") };
            assert_eq!(answers.to(&head), Answer::Refused(Reason::BodyTooLarge), "{body:?}");
        }
        let small = Head { body: Body::Bytes(MAX_BODY), ..head("GET", "/metrics") };
        assert_eq!(answers.to(&small), Answer::Metrics);
    }
}
