//! HTTP frameworks: each a thin skin over recording and exposition.
//!
//! | framework | requests counted | `/metrics` |
//! |---|---|---|
//! | axum | `web::axum::http_metrics` (feature `axum`) | `web::axum::metrics_route` |
//! | actix-web | `web::actix::http_metrics` (feature `actix-web`) | `web::actix::metrics_route` |
//! | rocket | `web::rocket::http_metrics` (feature `rocket`) | `web::rocket::metrics_route` |
//! | tonic, hyper, warp, any tower service | `web::tower::HttpMetricsLayer` (feature `tower`) | below |
//! | poem, salvo, others | [`AgentMetrics::track_request`](crate::AgentMetrics::track_request) | below |
//! | none | | `serve` (feature `serve`) |
//!
//! A request counts under the template of its route ([`template`]), or as [`UNMATCHED`]; an unknown method as `OTHER`.
//! It is in progress until its body has been sent, and so long is its latency; a `text/event-stream` counts up to
//! its head, its life in `agent_http_stream_duration_seconds`. A client that goes before the head makes it `499`, one
//! that goes later leaves the head's status. A panic is `500`.
//!
//! # `/metrics` in other frameworks
//! [`AgentMetrics::encode`](crate::AgentMetrics::encode) gives a content type, a content encoding and bytes, from two
//! headers of the request. These are compiled, and asked over real connections, by the tests of the repository.
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
#[cfg(feature = "tower")]
mod chunks;
#[cfg(any(feature = "tower", feature = "actix-web", feature = "rocket"))]
mod request;
#[cfg(feature = "rocket")]
pub mod rocket;
mod template;
#[cfg(feature = "tower")]
pub mod tower;

#[cfg(feature = "tower")]
pub use body::MeasuredBody;
pub use template::template;

/// The endpoint of a request whose path matched no route.
pub const UNMATCHED: &str = "unmatched";
