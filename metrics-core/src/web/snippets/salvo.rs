use salvo::http::HeaderValue;
use salvo::prelude::*;

#[handler]
fn metrics(request: &mut Request, response: &mut Response) {
    let header = |name| request.headers().get(name)?.to_str().ok();
    let shown = agent_metrics::global().encode(header("accept"), header("accept-encoding"));
    response.headers_mut().insert("content-type", HeaderValue::from_static(shown.content_type));
    if let Some(encoding) = shown.content_encoding {
        response.headers_mut().insert("content-encoding", HeaderValue::from_static(encoding));
    }
    response.body(shown.body);
}

pub fn app() -> Router {
    Router::with_path("metrics").get(metrics)
}
