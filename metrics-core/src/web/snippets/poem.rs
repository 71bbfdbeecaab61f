use poem::{Request, Response, Route, get, handler};

#[handler]
fn metrics(request: &Request) -> Response {
    let shown = agent_metrics::global().encode(request.header("accept"), request.header("accept-encoding"));
    let response = Response::builder().content_type(shown.content_type);
    match shown.content_encoding {
        Some(encoding) => response.header("content-encoding", encoding).body(shown.body),
        None => response.body(shown.body),
    }
}

pub fn app() -> Route {
    Route::new().at("/metrics", get(metrics))
}
