//! The agent's own families, a file a group.
//!
//! A group keeps one bundle of series for each value of its main label (a task type, a model, a
//! tool, an endpoint), so that a call resolves its label once and reaches all it records from there.

mod business;
mod completion;
mod health;
mod http;
mod llm;
mod task;
mod tool;

use std::ops::Deref;
use std::sync::Arc;

use once_cell::race::OnceBox;

pub(crate) use business::{Business, CacheLabels, CacheResult, MemoryLabels};
pub(crate) use health::Health;
pub(crate) use http::{Http, HttpSeries, Method};
pub(crate) use llm::Llm;
pub use llm::LlmSeries;
pub use task::TaskSeries;
pub(crate) use task::Tasks;
pub use tool::ToolSeries;
pub(crate) use tool::Tools;

use crate::label::Interner;
use crate::registry::AgentMetrics;

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

    /// All bundles made so far.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &S> {
        self.bundles.iter().filter_map(OnceBox::get)
    }
}

/// A kind of bundle, and where an instance of the metrics keeps it.
pub trait Bundle: Sized + Send + Sync + 'static {
    #[doc(hidden)]
    fn group(metrics: &AgentMetrics) -> &impl Group<Self>;
}

/// A group of families, by the value of its main label.
#[doc(hidden)]
pub trait Group<S> {
    /// The slot of a label value, which has a bundle afterwards.
    fn slot(&self, value: &str) -> usize;
    /// The bundle of a slot.
    fn bundle(&self, slot: usize) -> &S;
}

/// A bundle that a call holds on to while it runs, whoever keeps it.
pub trait Hold<S>: Deref<Target = S> {}

impl<S, H: Deref<Target = S>> Hold<S> for H {}

/// A bundle of any instance: the global's live for ever, those of another are kept by keeping the
/// instance.
pub enum Held<S: Bundle> {
    /// Of the global metrics.
    Static(&'static S),
    /// Of an instance, at a slot of its table.
    Shared(AgentMetrics, u32),
}

impl<S: Bundle> Held<S> {
    /// Holds the bundle of a label value in an instance that may end before the call does.
    pub(crate) fn of(metrics: &AgentMetrics, value: &str) -> Self {
        match metrics.as_global() {
            Some(global) => Self::Static(find(global, value)),
            None => Self::Shared(metrics.clone(), S::group(metrics).slot(value) as u32),
        }
    }
}

/// The bundle of a label value.
#[inline]
pub(crate) fn find<'a, S: Bundle>(metrics: &'a AgentMetrics, value: &str) -> &'a S {
    let group = S::group(metrics);
    group.bundle(group.slot(value))
}

impl<S: Bundle> Deref for Held<S> {
    type Target = S;

    #[inline]
    fn deref(&self) -> &S {
        match self {
            Self::Static(bundle) => bundle,
            Self::Shared(metrics, slot) => S::group(metrics).bundle(*slot as usize),
        }
    }
}
