//! Every framework under the HTTP metrics, over real connections: one table of requests and what each must leave
//! behind, and an adapter a framework that serves the same routes its own way.
#![allow(clippy::float_cmp)] // Counts are whole, and exact up to 2^53.

mod endpoints;
mod frameworks;
mod grpc;
mod panics;
mod requests;
mod server;

/// What [`endpoints`] asks: the very text of the crate's documentation.
#[path = "../../metrics-core/src/web/snippets"]
mod snippets {
    pub mod hyper;
    pub mod poem;
    pub mod salvo;
    pub mod tcp;
    pub mod warp;
}
