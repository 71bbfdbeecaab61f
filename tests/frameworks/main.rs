//! HTTP metrics and `/metrics` endpoints of every framework, over real connections. One table lists the requests and the
//! metrics that each must record; an adapter per framework serves the same routes.
#![allow(clippy::float_cmp)] // Counts are whole, and exact up to 2^53.

mod endpoints;
mod frameworks;
mod grpc;
mod live_page;
mod panics;
mod requests;
mod server;

/// The examples of the crate's documentation, as [`endpoints`] tests them.
#[path = "../../metrics-core/src/web/snippets"]
mod snippets {
    pub mod hyper;
    pub mod poem;
    pub mod salvo;
    pub mod tcp;
    pub mod warp;
}
