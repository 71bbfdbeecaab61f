//! The table.
pub(crate) struct Report;
