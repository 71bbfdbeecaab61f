//! rocket: HTTP metrics by route template, and a route for `/metrics`.
//!
//! ```
//! use agent_metrics::web::rocket::{http_metrics, metrics_route};
//!
//! let metrics = agent_metrics::global();
//! let app = rocket::build().attach(http_metrics(metrics)).mount("/metrics", metrics_route(metrics));
//! ```
//!
//! rocket goes on with a handler whose client has gone; such a request counts as `499` once the handler is done. It
//! answers a method that it doesn't know before any fairing hears of the request, so that isn't counted.

use std::io::{self, Cursor, SeekFrom};
use std::pin::Pin;
use std::sync::{Mutex, PoisonError};
use std::task::{Context, Poll};

use rocket::fairing::{Fairing, Info, Kind};
use rocket::http::Method;
use rocket::response::{Body, Responder};
use rocket::route::{Handler, Outcome};
use rocket::tokio::io::{AsyncRead, AsyncSeek, ReadBuf};
use rocket::{Data, Request, Response, Route};

use super::request::{Observed, Observer, joined};
use crate::{AgentMetrics, Chunks, Exposition};

/// The HTTP metrics of a rocket, for `attach`: the endpoint is the route's template in the one form of
/// [`template`](super::template) (`/tasks/{id}` for `/tasks/<id>`), `unmatched` where no route matched.
pub fn http_metrics(metrics: &AgentMetrics) -> HttpMetrics {
    HttpMetrics { observer: Observer::new(metrics) }
}

/// The exposition as a route to `mount`: `GET`, in the format that the client prefers.
pub fn metrics_route(metrics: &AgentMetrics) -> MetricsRoute {
    MetricsRoute(metrics.clone())
}

/// See [`metrics_route`].
#[derive(Clone)]
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
            response.set_max_chunk_size(PIECE);
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

/// How much rocket takes of a chunk at once.
const PIECE: usize = 64 * 1024;

/// Each chunk is written when rocket has sent the one before.
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
            let rest = &chunk.get_ref()[chunk.position() as usize..];
            if !rest.is_empty() {
                let count = rest.len().min(buffer.remaining());
                buffer.put_slice(&rest[..count]);
                chunk.set_position(chunk.position() + count as u64);
                return Poll::Ready(Ok(()));
            }
            match chunks.next() {
                Some(next) => *chunk = Cursor::new(next),
                None => return Poll::Ready(Ok(())),
            }
        }
    }
}

/// Counts and times every request that a rocket answers, but for those of the scrape; see [`http_metrics`].
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

/// A request between the two calls of the fairing, kept with the request itself.
#[derive(Default)]
struct UnderWay {
    observed: Mutex<Observed>,
    /// rocket looks for a `GET` route where there is none for `HEAD`, and forgets what it was asked for.
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
        request.local_cache(|| UnderWay { observed: Mutex::new(observed), is_head });
    }

    async fn on_response<'r>(&self, request: &'r Request<'_>, response: &mut Response<'r>) {
        let under_way = request.local_cache(UnderWay::default);
        let taken = std::mem::take(&mut *under_way.observed.lock().unwrap_or_else(PoisonError::into_inner));
        let mut observed = taken;
        if !observed.is_counted() {
            return;
        }
        observed.routed(request.route().map(|route| route.uri.path()));
        let head = Head::of(response);
        if under_way.is_head {
            head.tell(&mut observed);
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

/// The route that rocket will try first, by method and path. It routes after the fairings and tells nobody how it
/// will; where a route is chosen by more than that, or forwards, the right one is known with the response.
fn likely_route<'r>(request: &Request<'r>) -> Option<&'r Route> {
    let of_method = |method| {
        let routes = request.rocket().routes().filter(move |route| route.method == method);
        routes.filter(|route| matches_path(route.uri.path(), request)).min_by_key(|route| route.rank)
    };
    match request.method() {
        Method::Head => of_method(Method::Head).or_else(|| of_method(Method::Get)),
        method => of_method(method),
    }
}

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

struct Head {
    status: u16,
    content_type: Option<String>,
}

impl Head {
    fn of(response: &Response<'_>) -> Self {
        let content_type = response.headers().get_one("content-type").map(str::to_owned);
        Self { status: response.status().code, content_type }
    }

    fn tell(self, request: &mut Observed) {
        request.head(self.status, self.content_type.as_ref().map(String::as_bytes));
    }
}

/// A body under observation. rocket reads it once the head has been taken off its hands: before that the client may
/// have gone, and the status counts for nothing.
struct MeasuredBody<'r> {
    body: Body<'r>,
    head: Option<Head>,
    request: Observed,
}

impl AsyncRead for MeasuredBody<'_> {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if let Some(head) = this.head.take() {
            head.tell(&mut this.request);
        }
        let before = buffer.filled().len();
        let read = Pin::new(&mut this.body).poll_read(cx, buffer);
        if matches!(read, Poll::Ready(Ok(()))) && buffer.filled().len() == before {
            this.request.end();
        }
        read
    }
}

/// Only asked for by rocket's types: a body whose size is known isn't sought in.
impl AsyncSeek for MeasuredBody<'_> {
    fn start_seek(self: Pin<&mut Self>, _: SeekFrom) -> io::Result<()> {
        Err(io::ErrorKind::Unsupported.into())
    }

    fn poll_complete(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<u64>> {
        Poll::Ready(Err(io::ErrorKind::Unsupported.into()))
    }
}
