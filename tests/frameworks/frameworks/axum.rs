//! axum.

use std::convert::Infallible;
use std::net::SocketAddr;

use agent_metrics::AgentMetrics;
use agent_metrics::web::axum::{http_metrics, metrics_route};
use axum::Router;
use axum::body::Body;
use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse;
use axum::routing::get;
use futures_util::{Stream, StreamExt};

use super::Framework;
use crate::server::{endless, on_tokio, three_parts};

pub const FRAMEWORK: Framework = Framework {
    name: "axum",
    serve,
    wrong_method: ("/tasks/{id}", "405"),
    unknown_method: Some(("/tasks/{id}", "405")),
    head: ("/tasks/{id}", "200"),
    release: || {},
};

fn serve(metrics: &AgentMetrics) -> SocketAddr {
    let app: Router = Router::new()
        .route("/tasks/{id}", get(|| async { "done" }).post(|| async { "posted" }))
        .route("/parts", get(|| async { body("application/octet-stream", three_parts()) }))
        .route("/panics", get(panics))
        .route("/waits", get(std::future::pending::<()>))
        .route("/streams", get(|| async { body("application/octet-stream", endless()) }))
        .route("/events", get(|| async { body("text/event-stream", endless()) }))
        .nest("/api", Router::new().route("/items/{id}", get(|| async { "item" })))
        // A layer of the same instance that is added twice counts once.
        .layer(http_metrics(metrics))
        .layer(http_metrics(metrics))
        .route("/metrics", metrics_route(metrics));
    on_tokio(|listener| async { axum::serve(listener, app).await.expect("served") })
}

async fn panics() -> &'static str {
    panic!("in a handler")
}

fn body(
    content_type: &'static str,
    parts: impl Stream<Item = bytes::Bytes> + Send + 'static,
) -> impl IntoResponse {
    ([(CONTENT_TYPE, content_type)], Body::from_stream(parts.map(Ok::<_, Infallible>)))
}
