//! What an instance can show, with the functions that record in it.

use super::sites;
use crate::builtin::Dimension;
use crate::catalogue::{Catalogue, DimensionInfo};
use crate::instance::AgentMetrics;

impl AgentMetrics {
    /// What this instance can show, as data.
    pub fn catalogue(&self) -> Catalogue {
        let mut sites: Vec<_> = sites().collect();
        sites.sort_by_key(|site| (site.file, site.line));
        let info = |of: &Dimension| DimensionInfo { name: of.name, values: of.values };
        let dimensions = self.families_ref().dimensions.iter().map(info).collect();
        Catalogue { families: self.families(), sites, dimensions }
    }
}
