//! The built-in families.
//!
//! A group declares its families in one table (see [`declaration`]). It keeps one bundle of series for each value of its main
//! label (a task type, a model, a tool, an endpoint), so that a call looks its label up once and then records in one place.

mod budget;
mod business;
mod completion;
mod cost;
mod declaration;
mod dimensions;
mod exporting;
mod health;
mod http;
mod llm;
mod otel;
mod rolling;
mod task;
mod tool;

use std::sync::Arc;

use once_cell::race::OnceBox;

pub use budget::Budget;
pub(crate) use budget::{Budgets, to_pico_usd};
pub(crate) use business::{Business, CacheLabels, CacheResult, MemoryLabels};
pub(crate) use cost::ToolCost;
pub(crate) use declaration::{BuiltinFamily, EnabledFamilies, FamilyId, reserved_label_names};
pub(crate) use dimensions::{BundlesByPoint, Dimension, Dimensions, MAX_POINTS};
pub use dimensions::{DimensionPoint, DimensionValue};
#[cfg(feature = "serve")]
pub(crate) use exporting::{ExporterFamily, REASON, REFUSAL_REASONS};
#[cfg(feature = "_push")]
pub(crate) use exporting::{PUSH_OUTCOMES, PushFamily, TARGET};
pub(crate) use health::Health;
pub(crate) use http::{Http, HttpSeries, Method};
pub use llm::{Attempt, CallFacts, LlmSeries};
pub(crate) use llm::{Llm, LlmFamily, MODEL, Spent};
pub(crate) use otel::Otel;
pub use otel::Profile;
#[cfg(feature = "otlp")]
pub(crate) use otel::attribute_name;
pub(crate) use task::{TASK_TYPE, TaskFamily, Tasks};
pub use task::{TaskSeries, TaskTotals};
pub use tool::ToolSeries;
pub(crate) use tool::{TOOL_NAME, ToolFamily, Tools};

use crate::faults::{FaultReporter, ReportsFaults};
use crate::label::Interner;
use crate::metric::HistogramOptions;
use crate::pricing::PriceTable;
use crate::sample::Source;

/// Every table of built-in families.
pub(crate) const BUILTIN_TABLES: &[&[BuiltinFamily]] = &[
    task::TaskFamily::TABLE,
    llm::LlmFamily::TABLE,
    tool::ToolFamily::TABLE,
    budget::BudgetFamily::TABLE,
    http::HttpFamily::TABLE,
    business::ApplicationFamily::TABLE,
    health::HealthFamily::TABLE,
    #[cfg(feature = "_push")]
    PushFamily::TABLE,
    #[cfg(feature = "serve")]
    ExporterFamily::TABLE,
    otel::OtelFamily::TABLE,
];

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

/// The built-in families of an instance.
pub struct Families {
    pub(crate) tasks: Arc<Tasks>,
    pub(crate) tools: Arc<Tools>,
    pub(crate) llm: Arc<Llm>,
    pub(crate) http: Arc<Http>,
    pub(crate) health: Arc<Health>,
    pub(crate) faults: Arc<FaultReporter>,
    pub(crate) tool_cost: Arc<ToolCost>,
    pub(crate) business: Business,
    pub(crate) dimensions: Arc<Dimensions>,
    pub(crate) budgets: Arc<Budgets>,
    pub(crate) otel: Option<Arc<Otel>>,
    builtin_names: bool,
    /// The options for user-defined histograms, which are registered later.
    pub(crate) histogram_options: HistogramOptions,
}

impl std::fmt::Debug for Families {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Families").field("dimensions", &self.dimensions).finish_non_exhaustive()
    }
}

impl Families {
    pub(crate) fn new(settings: &Settings, prices: PriceTable, faults: Arc<FaultReporter>) -> Self {
        let histogram_options = settings.histogram_options.clone().reporting_to(&faults);
        let settings = &Settings { histogram_options, ..settings.clone() };
        let tool_cost = Arc::new(ToolCost::new(settings.dimensions.clone()));
        let budgets = Arc::new(Budgets::new(settings, faults.clone()));
        let otel = Otel::new(settings).map(Arc::new);
        Self {
            tasks: Arc::new(Tasks::new(settings, budgets.clone(), otel.clone(), faults.clone())),
            tools: Arc::new(Tools::new(settings, tool_cost.clone(), otel.clone(), faults.clone())),
            llm: Arc::new(Llm::new(settings, prices, tool_cost.clone(), otel.clone(), faults.clone())),
            http: Arc::new(Http::new(settings)),
            health: Arc::new(Health::new(settings, faults.clone())),
            faults,
            tool_cost,
            dimensions: settings.dimensions.clone(),
            budgets,
            otel,
            builtin_names: settings.builtin_names,
            business: Business::new(settings),
            histogram_options: settings.histogram_options.clone(),
        }
    }

    pub(crate) fn sources(&self) -> Vec<Arc<dyn Source>> {
        let mut sources: Vec<Arc<dyn Source>> =
            vec![self.http.clone(), self.budgets.clone(), self.health.clone()];
        if self.builtin_names {
            let calls: [Arc<dyn Source>; 3] = [self.tasks.clone(), self.llm.clone(), self.tools.clone()];
            sources.extend(calls);
        }
        if let Some(otel) = &self.otel {
            sources.push(otel.clone());
        }
        sources.extend(self.business.sources());
        sources
    }
}

/// One bundle for each value of a capped label.
pub(crate) struct Table<S> {
    pub(crate) values: Arc<Interner>,
    bundles: Box<[OnceBox<S>]>,
}

impl<S> Table<S> {
    pub(crate) fn new(cap: usize) -> Self {
        let values = Arc::new(Interner::new(cap));
        let bundles = (0..values.slots()).map(|_| OnceBox::new()).collect();
        Self { values, bundles }
    }

    /// Returns the bundle of a slot, created on first use.
    #[inline]
    pub(crate) fn bundle(&self, slot: usize, create: impl FnOnce(&str) -> S) -> &S {
        match self.bundles[slot].get() {
            Some(bundle) => bundle,
            None => self.create(slot, create),
        }
    }

    #[cold]
    fn create(&self, slot: usize, create: impl FnOnce(&str) -> S) -> &S {
        let name = self.values.name(slot).unwrap_or(crate::label::OTHER);
        self.bundles[slot].get_or_init(|| Box::new(create(name)))
    }

    /// Returns the bundle of a slot, if it exists.
    #[inline]
    pub(crate) fn get(&self, slot: usize) -> Option<&S> {
        self.bundles.get(slot)?.get()
    }

    /// Returns all bundles without dimension values.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &S> {
        self.bundles.iter().filter_map(OnceBox::get)
    }

    /// Returns the number of parts in which the bundles are visited.
    pub(crate) fn parts(&self) -> usize {
        self.bundles.len().div_ceil(PART)
    }

    /// Returns the bundles of one part, without dimension values.
    pub(crate) fn iter_in(&self, part: usize) -> impl Iterator<Item = &S> {
        self.bundles.iter().skip(part * PART).take(PART).filter_map(OnceBox::get)
    }
}

/// The number of bundles in one part.
const PART: usize = 64;

impl<S: Bundle> Table<S> {
    /// Returns the bundles of one part with all dimension points.
    pub(crate) fn iter_all_in(&self, part: usize) -> impl Iterator<Item = &S> {
        self.iter_in(part).flat_map(|base| std::iter::once(base).chain(base.points().created()))
    }
}

/// The bundle of a group: all series of one value of the group's main label.
pub trait Bundle: ReportsFaults + Sized + Send + Sync + 'static {
    #[doc(hidden)]
    fn group(families: &Families) -> &impl Group<Self>;
    #[doc(hidden)]
    fn dimensions(&self) -> &Arc<Dimensions>;
    #[doc(hidden)]
    fn points(&self) -> &BundlesByPoint<Self>;
    /// Creates the bundle of the same label value at another point.
    #[doc(hidden)]
    fn create_at(&self, point: DimensionPoint) -> Self;

    /// Returns the bundle of the same label value at a point, created on first use. `self` has no dimension values.
    #[doc(hidden)]
    #[inline]
    fn at(&self, point: DimensionPoint) -> &Self {
        self.points().at(self, point, || self.create_at(point))
    }

    /// Creates the bundles whose series start at zero.
    #[doc(hidden)]
    fn start(&self) {
        self.dimensions().zero_points().for_each(|point| {
            self.at(point);
        });
    }
}

/// A group of families with its bundles by the value of the main label.
#[doc(hidden)]
pub trait Group<S> {
    /// Returns the label values that have slots.
    fn values(&self) -> &Interner;
    /// Returns the bundle of a slot.
    fn bundle(&self, slot: usize) -> &S;

    /// Returns the slot of a label value that was computed at run time, and creates its bundle.
    #[inline]
    fn slot(&self, value: &str) -> usize {
        self.slot_in_code(value)
    }

    /// Returns the slot of a label value that is a constant in the code, and creates its bundle.
    #[inline]
    fn slot_in_code(&self, value: &str) -> usize {
        let slot = self.values().slot(value);
        self.bundle(slot);
        slot
    }
}

/// A label value and its origin.
#[derive(Clone, Copy)]
pub(crate) enum LabelText<'a> {
    /// The value is a constant in the code.
    InCode(&'a str),
    /// The value was computed at run time, such as a tool name that a model chose.
    AtRuntime(&'a str),
}

impl LabelText<'_> {
    #[inline]
    pub(crate) fn slot<S>(self, group: &impl Group<S>) -> usize {
        match self {
            Self::InCode(value) => group.slot_in_code(value),
            Self::AtRuntime(value) => group.slot(value),
        }
    }
}

/// Returns the bundle of a label value, without dimension values.
#[inline]
pub(crate) fn find<'a, S: Bundle>(families: &'a Families, value: LabelText<'_>) -> &'a S {
    let group = S::group(families);
    group.bundle(value.slot(group))
}
