//! Panics of the service and of the layer's function, and a layer that is added twice.

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

#[test]
fn a_panic_of_the_function_that_finds_the_endpoint_is_counted_and_the_request_answered() {
    let metrics = build();
    let layer = HttpMetricsLayer::new(&metrics, |_, _| panic!("no route"));
    let service = layer.layer(service_fn(|_: Request<()>| async { Ok::<_, Infallible>(Response::new(())) }));
    let answer = service.oneshot(Request::new(())).now_or_never().expect("ready").expect("an answer");
    assert_eq!(answer.status(), 200);
    drop(answer);
    let samples = samples(&metrics);
    let labels = [("endpoint", "unmatched"), ("status_code", "200")];
    assert_eq!(samples.sum("agent_http_requests_total", &labels), 1.0);
    assert_eq!(samples.value("agent_metrics_callback_panics_total"), 1.0);
}

#[test]
fn a_request_that_passes_two_layers_of_an_instance_is_counted_once() {
    let (metrics, other) = (build(), build());
    let service = service_fn(|_: Request<()>| async { Ok::<_, Infallible>(Response::new(())) });
    let layer = |metrics| HttpMetricsLayer::for_paths(metrics, ["/"]);
    let service = layer(&metrics).layer(layer(&other).layer(layer(&metrics).layer(service)));
    drop(service.oneshot(Request::new(())).now_or_never().expect("ready").expect("an answer"));
    for instance in [&metrics, &other] {
        let samples = samples(instance);
        assert_eq!(samples.sum("agent_http_requests_total", &[]), 1.0);
        assert_eq!(samples.sum("agent_http_requests_in_progress", &[]), 0.0);
    }
}
