use poem::{Request, Response, Route, get, handler};

#[handler]
fn metrics(request: &Request) -> Response {
    let exposition =
        agent_metrics::global().encode(request.header("accept"), request.header("accept-encoding"));
    let response = Response::builder().content_type(exposition.content_type);
    match exposition.content_encoding {
        Some(encoding) => response.header("content-encoding", encoding).body(exposition.body),
        None => response.body(exposition.body),
    }
}

pub fn app() -> Route {
    Route::new().at("/metrics", get(metrics))
}
