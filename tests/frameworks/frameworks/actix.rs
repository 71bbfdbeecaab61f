//! actix-web.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::thread;

use actix_web::{App, HttpResponse, HttpServer, web};
use agent_metrics::AgentMetrics;
use agent_metrics::web::actix::{http_metrics, metrics_route};
use bytes::Bytes;
use futures_util::{Stream, StreamExt};

use super::Framework;
use crate::server::{endless, listener, three_parts};

pub const FRAMEWORK: Framework = Framework {
    name: "actix-web",
    serve,
    wrong_method: ("/tasks/{id}", "405"),
    unknown_method: Some(("/tasks/{id}", "405")),
    // A `GET` route doesn't accept `HEAD`.
    head: ("/tasks/{id}", "405"),
    release: || {},
};

fn serve(metrics: &AgentMetrics) -> SocketAddr {
    let (listener, address) = listener();
    let metrics = metrics.clone();
    let app = move || {
        let tasks = web::resource(r"/tasks/{id:\d+}").get(|| async { "done" }).post(|| async { "posted" });
        App::new()
            // A middleware of the same instance that is added twice counts once.
            .wrap(http_metrics(&metrics))
            .wrap(http_metrics(&metrics))
            .service(tasks)
            .service(web::scope("/api").route("/items/{id}", web::get().to(|| async { "item" })))
            .route("/parts", web::get().to(|| async { body("application/octet-stream", three_parts()) }))
            .route("/panics", web::get().to(panics))
            .route("/waits", web::get().to(std::future::pending::<HttpResponse>))
            .route("/streams", web::get().to(|| async { body("application/octet-stream", endless()) }))
            .route("/events", web::get().to(|| async { body("text/event-stream", endless()) }))
            .route("/metrics", metrics_route(&metrics))
    };
    thread::spawn(|| {
        let server = HttpServer::new(app).workers(1).disable_signals().h1_allow_half_closed(false);
        let running = server.listen(listener).expect("a listener").run();
        actix_web::rt::System::new().block_on(running).expect("served");
    });
    address
}

async fn panics() -> &'static str {
    panic!("in a handler")
}

fn body(content_type: &str, parts: impl Stream<Item = Bytes> + 'static) -> HttpResponse {
    HttpResponse::Ok().content_type(content_type).streaming(parts.map(Ok::<_, Infallible>))
}
