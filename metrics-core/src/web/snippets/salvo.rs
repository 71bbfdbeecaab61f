use salvo::http::HeaderValue;
use salvo::prelude::*;

#[handler]
fn metrics(request: &mut Request, response: &mut Response) {
    let header = |name| request.headers().get(name)?.to_str().ok();
    let exposition = agent_metrics::global().encode(header("accept"), header("accept-encoding"));
    response.headers_mut().insert("content-type", HeaderValue::from_static(exposition.content_type));
    if let Some(encoding) = exposition.content_encoding {
        response.headers_mut().insert("content-encoding", HeaderValue::from_static(encoding));
    }
    response.body(exposition.body);
}

pub fn app() -> Router {
    Router::with_path("metrics").get(metrics)
}
