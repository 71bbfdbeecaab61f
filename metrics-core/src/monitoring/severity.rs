//! The severities of alerts.

/// The severity of an alert.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum Severity {
    /// Pages the on-call engineer.
    Critical,
    /// Handled during working hours.
    Warning,
    /// For information.
    Info,
}

impl Severity {
    pub(super) fn text(self) -> &'static str {
        match self {
            Self::Critical => "critical",
            Self::Warning => "warning",
            Self::Info => "info",
        }
    }
}
