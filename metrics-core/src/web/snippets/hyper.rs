use bytes::Bytes;
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::{Method, Request, Response};

pub async fn answer(request: Request<Incoming>) -> hyper::http::Result<Response<Full<Bytes>>> {
    if (request.method(), request.uri().path()) != (&Method::GET, "/metrics") {
        return Response::builder().status(404).body(Full::default());
    }
    let header = |name| request.headers().get(name)?.to_str().ok();
    let exposition = agent_metrics::global().encode(header("accept"), header("accept-encoding"));
    let mut response = Response::builder().header("content-type", exposition.content_type);
    if let Some(encoding) = exposition.content_encoding {
        response = response.header("content-encoding", encoding);
    }
    response.body(Full::new(exposition.body.into()))
}
