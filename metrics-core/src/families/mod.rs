//! The agent's own families, a file a group.
//!
//! A group keeps one bundle of series for each value of its main label (a task type, a model, a
//! tool, an endpoint), so that a call resolves its label once and reaches all it records from there.

mod business;
mod completion;
mod cost;
mod health;
mod http;
mod llm;
mod task;
mod tool;

use std::ops::Deref;
use std::sync::Arc;

use once_cell::race::OnceBox;

pub(crate) use business::{Business, CacheLabels, CacheResult, MemoryLabels};
pub(crate) use cost::ToolCost;
pub(crate) use health::Health;
pub(crate) use http::{Http, HttpSeries, Method};
pub(crate) use llm::Llm;
pub(crate) use llm::Spent;
pub use llm::{Attempt, CallFacts, LlmSeries};
pub(crate) use task::Tasks;
pub use task::{TaskSeries, TaskTotals};
pub use tool::ToolSeries;
pub(crate) use tool::Tools;

use crate::faults::{Faults, Watched};
use crate::label::Interner;
use crate::pricing::PriceTable;
use crate::visit::Source;

/// What the families are told when they are made.
#[derive(Clone)]
pub(crate) struct Settings {
    pub(crate) seed_buckets: bool,
    pub(crate) duration_by_status: bool,
    pub(crate) cents: bool,
    pub(crate) task_types: usize,
    pub(crate) models: usize,
    pub(crate) tools: usize,
    pub(crate) endpoints: usize,
    /// The names that tools can have; any, where none is given.
    pub(crate) known_tools: Vec<String>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            seed_buckets: false,
            duration_by_status: false,
            cents: true,
            task_types: 128,
            models: 128,
            tools: 512,
            endpoints: 512,
            known_tools: Vec::new(),
        }
    }
}

/// All of the agent's families.
pub struct Families {
    pub(crate) tasks: Arc<Tasks>,
    pub(crate) tools: Arc<Tools>,
    pub(crate) llm: Arc<Llm>,
    pub(crate) http: Arc<Http>,
    pub(crate) health: Arc<Health>,
    pub(crate) faults: Arc<Faults>,
    pub(crate) tool_cost: Arc<ToolCost>,
    pub(crate) business: Business,
}

impl Families {
    pub(crate) fn new(settings: &Settings, prices: PriceTable, faults: Arc<Faults>) -> Self {
        let tool_cost = Arc::new(ToolCost::new());
        Self {
            tasks: Arc::new(Tasks::new(settings, faults.clone())),
            tools: Arc::new(Tools::new(settings, tool_cost.clone(), faults.clone())),
            llm: Arc::new(Llm::new(settings, prices, tool_cost.clone(), faults.clone())),
            http: Arc::new(Http::new(settings)),
            health: Arc::new(Health::new(faults.clone())),
            faults,
            tool_cost,
            business: Business::new(),
        }
    }

    pub(crate) fn sources(&self) -> Vec<Arc<dyn Source>> {
        let mut sources: Vec<Arc<dyn Source>> = vec![
            self.http.clone(),
            self.tasks.clone(),
            self.llm.clone(),
            self.tools.clone(),
            self.health.clone(),
        ];
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

    /// All bundles made so far.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &S> {
        self.bundles.iter().filter_map(OnceBox::get)
    }
}

/// A kind of bundle, and where it is kept.
pub trait Bundle: Watched + Sized + Send + Sync + 'static {
    #[doc(hidden)]
    fn group(families: &Families) -> &impl Group<Self>;
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

/// A bundle that a call holds on to while it runs, whoever keeps it.
pub trait Hold<S: Bundle>: Deref<Target = S> {
    /// The same, to be held by something else too.
    fn keep(&self) -> Held<S>;
}

impl<S: Bundle> Hold<S> for &'static S {
    #[inline]
    fn keep(&self) -> Held<S> {
        Held::Static(self)
    }
}

impl<S: Bundle> Hold<S> for Held<S> {
    fn keep(&self) -> Self {
        match self {
            Self::Static(bundle) => Self::Static(bundle),
            Self::Shared(families, slot) => Self::Shared(families.clone(), *slot),
        }
    }
}

/// A bundle of any instance: the global's live for ever, those of another are kept by keeping its
/// families.
pub enum Held<S: Bundle> {
    /// Of the global metrics.
    Static(&'static S),
    /// Of an instance, at a slot of its table.
    Shared(Arc<Families>, u32),
}

impl<S: Bundle> Held<S> {
    /// Keeps the families that the bundle of a label value is of.
    pub(crate) fn keeping(families: &Arc<Families>, value: Value<'_>) -> Self {
        Self::Shared(families.clone(), value.slot(S::group(families)) as u32)
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
    fn slot<S>(self, group: &impl Group<S>) -> usize {
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

impl<S: Bundle> Deref for Held<S> {
    type Target = S;

    #[inline]
    fn deref(&self) -> &S {
        match self {
            Self::Static(bundle) => bundle,
            Self::Shared(families, slot) => S::group(families).bundle(*slot as usize),
        }
    }
}
