//! The integration tests, a module per theme.
#![allow(clippy::float_cmp)] // Counts are whole, and exact up to 2^53.

mod calls;
mod http;
mod labels;
mod manners;
mod prices;
mod properties;
mod refused;
mod registry;
mod statuses;
mod ui;
mod usage;
