//! The settings of an instance that its built-in families depend on.

use std::sync::Arc;

use super::dimensions::Dimensions;
use super::otel::Profile;
use crate::metric::HistogramOptions;
use crate::pricing::PriceClock;

/// The settings of an instance that its built-in families depend on.
#[derive(Clone)]
#[allow(clippy::struct_excessive_bools)] // Switches of the builder.
pub(crate) struct Settings {
    pub(crate) compact_buckets: bool,
    pub(crate) duration_by_status: bool,
    pub(crate) cents: bool,
    pub(crate) task_types: usize,
    pub(crate) models: usize,
    pub(crate) tools: usize,
    pub(crate) endpoints: usize,
    /// The only tool names that have series; `None` for any name.
    pub(crate) known_tools: Option<Vec<String>>,
    pub(crate) dimensions: Arc<Dimensions>,
    pub(crate) profiles: Vec<Profile>,
    /// Whether the families of tasks, LLM calls and tools are exposed under the names of this crate.
    pub(crate) builtin_names: bool,
    /// Whether the time from the creation of a task's future to its first poll is measured.
    pub(crate) task_queue: bool,
    pub(crate) histogram_options: HistogramOptions,
    pub(crate) price_clock: PriceClock,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            compact_buckets: false,
            duration_by_status: false,
            cents: true,
            task_types: 128,
            models: 128,
            tools: 512,
            endpoints: 512,
            known_tools: None,
            dimensions: Arc::default(),
            profiles: Vec::new(),
            builtin_names: true,
            task_queue: false,
            histogram_options: HistogramOptions::crate_default(),
            price_clock: PriceClock::default(),
        }
    }
}

impl Settings {
    /// Returns the approximate size, in bytes for each recording thread, of the series of all task types, models and tools with
    /// all combinations of dimension values. It counts the series that a bundle has in typical use.
    pub(crate) fn max_bytes_per_thread(&self) -> usize {
        // Cells in one bundle.
        const TASK: usize = 120;
        const MODEL: usize = 160;
        const TOOL: usize = 20;
        let by_status = if self.duration_by_status { 8 } else { 1 };
        let cells = TASK * self.task_types + MODEL * self.models + TOOL * by_status * self.tools;
        cells.saturating_mul(self.dimensions.size()).saturating_mul(CELL_BYTES)
    }
}

/// The size of one cell of storage.
pub(crate) const CELL_BYTES: usize = 8;
