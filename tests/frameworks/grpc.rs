//! tonic with the feature `tower`: the listed methods are the endpoints.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::task::{Context, Poll};
use std::time::Duration;

use agent_metrics::AgentMetrics;
use agent_metrics::web::axum::metrics_route;
use agent_metrics::web::tower::HttpMetricsLayer;
use agent_metrics_tests::{build, get, samples, until};
use futures_util::future::BoxFuture;
use futures_util::{Stream, StreamExt};
use http::uri::PathAndQuery;
use tokio_stream::wrappers::TcpListenerStream;
use tonic::body::Body;
use tonic::client::Grpc;
use tonic::server::NamedService;
use tonic::service::Routes;
use tonic::transport::{Channel, Server};
use tonic::{Code, Request, Response, Status};
use tonic_prost::ProstCodec;
use tower::{Service, service_fn};

use crate::server::{endless, on_tokio};

const ASK: &str = "/chat.Chat/Ask";
const WATCH: &str = "/chat.Chat/Watch";

#[derive(Clone, PartialEq, prost::Message)]
struct Text {
    #[prost(string, tag = "1")]
    text: String,
}

fn codec() -> ProstCodec<Text, Text> {
    ProstCodec::default()
}

/// A service as generated from a `.proto` file.
#[derive(Clone)]
struct Chat;

impl NamedService for Chat {
    const NAME: &'static str = "chat.Chat";
}

impl Service<http::Request<Body>> for Chat {
    type Response = http::Response<Body>;
    type Error = Infallible;
    type Future = BoxFuture<'static, Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<Body>) -> Self::Future {
        Box::pin(async {
            let mut grpc = tonic::server::Grpc::new(codec());
            Ok(match request.uri().path() {
                ASK => grpc.unary(service_fn(ask), request).await,
                WATCH => grpc.server_streaming(service_fn(watch), request).await,
                _ => Status::unimplemented("no such method").into_http(),
            })
        })
    }
}

async fn ask(request: Request<Text>) -> Result<Response<Text>, Status> {
    match request.get_ref().text.as_str() {
        "panic" => panic!("in a method"),
        "wait" => std::future::pending().await,
        "refuse" => Err(Status::invalid_argument("not that")),
        _ => Ok(Response::new(request.into_inner())),
    }
}

type Texts = std::pin::Pin<Box<dyn Stream<Item = Result<Text, Status>> + Send>>;

async fn watch(_: Request<Text>) -> Result<Response<Texts>, Status> {
    let texts = endless().map(|_| Ok(Text { text: "news".to_owned() }));
    Ok(Response::new(Box::pin(texts) as Texts))
}

fn serve(metrics: &AgentMetrics) -> SocketAddr {
    let layer = HttpMetricsLayer::for_paths(metrics, [ASK, WATCH]);
    let mut routes = Routes::new(Chat);
    let methods = std::mem::take(routes.axum_router_mut());
    *routes.axum_router_mut() = methods.route("/metrics", metrics_route(metrics));
    on_tokio(|listener| async {
        // The scrape is HTTP 1.
        let server = Server::builder().accept_http1(true).layer(layer).add_routes(routes);
        server.serve_with_incoming(TcpListenerStream::new(listener)).await.expect("served");
    })
}

async fn connect(address: SocketAddr) -> Grpc<Channel> {
    let channel = Channel::from_shared(format!("http://{address}")).expect("an address").connect().await;
    let mut client = Grpc::new(channel.expect("a connection"));
    client.ready().await.expect("ready");
    client
}

async fn call(client: &mut Grpc<Channel>, path: &'static str, text: &str) -> Result<Response<Text>, Status> {
    client.ready().await.expect("ready");
    let message = Request::new(Text { text: text.to_owned() });
    client.unary(message, PathAndQuery::from_static(path), codec()).await
}

/// Waits until the number of requests is `count`, on a thread that doesn't block the client.
async fn wait_for_count(metrics: &AgentMetrics, endpoint: &'static str, code: &'static str, count: f64) {
    let metrics = metrics.clone();
    let wait = move || {
        let labels = [("method", "POST"), ("endpoint", endpoint), ("status_code", code)];
        until(&format!("{count} {code} of {endpoint}"), || {
            (samples(&metrics).sum("agent_http_requests_total", &labels) == count).then_some(())
        });
    };
    tokio::task::spawn_blocking(wait).await.expect("it comes");
}

/// Waits until one request of an endpoint is in progress.
async fn wait_until_in_progress(metrics: &AgentMetrics, endpoint: &'static str) {
    let metrics = metrics.clone();
    let wait = move || {
        until("the request is in progress", || {
            let labels = [("endpoint", endpoint)];
            (samples(&metrics).sum("agent_http_requests_in_progress", &labels) == 1.0).then_some(())
        });
    };
    tokio::task::spawn_blocking(wait).await.expect("it comes");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn grpc_calls_are_counted_by_method() {
    let metrics = build();
    let address = serve(&metrics);
    let mut client = connect(address).await;

    // A listed method is counted with 200 in any case: the outcome is in the trailers.
    assert_eq!(call(&mut client, ASK, "hello").await.expect("an answer").get_ref().text, "hello");
    let refused = call(&mut client, ASK, "refuse").await.expect_err("a refusal");
    assert_eq!(refused.code(), Code::InvalidArgument);
    wait_for_count(&metrics, ASK, "200", 2.0).await;

    // Unknown methods and services are one endpoint.
    for path in ["/chat.Chat/Nothing", "/chat.Chat/Nothing2", "/other.Service/Ask"] {
        let unknown = call(&mut client, path, "").await.expect_err("no such method");
        assert_eq!(unknown.code(), Code::Unimplemented, "{path}");
    }
    wait_for_count(&metrics, "unmatched", "200", 3.0).await;

    // A panic closes the whole connection.
    call(&mut client, ASK, "panic").await.expect_err("a panic");
    wait_for_count(&metrics, ASK, "500", 1.0).await;

    // The client leaves before the response head.
    let mut client = connect(address).await;
    let waiting = tokio::spawn(async move {
        let _ = call(&mut client, ASK, "wait").await;
    });
    wait_until_in_progress(&metrics, ASK).await;
    waiting.abort();
    wait_for_count(&metrics, ASK, "499", 1.0).await;

    // The client leaves during the response body.
    let mut client = connect(address).await;
    let message = Request::new(Text::default());
    let answer = client.server_streaming(message, PathAndQuery::from_static(WATCH), codec()).await;
    let mut texts: tonic::Streaming<Text> = answer.expect("a stream").into_inner();
    assert_eq!(texts.next().await.expect("a text").expect("no error").text, "news");
    wait_until_in_progress(&metrics, WATCH).await;
    drop(texts);
    wait_for_count(&metrics, WATCH, "200", 1.0).await;

    let (head, body) = get(&address.to_string(), "/metrics", "").expect("an exposition");
    assert!(head.contains(" 200 "), "{head}");
    let body = String::from_utf8(body).expect("UTF-8");
    assert!(body.contains(&format!("endpoint=\"{ASK}\"")) && !body.contains("Nothing"), "{body}");
    tokio::time::timeout(Duration::from_secs(20), async {
        while samples(&metrics).sum("agent_http_requests_in_progress", &[]) != 0.0 {
            tokio::task::yield_now().await;
        }
    })
    .await
    .expect("all have ended");
}
