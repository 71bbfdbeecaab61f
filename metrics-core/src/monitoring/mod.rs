//! Monitoring as code: from what a program can show to the files that watch it.
//!
//! The [catalogue](crate::AgentMetrics::catalogue) knows every family, label and objective of a program. From it come the
//! scrape configuration, recording rules, alerts with runbooks, SLO rules, forecasts and manifests for Kubernetes, so
//! that a renamed metric can't leave an alert behind that never fires.
//!
//! ```no_run
//! use agent_metrics::monitoring::{Monitoring, Objective};
//! use std::time::Duration;
//!
//! let catalogue = agent_metrics::global().catalogue();
//! Monitoring::for_catalogue(catalogue)
//!     .with(|settings| {
//!         settings.thresholds.cost_per_hour_usd = 25.0;
//!         settings.slo.objectives.push(Objective::tool("web_search").availability(99.0).latency(Duration::from_secs(5), 95.0));
//!     })
//!     .write_to("deploy/")?;
//! # Ok::<(), agent_metrics::monitoring::MonitoringError>(())
//! ```

mod alerts;
mod builtin_dashboards;
mod capacity;
mod dashboard;
mod error;
mod folder;
mod grafana;
mod kubernetes;
mod outcomes;
pub(crate) mod prometheus;
mod promql;
mod readme;
mod reference;
mod rule;
mod settings;
mod slo;
mod text;
mod yaml;

use std::path::Path;

pub use dashboard::{Dashboard, Panel};
pub use error::MonitoringError;
pub use folder::File;
pub use settings::{BurnWindow, Capacity, Kubernetes, Settings, SloSettings, Thresholds};
pub use slo::Objective;
pub(crate) use text::number;

use crate::catalogue::Catalogue;

/// What watches a program, made from its catalogue.
#[derive(Clone, Debug)]
pub struct Monitoring {
    catalogue: Catalogue,
    settings: Settings,
}

impl Monitoring {
    /// With the default [`Settings`]. An alert whose families the catalogue doesn't have is left out.
    pub fn for_catalogue(catalogue: Catalogue) -> Self {
        Self { catalogue, settings: Settings::default() }
    }

    /// Changes the settings.
    #[must_use]
    pub fn with(mut self, change: impl FnOnce(&mut Settings)) -> Self {
        change(&mut self.settings);
        self
    }

    /// All files, in the order of their paths.
    ///
    /// # Errors
    /// A setting out of range, an objective that can't be kept or told, a query that names what isn't there.
    pub fn files(&self) -> Result<Vec<File>, MonitoringError> {
        let (catalogue, settings) = (&self.catalogue, &self.settings);
        settings.check()?;
        let rules = prometheus::rules(catalogue, settings)?;
        let groups: Vec<_> = rules.iter().flat_map(|rules| rules.groups.iter().cloned()).collect();
        let names = promql::Names::of(catalogue);
        let boards = builtin_dashboards::dashboards(catalogue, settings, &names)?;
        let dashboards = grafana::files(&boards, &names, settings);
        let mut files = prometheus::files(&rules, settings);
        files.push(reference::file(catalogue, &groups, &boards));
        files.push(readme::file(settings));
        files.extend(kubernetes::files(&rules, &dashboards, settings));
        files.extend(alerts::runbooks(&groups, settings));
        files.push(File::new("alertmanager/alertmanager.yml", alerts::alertmanager(settings)));
        files.extend(dashboards);
        files.sort_by(|left, right| left.path.cmp(&right.path));
        Ok(files)
    }

    /// Writes all files into a folder, which is made if it isn't there. What else is in it stays.
    ///
    /// # Errors
    /// Those of [`files`](Self::files), or what can't be written. Then the folder is as it was.
    pub fn write_to(&self, folder: impl AsRef<Path>) -> Result<(), MonitoringError> {
        folder::write(folder.as_ref(), &self.files()?)
    }
}
