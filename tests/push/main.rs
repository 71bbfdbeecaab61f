//! Pushes to real receivers and to one that can be made to fail.
#![allow(clippy::float_cmp)] // Counts are whole, and exact up to 2^53.

mod agent;
mod failures;
mod fleet;
mod otlp;
mod pushgateway;
mod receiver;
mod remote_write;
mod servers;
mod wire;
