//! The integration tests, a module per theme.
#![allow(clippy::float_cmp)] // Counts are whole, and exact up to 2^53.

mod bounds;
mod budgets;
mod calls;
mod debug;
mod dimensions;
mod drops;
mod exemplars;
mod formats;
mod guards;
mod http;
mod impls;
mod in_flight;
mod isolation;
mod keys;
mod labels;
mod ledger;
mod lints;
mod native;
mod nested_calls;
mod panics;
mod places;
mod prices;
mod profiles;
mod properties;
mod refused;
mod registry;
mod sizes;
mod statuses;
mod streams;
mod task_end;
mod trees;
mod ui;
mod usage;
mod wire;
