//! The instance: it owns the `prometheus::Registry` and knows every family in it.

use std::panic::Location;
use std::sync::{Arc, Mutex, OnceLock, PoisonError, RwLock};

use crate::builder::Builder;
use crate::catalogue::{FamilyInfo, SiteKind};
use crate::error::{BuildError, RegisterError};
use crate::exposition::{self, Exported, Outer};
use crate::families::{Bundle, Business, Group, Health, Http, Llm, Tasks, Tools, find};
use crate::pricing::PriceTable;
use crate::recorder::{Site, linked_sites};
use crate::visit::Source;

/// What the builder was told, as the families need it.
#[derive(Clone)]
pub(crate) struct Settings {
    pub(crate) seed_buckets: bool,
    pub(crate) duration_by_status: bool,
    pub(crate) cents: bool,
    pub(crate) task_types: usize,
    pub(crate) models: usize,
    pub(crate) tools: usize,
    pub(crate) endpoints: usize,
}

/// The agent's metrics: its families, and the registry in which they live beside the user's own.
///
/// A clone is a handle to the same instance. Most programs have one, the [`global`]; tests make
/// their own with [`Builder::build`] and hand it to the attributes as `metrics = ..`.
#[derive(Clone)]
pub struct AgentMetrics(Arc<Inner>);

struct Inner {
    registry: prometheus::Registry,
    /// What the registry adds to every name and sample.
    outer: Outer,
    sources: RwLock<Vec<Arc<dyn Source>>>,
    /// Held while families are registered.
    registering: Mutex<()>,
    /// Call families of the user's, by their label struct.
    call_families: crate::recorder::CallFamilies,
    tasks: Arc<Tasks>,
    tools: Arc<Tools>,
    llm: Arc<Llm>,
    http: Arc<Http>,
    health: Arc<Health>,
    business: Business,
}

struct Global {
    metrics: AgentMetrics,
    first_use: String,
}

static GLOBAL: OnceLock<Global> = OnceLock::new();

/// The metrics that attributes record in unless told otherwise.
///
/// The first use freezes them: without an [`install`](Builder::install) before, they are made with
/// the defaults.
#[track_caller]
pub fn global() -> &'static AgentMetrics {
    let caller = Location::caller();
    global_or(|| caller.to_string())
}

/// The global, first used by a tracked function.
#[inline]
fn global_of(site: &Site) -> &'static AgentMetrics {
    match GLOBAL.get() {
        Some(global) => &global.metrics,
        None => global_or(|| site.info().to_string()),
    }
}

/// The bundle of a label value in the global, for a tracked function.
#[inline(never)]
pub(crate) fn find_in_global<S: Bundle>(site: &Site, value: &str) -> &'static S {
    find(global_of(site), value)
}

#[cold]
fn global_or(first_use: impl FnOnce() -> String) -> &'static AgentMetrics {
    if let Some(global) = GLOBAL.get() {
        return &global.metrics;
    }
    let made =
        GLOBAL.get_or_init(|| Global { metrics: Builder::default().build_default(), first_use: first_use() });
    start_sites_at_zero(&made.metrics);
    &made.metrics
}

/// Refuses when the global is there already.
pub(crate) fn check_unused() -> Result<(), BuildError> {
    match GLOBAL.get() {
        None => Ok(()),
        Some(global) => Err(BuildError::AlreadyInUse { first_use: global.first_use.clone() }),
    }
}

pub(crate) fn install(metrics: AgentMetrics, first_use: String) -> Result<&'static AgentMetrics, BuildError> {
    let mut made = Some(Global { metrics, first_use });
    let global = GLOBAL.get_or_init(|| made.take().unwrap_or_else(|| unreachable!("taken once")));
    if made.is_some() {
        return Err(BuildError::AlreadyInUse { first_use: global.first_use.clone() });
    }
    start_sites_at_zero(&global.metrics);
    Ok(&global.metrics)
}

/// Gives every tracked function with a constant label its series, so that they are seen at 0.
fn start_sites_at_zero(metrics: &AgentMetrics) {
    for site in linked_sites() {
        let Some(label) = site.constant() else { continue };
        match site.info().kind {
            SiteKind::Task => start_at_zero(metrics.tasks(), label.text()),
            SiteKind::Tool => start_at_zero(metrics.tools(), label.text()),
            SiteKind::Llm => start_at_zero(metrics.llm(), label.text()),
            SiteKind::Step | SiteKind::General => {}
        }
    }
}

fn start_at_zero<S>(group: &impl Group<S>, value: &str) {
    group.slot(value);
}

impl AgentMetrics {
    /// A builder with the defaults.
    pub fn builder() -> Builder {
        Builder::default()
    }

    pub(crate) fn new(
        settings: &Settings,
        prices: PriceTable,
        registry: prometheus::Registry,
    ) -> Result<Self, RegisterError> {
        let inner = Inner {
            outer: Outer::of(&registry),
            registry,
            sources: RwLock::default(),
            registering: Mutex::default(),
            call_families: crate::recorder::CallFamilies::default(),
            tasks: Arc::new(Tasks::new(settings)),
            tools: Arc::new(Tools::new(settings)),
            llm: Arc::new(Llm::new(settings, prices)),
            http: Arc::new(Http::new(settings)),
            health: Arc::new(Health::new()),
            business: Business::new(),
        };
        let sources = inner.own_sources();
        let metrics = Self(Arc::new(inner));
        metrics.register_sources(sources)?;
        Ok(metrics)
    }

    /// The registry in which the families live; every collector in it is exposed with them.
    pub fn registry(&self) -> &prometheus::Registry {
        &self.0.registry
    }

    /// Every family of the runtime and of structs with `derive(Metrics)` or `derive(CallLabels)`
    /// that is registered here, by name.
    pub fn families(&self) -> Vec<FamilyInfo> {
        let mut families: Vec<_> =
            self.sources().iter().flat_map(|source| source.families().to_vec()).collect();
        families.sort_by(|left, right| left.name.cmp(&right.name));
        families
    }

    /// This instance as the global, if it is that.
    #[inline]
    pub(crate) fn as_global(&self) -> Option<&'static AgentMetrics> {
        let global = GLOBAL.get()?;
        Arc::ptr_eq(&self.0, &global.metrics.0).then_some(&global.metrics)
    }

    pub(crate) fn tasks(&self) -> &Tasks {
        &self.0.tasks
    }

    pub(crate) fn tools(&self) -> &Tools {
        &self.0.tools
    }

    pub(crate) fn llm(&self) -> &Llm {
        &self.0.llm
    }

    pub(crate) fn http(&self) -> &Http {
        &self.0.http
    }

    pub(crate) fn business(&self) -> &Business {
        &self.0.business
    }

    pub(crate) fn health(&self) -> &Health {
        &self.0.health
    }

    pub(crate) fn outer(&self) -> &Outer {
        &self.0.outer
    }

    pub(crate) fn call_families(&self) -> &crate::recorder::CallFamilies {
        &self.0.call_families
    }

    /// What is registered now.
    pub(crate) fn sources(&self) -> Vec<Arc<dyn Source>> {
        self.0.sources.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Registers the families of some sources: all of them, or none.
    pub(crate) fn register_sources(&self, new: Vec<Arc<dyn Source>>) -> Result<(), RegisterError> {
        let _registering = self.0.registering.lock().unwrap_or_else(PoisonError::into_inner);
        self.check_new(&new)?;
        let mut registered: Vec<Exported> = Vec::new();
        for source in &new {
            for family in 0..source.families().len() {
                let exported = Exported::new(source.clone(), family);
                if let Err(error) = exposition::register(&self.0.registry, &exported) {
                    for exported in registered {
                        exposition::unregister(&self.0.registry, exported);
                    }
                    return Err(error);
                }
                registered.push(exported);
            }
        }
        for source in &new {
            self.0.health.watch(source);
        }
        self.0.sources.write().unwrap_or_else(PoisonError::into_inner).extend(new);
        Ok(())
    }

    fn check_new(&self, new: &[Arc<dyn Source>]) -> Result<(), RegisterError> {
        let mut known = self.families();
        for info in new.iter().flat_map(|source| source.families()) {
            if let Some(existing) = known.iter().find(|existing| existing.name == info.name) {
                let owned = |labels: &[&str]| labels.iter().map(|label| (*label).to_owned()).collect();
                return Err(RegisterError::Duplicate {
                    name: info.name.clone(),
                    labels: owned(&info.labels),
                    existing_labels: owned(&existing.labels),
                });
            }
            if let Some(label) = self.0.outer.collision(&info.labels) {
                return Err(RegisterError::LabelCollision { label, family: info.name.clone() });
            }
            known.push(info.clone());
        }
        Ok(())
    }
}

impl Inner {
    fn own_sources(&self) -> Vec<Arc<dyn Source>> {
        use crate::registration::Metric;
        let business = &self.business;
        vec![
            self.http.clone(),
            self.tasks.clone(),
            self.llm.clone(),
            self.tools.clone(),
            self.health.clone(),
            business.cache.handle().0,
            business.memory.handle().0,
            business.satisfaction.handle().0,
            business.app.handle().0,
        ]
    }
}

impl AsRef<AgentMetrics> for AgentMetrics {
    fn as_ref(&self) -> &AgentMetrics {
        self
    }
}

impl std::fmt::Debug for AgentMetrics {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AgentMetrics").field("families", &self.families().len()).finish_non_exhaustive()
    }
}
