//! An instance: the built-in families and the registry that holds them.

pub(crate) mod registration;

use std::any::{Any, TypeId};
use std::collections::HashMap;
use std::convert::Infallible;
use std::panic::{RefUnwindSafe, UnwindSafe};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use crate::builtin::{Families, Settings};
use crate::clock;
use crate::error::{Fault, RegisterError};
use crate::exposition::{self, Chunks, Exposition};
use crate::faults::FaultReporter;
use crate::pricing::PriceTable;
use crate::registry::Registry;
use crate::sample::{FamilyInfo, Source};

/// A set of metrics: the built-in families, and the registry that holds them beside user-defined ones.
///
/// A clone is a handle to the same instance. Most programs use one instance, the [`global`](crate::global) one. Tests
/// build separate instances with [`Builder::build`](crate::Builder::build) and pass them to the attributes as
/// `metrics = ..`.
#[derive(Clone)]
pub struct AgentMetrics(Arc<Inner>);

struct Inner {
    registry: Registry,
    families: Arc<Families>,
    extensions: Extensions,
    /// The time of its creation.
    #[cfg(feature = "otlp")]
    since: std::time::SystemTime,
}

/// A handle to an instance that does not keep it alive.
#[cfg(feature = "live")]
pub(crate) struct WeakMetrics(std::sync::Weak<Inner>);

#[cfg(feature = "live")]
impl WeakMetrics {
    pub(crate) fn upgrade(&self) -> Option<AgentMetrics> {
        self.0.upgrade().map(AgentMetrics)
    }
}

/// User-defined families that are created at their first use, by type.
#[derive(Default)]
struct Extensions {
    made: RwLock<HashMap<TypeId, Box<dyn Any + Send + Sync>>>,
    /// Locked while one of them is created. It is separate from the map, so that those that exist are found meanwhile.
    making: Mutex<()>,
}

// Counters are only added to, and locks that a panic poisons are used all the same.
impl UnwindSafe for AgentMetrics {}
impl RefUnwindSafe for AgentMetrics {}

impl AgentMetrics {
    pub(crate) fn new(
        settings: &Settings,
        prices: PriceTable,
        faults: FaultReporter,
        registry: prometheus::Registry,
    ) -> Result<Self, RegisterError> {
        let faults = Arc::new(faults);
        let families = Arc::new(Families::new(settings, prices, faults.clone()));
        let metrics = Self(Arc::new(Inner {
            registry: Registry::new(registry, faults),
            families,
            extensions: Extensions::default(),
            #[cfg(feature = "otlp")]
            since: std::time::SystemTime::now(),
        }));
        metrics.register(&metrics.families_ref().sources())?;
        Ok(metrics)
    }

    /// Creates an instance with the defaults in a new registry, where nothing can collide.
    pub(crate) fn with_defaults() -> Self {
        clock::calibrate();
        let registry = prometheus::Registry::new();
        let made = Self::new(&Settings::default(), PriceTable::bundled(), FaultReporter::default(), registry);
        made.unwrap_or_else(|error| unreachable!("the defaults are valid: {error}"))
    }

    /// Returns the registry of the families. Every collector in it is exposed.
    pub fn registry(&self) -> &prometheus::Registry {
        self.0.registry.prometheus()
    }

    /// Replaces the price table while calls run. A call is billed entirely by the table that is active when the call ends;
    /// costs that are already counted stay. No call waits for the replacement.
    ///
    /// ```
    /// use agent_metrics::{AgentMetrics, Price};
    ///
    /// let metrics = AgentMetrics::builder().build()?;
    /// metrics.set_prices(metrics.prices().with("my-model", Price::per_million(1.25, 10.0)));
    /// # Ok::<(), agent_metrics::BuildError>(())
    /// ```
    pub fn set_prices(&self, prices: PriceTable) {
        self.0.families.llm.set_prices(prices);
    }

    /// Returns a copy of the active price table.
    pub fn prices(&self) -> PriceTable {
        self.0.families.llm.prices()
    }

    /// Returns the description of every registered family, built-in or of a struct with `derive(Metrics)` or
    /// `derive(CallLabels)`, ordered by name.
    pub fn families(&self) -> Vec<FamilyInfo> {
        self.0.registry.families()
    }

    /// Encodes everything in the registry in the format and compression that the client prefers.
    ///
    /// `accept` and `accept_encoding` are the values of these request headers; join several header lines with commas. The
    /// formats are Prometheus' protocol buffers, OpenMetrics 1.0.0, and Prometheus text 1.0.0 and 0.0.4. Text 0.0.4 is
    /// also used when `accept` is absent, malformed or names none of these formats. The compressions are gzip and zstd,
    /// each with the feature of its name.
    pub fn encode(&self, accept: Option<&str>, accept_encoding: Option<&str>) -> Exposition {
        let accept = accept.unwrap_or_default();
        let accept_encoding = accept_encoding.unwrap_or_default();
        exposition::encode(&self.0.registry, &self.0.families.health, accept, accept_encoding)
    }

    /// Encodes everything in the registry in chunks of about 64 KiB. Each chunk is written when the iterator yields it, so
    /// that a large exposition is never in memory as a whole.
    ///
    /// ```
    /// use std::io::Write;
    ///
    /// let metrics = agent_metrics::AgentMetrics::builder().build()?;
    /// let mut connection = Vec::new(); // A `TcpStream`, say.
    /// for chunk in metrics.encode_chunks(Some("text/plain"), None) {
    ///     connection.write_all(&chunk)?;
    /// }
    /// assert!(connection.starts_with(b"# HELP "));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn encode_chunks(&self, accept: Option<&str>, accept_encoding: Option<&str>) -> Chunks {
        Chunks::new(
            &self.0.registry,
            &self.0.families.health,
            accept.unwrap_or_default(),
            accept_encoding.unwrap_or_default(),
        )
    }

    /// Encodes everything in the registry as Prometheus text 0.0.4.
    pub fn to_text(&self) -> String {
        exposition::to_text(&self.0.registry, &self.0.families.health)
    }

    pub(crate) fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    #[cfg(any(feature = "_push", feature = "live"))]
    pub(crate) fn registry_ref(&self) -> &Registry {
        &self.0.registry
    }

    /// Returns the time since which it counts.
    #[cfg(feature = "otlp")]
    pub(crate) fn since(&self) -> std::time::SystemTime {
        self.0.since
    }

    /// Returns a handle that does not keep the instance alive.
    #[cfg(feature = "live")]
    pub(crate) fn downgrade(&self) -> WeakMetrics {
        WeakMetrics(Arc::downgrade(&self.0))
    }

    pub(crate) fn families_ref(&self) -> &Arc<Families> {
        &self.0.families
    }

    /// Returns the handle of type `T` that belongs to this instance, if it exists.
    pub(crate) fn found<T: Clone + Send + Sync + 'static>(&self) -> Option<T> {
        let made = self.0.extensions.made.read().unwrap_or_else(PoisonError::into_inner);
        made.get(&TypeId::of::<T>())?.downcast_ref::<T>().cloned()
    }

    /// Stores a handle that could not be registered and reports the error once. The handle is stored before the report,
    /// since the hook may use it.
    pub(crate) fn keep_refused<T: Clone + Send + Sync + 'static>(
        &self,
        refused: T,
        error: RegisterError,
    ) -> T {
        let mut is_first = false;
        let kept: Result<T, Infallible> = self.extension(|| {
            is_first = true;
            Ok(refused)
        });
        if is_first {
            self.0.families.faults.report(&Fault::NotRegistered(error));
        }
        kept.unwrap_or_else(|never| match never {})
    }

    /// Returns the handle of type `T` that belongs to this instance, and creates it at the first use.
    pub(crate) fn extension<T: Clone + Send + Sync + 'static, E>(
        &self,
        new: impl FnOnce() -> Result<T, E>,
    ) -> Result<T, E> {
        let Extensions { made, making } = &self.0.extensions;
        if let Some(found) = self.found() {
            return Ok(found);
        }
        let _making = making.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(found) = self.found() {
            return Ok(found);
        }
        let new = new()?;
        let mut made = made.write().unwrap_or_else(PoisonError::into_inner);
        made.insert(TypeId::of::<T>(), Box::new(new.clone()));
        Ok(new)
    }

    /// Registers the families of all given sources, or none of them on an error.
    pub(crate) fn register(&self, sources: &[Arc<dyn Source>]) -> Result<(), RegisterError> {
        self.0.registry.register(sources)?;
        for source in sources {
            self.0.families.health.watch(source);
        }
        Ok(())
    }

    /// Unregisters every family, for an instance that lost the race to be installed.
    pub(crate) fn withdraw(&self) {
        self.0.registry.withdraw();
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
