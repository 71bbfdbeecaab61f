//! The model of a dashboard: plain data with builder methods. How Grafana stores it is known to `grafana` alone.

#[allow(clippy::module_inception)] // The type that gives the module its name has a file of its own.
mod dashboard;
mod panel;

pub use dashboard::Dashboard;
pub use panel::Panel;
pub(super) use panel::{Limit, Target, View};
