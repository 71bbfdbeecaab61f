//! Prometheus rules, alerts, dashboards and manifests, generated from the catalogue of a program.
//!
//! The [catalogue](crate::AgentMetrics::catalogue) lists every family, label and objective of a program. [`Monitoring`] makes
//! these files from it:
//!
//! | path | contents |
//! |---|---|
//! | `prometheus/` | scrape configuration, recording rules, alerts, rules for objectives (SLOs), forecasts |
//! | `vmalert/` | the same rules for vmalert |
//! | `alertmanager/` | routes by severity |
//! | `runbooks/` | a page for each alert: its meaning, its possible causes, the steps to take |
//! | `grafana/` | dashboards, and the files that provision them |
//! | `kubernetes/` | manifests for the Prometheus operator and Grafana's sidecar |
//! | `metrics.md` | the metrics reference |
//!
//! Every query is checked against the catalogue. A query that names a metric or a label that does not exist is an error, so
//! that renaming a metric cannot leave an alert behind that never fires.
//!
//! ```no_run
//! use agent_metrics::monitoring::{Monitoring, Objective};
//! use std::time::Duration;
//!
//! let catalogue = agent_metrics::global().catalogue();
//! Monitoring::for_catalogue(catalogue)
//!     .with(|settings| {
//!         settings.thresholds.cost_per_hour_usd = Some(25.0);
//!         settings.slo.objectives.push(Objective::tool("web_search").availability(99.0).latency(Duration::from_secs(5), 95.0));
//!     })
//!     .write_to("deploy/")?;
//! # Ok::<(), agent_metrics::monitoring::MonitoringError>(())
//! ```
//!
//! [`Settings`] has the addresses, thresholds and objectives; [`Dashboard`] and [`Panel`] add dashboards to the built-in ones.

mod alert_settings;
mod alerts;
mod builtin_dashboards;
mod capacity;
mod dashboard;
mod error;
mod family;
mod folder;
mod grafana;
mod kubernetes;
mod outcomes;
pub(crate) mod prometheus;
mod promql;
mod query;
mod readme;
mod reference;
mod rule;
mod runbook;
mod settings;
mod severity;
mod slo;
mod text;
mod yaml;

use std::path::Path;

pub use dashboard::{Dashboard, Panel};
pub use error::MonitoringError;
pub use folder::File;
pub use settings::{AlertSettings, BurnWindow, Capacity, Kubernetes, Settings, SloSettings, Thresholds};
pub use severity::Severity;
pub use slo::Objective;
pub(crate) use text::number;

use crate::catalogue::Catalogue;

/// The generator of the monitoring files of a program.
///
/// ```
/// use agent_metrics::AgentMetrics;
/// use agent_metrics::monitoring::Monitoring;
///
/// let catalogue = AgentMetrics::builder().build()?.catalogue();
/// let files = Monitoring::for_catalogue(catalogue)
///     .with(|settings| settings.targets = vec!["10.0.0.7:9185".to_owned()])
///     .files()?;
/// let config = files.iter().find(|file| file.path == "prometheus/prometheus.yml").expect("it is generated");
/// assert!(config.content.contains("10.0.0.7:9185"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Monitoring {
    catalogue: Catalogue,
    settings: Settings,
}

impl Monitoring {
    /// Creates a generator with the default [`Settings`].
    ///
    /// Rules, alerts and panels for built-in families that the catalogue does not have are left out.
    pub fn for_catalogue(catalogue: Catalogue) -> Self {
        Self { catalogue, settings: Settings::default() }
    }

    /// Changes the settings.
    #[must_use]
    pub fn with(mut self, change: impl FnOnce(&mut Settings)) -> Self {
        change(&mut self.settings);
        self
    }

    /// Returns all files, sorted by path.
    ///
    /// # Errors
    /// Returns an error if
    /// * a number in the settings is out of range,
    /// * the settings name an alert that does not exist, or a kept label that no series has,
    /// * an objective cannot be met or cannot be measured: 100 %, a latency that is no bucket bound, a label that the function
    ///   does not have, two different objectives for the same calls, an alert that could never fire,
    /// * a query has a syntax error, or names a metric or a label that the catalogue does not have,
    /// * two dashboards have the same uid.
    pub fn files(&self) -> Result<Vec<File>, MonitoringError> {
        let (catalogue, settings) = (&self.catalogue, &self.settings);
        settings.check()?;
        let rules = prometheus::rules(catalogue, settings)?;
        let groups: Vec<_> = rules.iter().flat_map(|rules| rules.groups.iter().cloned()).collect();
        let names = promql::Names::of(catalogue).with_others(&settings.other_metrics);
        let dashboards = builtin_dashboards::dashboards(catalogue, settings, &names)?;
        let dashboard_files = grafana::files(&dashboards, catalogue, &names, settings);
        let mut files = prometheus::files(&rules, settings);
        files.push(reference::file(catalogue, &groups, &dashboards));
        files.push(readme::file(settings));
        files.extend(kubernetes::files(&rules, &dashboard_files, settings));
        files.extend(alerts::runbooks(&groups, settings));
        files.push(File::new("alertmanager/alertmanager.yml", alerts::alertmanager(settings)));
        files.extend(dashboard_files);
        files.sort_by(|left, right| left.path.cmp(&right.path));
        Ok(files)
    }

    /// Writes all files to a folder, which is created if it does not exist. Other files in the folder are kept.
    ///
    /// # Errors
    /// Returns the errors of [`files`](Self::files), and [`MonitoringError::Write`] if a file cannot be written. The folder is
    /// then left unchanged.
    pub fn write_to(&self, folder: impl AsRef<Path>) -> Result<(), MonitoringError> {
        folder::write(folder.as_ref(), &self.files()?)
    }
}
