//! The integration tests, a module per theme.

mod calls;
mod http;
mod labels;
mod manners;
mod properties;
mod registry;
mod ui;
