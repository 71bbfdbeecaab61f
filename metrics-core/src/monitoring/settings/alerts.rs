//! The settings of single alerts.

use std::time::Duration;

use crate::monitoring::severity::Severity;

/// The settings of one alert. A field that is `None` keeps the default of the alert.
///
/// ```
/// use agent_metrics::monitoring::{Settings, Severity};
/// use std::time::Duration;
///
/// let mut settings = Settings::default();
/// settings.alert("AgentNoTraffic").enabled = false;
/// settings.alert("AgentToolFailures").severity = Some(Severity::Critical);
/// settings.alert("AgentHighErrorRate").wait = Some(Duration::from_secs(120));
/// settings.alert("AgentHighErrorRate").window = Some(Duration::from_secs(600));
/// ```
#[derive(Clone, Copy, PartialEq, Debug)]
#[non_exhaustive]
pub struct AlertSettings {
    /// If false, the alert is left out. The default is true.
    pub enabled: bool,
    /// The severity.
    pub severity: Option<Severity>,
    /// The time for which the condition must hold before the alert fires.
    pub wait: Option<Duration>,
    /// The time over which calls are counted. Some alerts have no window.
    pub window: Option<Duration>,
}

impl Default for AlertSettings {
    fn default() -> Self {
        Self { enabled: true, severity: None, wait: None, window: None }
    }
}
