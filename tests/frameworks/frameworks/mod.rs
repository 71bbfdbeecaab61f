//! One adapter per framework. All serve the same routes:
//!
//! `/tasks/{id}` with `GET` and `POST`, `/api/items/{id}` nested, `/parts`, `/panics`, `/waits` (never responds),
//! `/streams` and `/events` (never end), and `/metrics`.

use std::net::SocketAddr;

use agent_metrics::AgentMetrics;

pub mod actix;
pub mod axum;
pub mod hyper;
pub mod rocket;

/// A framework under test, with the behaviour in which frameworks differ.
pub struct Framework {
    pub name: &'static str,
    pub serve: fn(&AgentMetrics) -> SocketAddr,
    /// The endpoint and status code for a method that the route doesn't have.
    pub wrong_method: (&'static str, &'static str),
    /// The endpoint and status code for an unknown method; `None` if the framework refuses it before the metrics see it.
    pub unknown_method: Option<(&'static str, &'static str)>,
    /// The endpoint and status code of `HEAD` for a route with `GET`.
    pub head: (&'static str, &'static str),
    /// Lets `/waits` return, for a framework that doesn't drop the handler when the client leaves.
    pub release: fn(),
}
