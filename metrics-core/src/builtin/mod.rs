//! The agent's own families, a file a group.
//!
//! A group keeps one bundle of series for each value of its main label (a task type, a model, a
//! tool, an endpoint), so that a call resolves its label once and reaches all it records from there.

mod budget;
mod business;
mod completion;
mod cost;
mod dimensions;
mod health;
mod http;
mod llm;
mod notes;
mod otel;
mod task;
mod tool;

use std::sync::Arc;

use once_cell::race::OnceBox;

pub use budget::Budget;
pub(crate) use budget::{Budgets, pico_of};
pub(crate) use business::{Business, CacheLabels, CacheResult, MemoryLabels};
pub(crate) use cost::ToolCost;
pub(crate) use dimensions::{BundlesByPoint, Dimension, Dimensions, MAX_POINTS};
pub use dimensions::{DimensionPoint, DimensionValue};
pub(crate) use health::Health;
pub(crate) use http::{Http, HttpSeries, Method};
pub(crate) use llm::Llm;
pub(crate) use llm::Spent;
pub use llm::{Attempt, CallFacts, LlmSeries};
pub(crate) use otel::Otel;
pub use otel::Profile;
#[cfg(feature = "otlp")]
pub(crate) use otel::attribute_name;
pub(crate) use task::Tasks;
pub use task::{TaskSeries, TaskTotals};
pub use tool::ToolSeries;
pub(crate) use tool::Tools;

use crate::faults::{FaultReporter, ReportsFaults};
use crate::label::Interner;
use crate::metric::HistogramOptions;
use crate::pricing::PriceTable;
use crate::sample::Source;

/// What the families are told when they are made.
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
    /// The names that tools can have, if not any.
    pub(crate) known_tools: Option<Vec<String>>,
    pub(crate) dimensions: Arc<Dimensions>,
    pub(crate) profiles: Vec<Profile>,
    /// Whether tasks, models and tools have their families of this crate's names.
    pub(crate) builtin_names: bool,
    /// Whether it is measured how long tasks wait for their first poll.
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
    /// Words that the series of tasks, models and tools come to at most, roughly: what a bundle has in its usual rows,
    /// for each value of its label and each point of the dimensions.
    pub(crate) fn most_words(&self) -> usize {
        const TASK: usize = 120;
        const MODEL: usize = 160;
        const TOOL: usize = 20;
        let by_status = if self.duration_by_status { 8 } else { 1 };
        let each = TASK * self.task_types + MODEL * self.models + TOOL * by_status * self.tools;
        each.saturating_mul(self.dimensions.size())
    }
}

/// All of the agent's families.
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
    /// For the histograms of the user's that are registered later.
    pub(crate) histogram_options: HistogramOptions,
}

impl Families {
    pub(crate) fn new(settings: &Settings, prices: PriceTable, faults: Arc<FaultReporter>) -> Self {
        let histogram_options = settings.histogram_options.clone().reporting_to(&faults);
        let settings = &Settings { histogram_options, ..settings.clone() };
        let tool_cost = Arc::new(ToolCost::new(settings.dimensions.clone()));
        let budgets = Arc::new(Budgets::new(faults.clone()));
        let otel = Otel::new(&settings.profiles, &settings.histogram_options).map(Arc::new);
        Self {
            tasks: Arc::new(Tasks::new(settings, budgets.clone(), otel.clone(), faults.clone())),
            tools: Arc::new(Tools::new(settings, tool_cost.clone(), otel.clone(), faults.clone())),
            llm: Arc::new(Llm::new(settings, prices, tool_cost.clone(), otel.clone(), faults.clone())),
            http: Arc::new(Http::new(settings)),
            health: Arc::new(Health::new(faults.clone())),
            faults,
            tool_cost,
            dimensions: settings.dimensions.clone(),
            budgets,
            otel,
            builtin_names: settings.builtin_names,
            business: Business::new(&settings.histogram_options),
            histogram_options: settings.histogram_options.clone(),
        }
    }

    pub(crate) fn sources(&self) -> Vec<Arc<dyn Source>> {
        let mut sources: Vec<Arc<dyn Source>> =
            vec![self.http.clone(), self.budgets.clone(), self.health.clone()];
        if self.builtin_names {
            let own: [Arc<dyn Source>; 3] = [self.tasks.clone(), self.llm.clone(), self.tools.clone()];
            sources.extend(own);
        }
        if let Some(otel) = &self.otel {
            sources.push(otel.clone());
        }
        sources.extend(self.business.sources());
        sources
    }
}

/// Bundles by the value of a capped label.
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

    /// The bundle of a slot, made if it is new.
    #[inline]
    pub(crate) fn bundle(&self, slot: usize, make: impl FnOnce(&str) -> S) -> &S {
        match self.bundles[slot].get() {
            Some(bundle) => bundle,
            None => self.make(slot, make),
        }
    }

    #[cold]
    fn make(&self, slot: usize, make: impl FnOnce(&str) -> S) -> &S {
        let name = self.values.name(slot).unwrap_or(crate::label::OTHER);
        self.bundles[slot].get_or_init(|| Box::new(make(name)))
    }

    /// The bundle of a slot, if it was made.
    #[inline]
    pub(crate) fn get(&self, slot: usize) -> Option<&S> {
        self.bundles.get(slot)?.get()
    }

    /// All bundles made so far, those at no point of the dimensions.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &S> {
        self.bundles.iter().filter_map(OnceBox::get)
    }

    /// In how many parts the bundles are shown.
    pub(crate) fn parts(&self) -> usize {
        self.bundles.len().div_ceil(PART)
    }

    /// The bundles of one part.
    pub(crate) fn iter_in(&self, part: usize) -> impl Iterator<Item = &S> {
        self.bundles.iter().skip(part * PART).take(PART).filter_map(OnceBox::get)
    }
}

/// Bundles that are shown at once.
const PART: usize = 64;

impl<S: Bundle> Table<S> {
    /// The bundles of one part, at all points.
    pub(crate) fn iter_all_in(&self, part: usize) -> impl Iterator<Item = &S> {
        self.iter_in(part).flat_map(|base| std::iter::once(base).chain(base.points().others()))
    }
}

/// A kind of bundle, and where it is kept.
pub trait Bundle: ReportsFaults + Sized + Send + Sync + 'static {
    #[doc(hidden)]
    fn group(families: &Families) -> &impl Group<Self>;
    #[doc(hidden)]
    fn dimensions(&self) -> &Arc<Dimensions>;
    #[doc(hidden)]
    fn points(&self) -> &BundlesByPoint<Self>;
    /// Another at a point, which nobody else has made.
    #[doc(hidden)]
    fn made_at(&self, point: DimensionPoint) -> Self;

    /// The one at a point, by the one at none.
    #[doc(hidden)]
    #[inline]
    fn at(&self, point: DimensionPoint) -> &Self {
        self.points().at(self, point, || self.made_at(point))
    }

    /// Makes those that start at zero.
    #[doc(hidden)]
    fn start(&self) {
        self.dimensions().zero_points().for_each(|point| {
            self.at(point);
        });
    }
}

/// A group of families, by the value of its main label.
#[doc(hidden)]
pub trait Group<S> {
    /// The label values that have slots.
    fn values(&self) -> &Interner;
    /// The bundle of a slot.
    fn bundle(&self, slot: usize) -> &S;

    /// The slot of a label value that was given at a call, which has a bundle afterwards.
    #[inline]
    fn slot(&self, value: &str) -> usize {
        self.known_slot(value)
    }

    /// The slot of a label value that stands in the code, which has a bundle afterwards.
    #[inline]
    fn known_slot(&self, value: &str) -> usize {
        let slot = self.values().slot(value);
        self.bundle(slot);
        slot
    }
}

/// A label value, and whose word it is.
#[derive(Clone, Copy)]
pub(crate) enum Value<'a> {
    /// It stands in the code.
    Known(&'a str),
    /// Somebody gave it at the call.
    Given(&'a str),
}

impl Value<'_> {
    #[inline]
    pub(crate) fn slot<S>(self, group: &impl Group<S>) -> usize {
        match self {
            Self::Known(value) => group.known_slot(value),
            Self::Given(value) => group.slot(value),
        }
    }
}

/// The bundle of a label value.
#[inline]
pub(crate) fn find<'a, S: Bundle>(families: &'a Families, value: Value<'_>) -> &'a S {
    let group = S::group(families);
    group.bundle(value.slot(group))
}
