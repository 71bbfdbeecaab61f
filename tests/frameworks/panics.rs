//! Panics of the service and of the layer's function, and a layer that is added to nested routers.

use std::convert::Infallible;
use std::panic::{AssertUnwindSafe, catch_unwind};

use agent_metrics::web::axum::{http_metrics, metrics_route};
use agent_metrics::web::tower::HttpMetricsLayer;
use agent_metrics_tests::{build, samples};
use axum::Router;
use axum::routing::get;
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

/// Sends requests to axum's router, one for each path.
fn request_all(router: &axum::Router, paths: &[&str]) {
    for path in paths {
        let request = Request::get(*path).body(axum::body::Body::empty()).expect("valid");
        let response = router.clone().oneshot(request).now_or_never().expect("ready").expect("infallible");
        assert_eq!(response.status(), 200, "{path}");
    }
}

#[test]
fn a_router_behind_nest_service_is_counted_by_template_where_it_has_the_layer_too() {
    let metrics = build();
    let items = || Router::new().route("/items/{id}", get(|| async { "an item" }));
    let inner = items().layer(http_metrics(&metrics));
    let router = Router::new()
        .nest_service("/with", inner)
        .nest_service("/without", items())
        .layer(http_metrics(&metrics));
    request_all(&router, &["/with/items/1", "/with/items/2", "/without/items/3"]);
    let samples = samples(&metrics);
    let count = |endpoint| samples.sum("agent_http_requests_total", &[("endpoint", endpoint)]);
    let found = [count("/with/items/{id}"), count("/items/{id}")];
    assert!(found == [2.0, 0.0] || found == [0.0, 2.0], "{found:?}");
    assert_eq!(count("unmatched"), 1.0);
    assert_eq!(samples.sum("agent_http_requests_in_progress", &[]), 0.0);
}

#[test]
fn a_nested_route_whose_rest_is_an_excluded_path_is_counted() {
    let metrics = build();
    let inner =
        Router::new().route("/metrics", get(|| async { "of the business" })).layer(http_metrics(&metrics));
    let router = Router::new().nest("/reports", inner).route("/metrics", metrics_route(&metrics));
    request_all(&router.layer(http_metrics(&metrics)), &["/reports/metrics", "/metrics"]);
    let samples = samples(&metrics);
    assert_eq!(samples.sum("agent_http_requests_total", &[("endpoint", "/reports/metrics")]), 1.0);
    assert_eq!(samples.sum("agent_http_requests_total", &[]), 1.0);
}
