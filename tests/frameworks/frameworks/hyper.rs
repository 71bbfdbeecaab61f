//! hyper with the feature `tower`. It has no router, so the service returns the route templates.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::pin::Pin;

use agent_metrics::AgentMetrics;
use agent_metrics::web::tower::HttpMetricsLayer;
use bytes::Bytes;
use futures_util::{Stream, StreamExt, stream};
use http::{Method, Request, Response, header::CONTENT_TYPE};
use http_body_util::StreamBody;
use hyper::body::{Frame, Incoming};
use hyper::server::conn::http1;
use hyper_util::rt::TokioIo;
use hyper_util::service::TowerToHyperService;
use tower::{Layer as _, service_fn};

use super::Framework;
use crate::server::{endless, on_tokio, three_parts};

pub const FRAMEWORK: Framework = Framework {
    name: "hyper",
    serve,
    wrong_method: ("/tasks/{id}", "405"),
    unknown_method: Some(("/tasks/{id}", "405")),
    head: ("/tasks/{id}", "200"),
    release: || {},
};

/// Returns the route template of a path.
fn route(path: &str) -> Option<&'static str> {
    match path.trim_matches('/').split('/').collect::<Vec<_>>()[..] {
        ["tasks", _] => Some("/tasks/{id}"),
        ["api", "items", _] => Some("/api/items/{id}"),
        ["parts"] => Some("/parts"),
        ["panics"] => Some("/panics"),
        ["waits"] => Some("/waits"),
        ["streams"] => Some("/streams"),
        ["events"] => Some("/events"),
        ["metrics"] => Some("/metrics"),
        _ => None,
    }
}

fn serve(metrics: &AgentMetrics) -> SocketAddr {
    let layer = HttpMetricsLayer::new(metrics, |uri, _| route(uri.path()));
    let metrics = metrics.clone();
    let service = layer.layer(service_fn(move |request| answer(metrics.clone(), request)));
    on_tokio(|listener| async move {
        loop {
            let (stream, _) = listener.accept().await.expect("a connection");
            let service = TowerToHyperService::new(service.clone());
            tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
        }
    })
}

type Body = StreamBody<Pin<Box<dyn Stream<Item = Result<Frame<Bytes>, Infallible>> + Send>>>;

async fn answer(metrics: AgentMetrics, request: Request<Incoming>) -> Result<Response<Body>, Infallible> {
    let is_known = matches!(*request.method(), Method::GET | Method::HEAD | Method::POST);
    let whole = |text: &'static str| stream::iter([Bytes::from(text)]);
    Ok(match route(request.uri().path()) {
        None => response(404, "text/plain", whole("nowhere")),
        Some(_) if !is_known => response(405, "text/plain", whole("not so")),
        Some("/parts") => response(200, "application/octet-stream", three_parts()),
        Some("/panics") => panic!("in a service"),
        Some("/waits") => std::future::pending().await,
        Some("/streams") => response(200, "application/octet-stream", endless()),
        Some("/events") => response(200, "text/event-stream", endless()),
        Some("/metrics") => {
            let exposition = metrics.encode(None, None);
            response(200, exposition.content_type, stream::iter([Bytes::from(exposition.body)]))
        }
        Some(_) => response(200, "text/plain", whole("done")),
    })
}

fn response(
    status: u16,
    content_type: &str,
    parts: impl Stream<Item = Bytes> + Send + 'static,
) -> Response<Body> {
    let body = StreamBody::new(Box::pin(parts.map(|part| Ok(Frame::data(part)))) as _);
    Response::builder().status(status).header(CONTENT_TYPE, content_type).body(body).expect("a response")
}
