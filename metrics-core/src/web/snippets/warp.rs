use warp::http::Response;
use warp::{Filter, Rejection, Reply};

pub fn app() -> impl Filter<Extract = (impl Reply,), Error = Rejection> + Clone {
    let headers = warp::header::optional("accept").and(warp::header::optional("accept-encoding"));
    warp::path!("metrics").and(warp::get()).and(headers).map(
        |accept: Option<String>, encoding: Option<String>| {
            let exposition = agent_metrics::global().encode(accept.as_deref(), encoding.as_deref());
            let mut response = Response::builder().header("content-type", exposition.content_type);
            if let Some(encoding) = exposition.content_encoding {
                response = response.header("content-encoding", encoding);
            }
            response.body(exposition.body)
        },
    )
}
