//! An adapter a framework: the same routes, each its own way.
//!
//! `/tasks/{id}` by `GET` and `POST`, `/api/items/{id}` nested, `/parts`, `/panics`, `/waits` (gives no answer),
//! `/streams` and `/events` (never end), and `/metrics`.

use std::net::SocketAddr;

use agent_metrics::AgentMetrics;

pub mod actix;
pub mod axum;
pub mod hyper;
pub mod rocket;

pub struct Framework {
    pub name: &'static str,
    pub serve: fn(&AgentMetrics) -> SocketAddr,
    /// Endpoint and status of a method that the route has not.
    pub wrong_method: (&'static str, &'static str),
    /// The same of a method that nobody has; `None` where the framework refuses it by itself.
    pub unknown_method: Option<(&'static str, &'static str)>,
    /// The same of `HEAD` for a route with `GET`.
    pub head: (&'static str, &'static str),
    /// Has `/waits` go on, where the framework doesn't drop it with its client.
    pub release: fn(),
}
