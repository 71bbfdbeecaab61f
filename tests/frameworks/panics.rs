//! A panic under a layer that catches panics, such as tower-http's.

use std::convert::Infallible;
use std::panic::{AssertUnwindSafe, catch_unwind};

use agent_metrics::web::tower::HttpMetricsLayer;
use agent_metrics_tests::{build, samples};
use futures_util::FutureExt;
use http::{Request, Response};
use tower::{Layer, ServiceExt, service_fn};

#[test]
fn a_panic_is_counted_immediately_although_the_future_is_kept() {
    let metrics = build();
    let answer = |request: Request<bool>| async move {
        assert!(request.into_body(), "in a service");
        Ok::<_, Infallible>(Response::new(()))
    };
    let service = HttpMetricsLayer::for_paths(&metrics, ["/"]).layer(service_fn(answer));
    let mut answering = Box::pin(service.oneshot(Request::new(false)));
    let polled = catch_unwind(AssertUnwindSafe(|| answering.as_mut().now_or_never().is_some()));
    polled.expect_err("a panic");
    let labels = [("endpoint", "/"), ("status_code", "500")];
    assert_eq!(samples(&metrics).sum("agent_http_requests_total", &labels), 1.0);
    drop(answering);
    assert_eq!(samples(&metrics).sum("agent_http_requests_total", &[]), 1.0);
}
