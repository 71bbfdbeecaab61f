//! HTTP metrics and `/metrics` endpoints for web frameworks.
//!
//! | framework | HTTP metrics | `/metrics` endpoint | live page (feature `live`) |
//! |---|---|---|---|
//! | axum | `web::axum::http_metrics` (feature `axum`) | `web::axum::metrics_route` | `web::axum::live_page` |
//! | actix-web | `web::actix::http_metrics` (feature `actix-web`) | `web::actix::metrics_route` | `web::actix::live_page` |
//! | rocket | `web::rocket::http_metrics` (feature `rocket`) | `web::rocket::metrics_route` | `web::rocket::live_page` |
//! | tonic, hyper, warp, any tower service | `web::tower::HttpMetricsLayer` (feature `tower`) | below | the router of `web::axum::live_page` is a tower service |
//! | poem, salvo, others | [`AgentMetrics::track_request`](crate::AgentMetrics::track_request) | below | beside it, by `serve` |
//! | no framework | | `serve` (feature `serve`) | `serve` |
//!
//! The label `endpoint` of a request is the template of its route ([`template`]), or [`UNMATCHED`] if no route matched.
//! An unknown method is counted as `OTHER`.
//!
//! A request is in progress until its response body has been sent, and its latency includes the body. For a
//! `text/event-stream`, the latency ends with the response head, and the duration of the stream is observed in
//! `agent_http_stream_duration_seconds`. If the client closes the connection before the response head, the status code
//! is 499; if it does so later, the status code of the response is kept. A panic counts as 500.
//!
//! # `/metrics` in other frameworks
//! [`AgentMetrics::encode`](crate::AgentMetrics::encode) returns a content type, a content encoding and the body, given
//! two headers of the request. The repository's tests compile the following examples and request them over real
//! connections.
//!
//! ## poem
#![cfg_attr(not(doctest), doc = concat!("```rust\n", include_str!("snippets/poem.rs"), "```"))]
//! ## salvo
#![cfg_attr(not(doctest), doc = concat!("```rust\n", include_str!("snippets/salvo.rs"), "```"))]
//! ## warp
#![cfg_attr(not(doctest), doc = concat!("```rust\n", include_str!("snippets/warp.rs"), "```"))]
//! ## hyper
#![cfg_attr(not(doctest), doc = concat!("```rust\n", include_str!("snippets/hyper.rs"), "```"))]
//! ## A bare TCP server
#![cfg_attr(not(doctest), doc = concat!("```rust\n", include_str!("snippets/tcp.rs"), "```"))]

#[cfg(feature = "actix-web")]
pub mod actix;
#[cfg(feature = "axum")]
pub mod axum;
#[cfg(feature = "tower")]
mod body;
#[cfg(any(feature = "tower", feature = "actix-web", feature = "rocket"))]
mod request;
#[cfg(feature = "rocket")]
pub mod rocket;
mod template;
#[cfg(feature = "tower")]
pub mod tower;

#[cfg(feature = "tower")]
pub use body::MeasuredBody;
pub use template::{UNMATCHED, template};
