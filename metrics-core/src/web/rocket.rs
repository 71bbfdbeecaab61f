//! HTTP metrics by route template and a `/metrics` route for rocket. Needs the feature `rocket`.
//!
//! ```
//! use agent_metrics::web::rocket::{http_metrics, metrics_route};
//!
//! let metrics = agent_metrics::global();
//! let app = rocket::build().attach(http_metrics(metrics)).mount("/metrics", metrics_route(metrics));
//! ```
//!
//! rocket runs a handler to its end even if the client has closed the connection; such a request is counted with status
//! code 499 when the handler returns. rocket rejects unknown methods before it calls any fairing, so those requests are
//! not counted.

use std::io::{self, Cursor, SeekFrom};
use std::pin::Pin;
use std::sync::{Mutex, PoisonError};
use std::task::{Context, Poll};

use rocket::fairing::{Fairing, Info, Kind};
use rocket::http::Method;
#[cfg(feature = "live")]
use rocket::http::Status;
use rocket::response::{Body, Responder};
use rocket::route::{Handler, Outcome};
use rocket::tokio::io::{AsyncRead, AsyncSeek, ReadBuf};
use rocket::{Data, Request, Response, Route};

use super::request::{ObservedRequest, Observer, joined};
use crate::exposition::{Chunks, Exposition};
use crate::instance::AgentMetrics;
#[cfg(feature = "live")]
use crate::live::{EventStream, LivePage, PageBody, PageRequest};

/// Returns a fairing for `attach` that records HTTP metrics. The label `endpoint` is the template of the matched route in
/// the form of [`template`](super::template), such as `/tasks/{id}` for `/tasks/<id>`, or `unmatched`.
pub fn http_metrics(metrics: &AgentMetrics) -> HttpMetrics {
    HttpMetrics { observer: Observer::new(metrics) }
}

/// Returns a route for `mount` that serves the metrics to `GET` requests, in the format and compression that the client
/// prefers.
pub fn metrics_route(metrics: &AgentMetrics) -> MetricsRoute {
    MetricsRoute(metrics.clone())
}

/// A route that serves the metrics; see [`metrics_route`].
#[derive(Clone, Debug)]
pub struct MetricsRoute(AgentMetrics);

impl From<MetricsRoute> for Vec<Route> {
    fn from(route: MetricsRoute) -> Self {
        vec![Route::new(Method::Get, "/", route)]
    }
}

#[rocket::async_trait]
impl Handler for MetricsRoute {
    async fn handle<'r>(&self, request: &'r Request<'_>, _: Data<'r>) -> Outcome<'r> {
        let list = |name| joined(request.headers().get(name));
        let (accept, encoding) = (list("accept"), list("accept-encoding"));
        Outcome::from(request, self.0.encode_chunks(accept.as_deref(), encoding.as_deref()))
    }
}

/// Returns routes for `mount` that serve the [live page](crate::live) under a path.
///
/// ```
/// use agent_metrics::live::LivePage;
/// use agent_metrics::web::rocket::live_page;
///
/// let page = LivePage::new(agent_metrics::global())?;
/// let app = rocket::build().mount("/live", live_page(&page));
/// # Ok::<(), std::io::Error>(())
/// ```
#[cfg(feature = "live")]
pub fn live_page(page: &LivePage) -> Vec<Route> {
    const METHODS: [Method; 5] = [Method::Get, Method::Post, Method::Put, Method::Patch, Method::Delete];
    let paths = LivePage::paths().flat_map(|below| METHODS.map(|method| (method, below)));
    let route =
        |(method, below)| Route::new(method, &format!("/{below}"), PageRoute { page: page.clone(), below });
    paths.map(route).collect()
}

/// One path of the live page.
#[cfg(feature = "live")]
#[derive(Clone)]
struct PageRoute {
    page: LivePage,
    below: &'static str,
}

#[cfg(feature = "live")]
#[rocket::async_trait]
impl Handler for PageRoute {
    async fn handle<'r>(&self, request: &'r Request<'_>, _: Data<'r>) -> Outcome<'r> {
        let header = |name| joined(request.headers().get(name));
        let (host, encoding, tags) = (header("host"), header("accept-encoding"), header("if-none-match"));
        let path = request.uri().path().as_str();
        let lacks_slash = self.below.is_empty() && !path.ends_with('/');
        let answer = self.page.respond(&PageRequest {
            method: request.method().as_str(),
            path: self.below,
            lacks_slash: lacks_slash.then(|| path.rsplit('/').next().unwrap_or_default()),
            query: request.uri().query().map_or("", |query| query.as_str()),
            host: host.as_deref(),
            authorization: request.headers().get_one("authorization").map(str::as_bytes),
            accept_encoding: encoding.as_deref().unwrap_or_default(),
            if_none_match: tags.as_deref().unwrap_or_default(),
        });
        let mut response = Response::new();
        response.set_status(Status::new(answer.status));
        for (name, value) in answer.headers {
            response.set_raw_header(name, value);
        }
        match answer.body {
            PageBody::Static(bytes) => response.set_sized_body(bytes.len(), Cursor::new(bytes)),
            PageBody::Bytes(bytes) => response.set_sized_body(bytes.len(), Cursor::new(bytes)),
            PageBody::Events(events) => {
                response.set_streamed_body(EventReader { events, event: Cursor::default() });
            }
        }
        Outcome::Success(response)
    }
}

/// A body of server-sent events.
#[cfg(feature = "live")]
struct EventReader {
    events: EventStream,
    event: Cursor<Vec<u8>>,
}

#[cfg(feature = "live")]
impl AsyncRead for EventReader {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let Self { events, event } = self.get_mut();
        loop {
            if copy(event, buffer) {
                return Poll::Ready(Ok(()));
            }
            match events.poll_next(cx) {
                Poll::Ready(Some(next)) => *event = Cursor::new(next),
                Poll::Ready(None) => return Poll::Ready(Ok(())),
                Poll::Pending => return Poll::Pending,
            }
        }
    }
}

/// Copies as many bytes as the buffer has room for. Returns false if none are left.
fn copy(from: &mut Cursor<Vec<u8>>, buffer: &mut ReadBuf<'_>) -> bool {
    let rest = &from.get_ref()[from.position() as usize..];
    if rest.is_empty() {
        return false;
    }
    let count = rest.len().min(buffer.remaining());
    buffer.put_slice(&rest[..count]);
    from.set_position(from.position() + count as u64);
    true
}

impl<'r> Responder<'r, 'static> for Exposition {
    fn respond_to(self, _: &'r Request<'_>) -> rocket::response::Result<'static> {
        let mut response = with_headers(self.content_type, self.content_encoding);
        response.set_sized_body(self.body.len(), Cursor::new(self.body));
        Ok(response)
    }
}

impl<'r> Responder<'r, 'static> for Chunks {
    fn respond_to(mut self, _: &'r Request<'_>) -> rocket::response::Result<'static> {
        let mut response = with_headers(self.content_type, self.content_encoding);
        if let Some(bytes) = self.remaining_bytes() {
            response.set_sized_body(bytes, Cursor::new(self.next().unwrap_or_default()));
        } else {
            response.set_streamed_body(ChunkReader { chunks: self, chunk: Cursor::default() });
            response.set_max_chunk_size(READ_SIZE);
        }
        Ok(response)
    }
}

fn with_headers(content_type: &'static str, encoding: Option<&'static str>) -> Response<'static> {
    let mut response = Response::new();
    response.set_raw_header("content-type", content_type);
    if let Some(encoding) = encoding {
        response.set_raw_header("content-encoding", encoding);
    }
    response.adjoin_raw_header("vary", "accept, accept-encoding");
    response
}

/// The number of bytes that rocket reads from a chunk at a time.
const READ_SIZE: usize = 64 * 1024;

/// A body that encodes each chunk after rocket has sent the previous one.
struct ChunkReader {
    chunks: Chunks,
    chunk: Cursor<Vec<u8>>,
}

impl AsyncRead for ChunkReader {
    fn poll_read(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let Self { chunks, chunk } = self.get_mut();
        loop {
            if copy(chunk, buffer) {
                return Poll::Ready(Ok(()));
            }
            match chunks.next() {
                Some(next) => *chunk = Cursor::new(next),
                None => return Poll::Ready(Ok(())),
            }
        }
    }
}

/// A fairing that counts and times every request of a rocket application, except requests of excluded paths (by default
/// `/metrics`); see [`http_metrics`].
#[derive(Debug)]
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

/// The state between the two calls of the fairing, stored in the request's local cache.
#[derive(Default)]
struct InProgress {
    observed: Mutex<ObservedRequest>,
    /// True for a `HEAD` request. If no route has that method, rocket changes the request's method to `GET`.
    is_head: bool,
}

#[rocket::async_trait]
impl Fairing for HttpMetrics {
    fn info(&self) -> Info {
        Info { name: "HTTP metrics", kind: Kind::Request | Kind::Response | Kind::Singleton }
    }

    async fn on_request(&self, request: &mut Request<'_>, _: &mut Data<'_>) {
        let guess = likely_route(request).map(|route| route.uri.path());
        let path = request.uri().path();
        let observed = self.observer.begin(request.method().as_str(), path.as_str(), guess);
        let is_head = request.method() == Method::Head;
        request.local_cache(|| InProgress { observed: Mutex::new(observed), is_head });
    }

    async fn on_response<'r>(&self, request: &'r Request<'_>, response: &mut Response<'r>) {
        let in_progress = request.local_cache(InProgress::default);
        let taken = std::mem::take(&mut *in_progress.observed.lock().unwrap_or_else(PoisonError::into_inner));
        let mut observed = taken;
        if !observed.is_counted() {
            return;
        }
        observed.routed(request.route().map(|route| route.uri.path()));
        let head = ResponseHead::from_response(response);
        if in_progress.is_head {
            head.record(&mut observed);
            return;
        }
        let mut body = response.body_mut().take();
        let (size, chunk) = (body.size().await, body.max_chunk_size());
        let body = MeasuredBody { body, head: Some(head), request: observed };
        match size {
            Some(size) => response.set_sized_body(size, body),
            None => response.set_streamed_body(body),
        }
        response.set_max_chunk_size(chunk);
    }
}

/// Returns the route that rocket will probably try first, by method and path. rocket routes after the fairings and
/// doesn't expose its routing; if a route depends on more than method and path, or forwards, the actual route is known
/// with the response.
fn likely_route<'r>(request: &Request<'r>) -> Option<&'r Route> {
    let with_method = |method| {
        let routes = request.rocket().routes().filter(move |route| route.method == method);
        routes.filter(|route| matches_path(route.uri.path(), request)).min_by_key(|route| route.rank)
    };
    match request.method() {
        Method::Head => with_method(Method::Head).or_else(|| with_method(Method::Get)),
        method => with_method(method),
    }
}

/// Returns true if the path of a request matches a route template.
fn matches_path(template: &str, request: &Request<'_>) -> bool {
    let mut segments = request.uri().path().raw_segments();
    for part in template.split('/').filter(|part| !part.is_empty()) {
        if part.ends_with("..>") {
            return true;
        }
        match segments.next() {
            Some(segment) if part.starts_with('<') || segment == part => {}
            _ => return false,
        }
    }
    segments.next().is_none()
}

/// The parts of a response head that are recorded.
struct ResponseHead {
    status: u16,
    content_type: Option<String>,
}

impl ResponseHead {
    fn from_response(response: &Response<'_>) -> Self {
        let content_type = response.headers().get_one("content-type").map(str::to_owned);
        Self { status: response.status().code, content_type }
    }

    fn record(self, request: &mut ObservedRequest) {
        request.head(self.status, self.content_type.as_ref().map(String::as_bytes));
    }
}

/// A response body that ends its request when it has been sent or is dropped.
///
/// rocket reads the body after it has sent the head, so the head is recorded at the first read: if the client closes the
/// connection before that, the status code of the response must not be recorded.
struct MeasuredBody<'r> {
    body: Body<'r>,
    head: Option<ResponseHead>,
    request: ObservedRequest,
}

impl AsyncRead for MeasuredBody<'_> {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if let Some(head) = this.head.take() {
            head.record(&mut this.request);
        }
        let before = buffer.filled().len();
        let read = Pin::new(&mut this.body).poll_read(cx, buffer);
        if matches!(read, Poll::Ready(Ok(()))) && buffer.filled().len() == before {
            this.request.end();
        }
        read
    }
}

/// Required by rocket's types, but never called: rocket seeks only in a body whose size it has to determine.
impl AsyncSeek for MeasuredBody<'_> {
    fn start_seek(self: Pin<&mut Self>, _: SeekFrom) -> io::Result<()> {
        Err(io::ErrorKind::Unsupported.into())
    }

    fn poll_complete(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<u64>> {
        Poll::Ready(Err(io::ErrorKind::Unsupported.into()))
    }
}
