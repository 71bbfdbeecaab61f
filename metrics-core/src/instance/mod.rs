//! The instance: the agent's families and the registry in which they live.

pub(crate) mod registration;

use std::any::{Any, TypeId};
use std::collections::HashMap;
use std::convert::Infallible;
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use crate::builtin::{Families, Settings};
use crate::clock;
use crate::error::{Fault, RegisterError};
use crate::exposition::{self, Chunks, Exposition};
use crate::faults::FaultReporter;
use crate::pricing::PriceTable;
use crate::registry::Registry;
use crate::sample::{FamilyInfo, Source};

/// The agent's metrics: its families, and the registry in which they live beside the user's own.
///
/// A clone is a handle to the same instance. Most programs have one, the [`global`](crate::global);
/// tests make their own with [`Builder::build`](crate::Builder::build) and hand it to the attributes as
/// `metrics = ..`.
#[derive(Clone)]
pub struct AgentMetrics(Arc<Inner>);

struct Inner {
    registry: Registry,
    families: Arc<Families>,
    extensions: Extensions,
    /// When it was made.
    #[cfg(feature = "otlp")]
    since: std::time::SystemTime,
}

/// Families of the user's that are made at their first use, by type.
#[derive(Default)]
struct Extensions {
    made: RwLock<HashMap<TypeId, Box<dyn Any + Send + Sync>>>,
    /// Held by who makes one, and not with the map: to register it may wait for a scrape, in which a
    /// collector may look for another.
    making: Mutex<()>,
}

impl AgentMetrics {
    pub(crate) fn new(
        settings: &Settings,
        prices: PriceTable,
        faults: FaultReporter,
        registry: prometheus::Registry,
    ) -> Result<Self, RegisterError> {
        let families = Arc::new(Families::new(settings, prices, Arc::new(faults)));
        let metrics = Self(Arc::new(Inner {
            registry: Registry::new(registry),
            families,
            extensions: Extensions::default(),
            #[cfg(feature = "otlp")]
            since: std::time::SystemTime::now(),
        }));
        metrics.register(&metrics.families_ref().sources())?;
        Ok(metrics)
    }

    /// The defaults in a registry of their own, where nothing can collide.
    pub(crate) fn with_defaults() -> Self {
        clock::calibrate();
        let registry = prometheus::Registry::new();
        let made = Self::new(&Settings::default(), PriceTable::bundled(), FaultReporter::default(), registry);
        made.unwrap_or_else(|error| unreachable!("the defaults are valid: {error}"))
    }

    /// The registry in which the families live; every collector in it is exposed with them.
    pub fn registry(&self) -> &prometheus::Registry {
        self.0.registry.prometheus()
    }

    /// Puts other prices in force while calls run. A call is billed by the table that is in force when it ends,
    /// wholly by one; what was counted before stays. No call waits for this.
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

    /// A copy of the prices in force.
    pub fn prices(&self) -> PriceTable {
        self.0.families.llm.prices()
    }

    /// Every family of the runtime and of structs with `derive(Metrics)` or `derive(CallLabels)`
    /// that is registered here, by name.
    pub fn families(&self) -> Vec<FamilyInfo> {
        self.0.registry.families()
    }

    /// Everything in the registry, in the format and compression that the client prefers.
    ///
    /// `accept` and `accept_encoding` are the headers of a request as they came, several lines
    /// joined by commas. Formats: Prometheus's protocol buffers, OpenMetrics 1.0.0, Prometheus text 1.0.0 and
    /// 0.0.4; the last is also the answer to a header that is absent, unreadable or asks for something else.
    /// Compression: gzip and zstd, with the features of these names.
    pub fn encode(&self, accept: Option<&str>, accept_encoding: Option<&str>) -> Exposition {
        let accept = accept.unwrap_or_default();
        let accept_encoding = accept_encoding.unwrap_or_default();
        exposition::encode(&self.0.registry, &self.0.families.health, accept, accept_encoding)
    }

    /// The same in chunks of some 64 KiB that are written as they are asked for, so that a large exposition is never
    /// whole in memory.
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

    /// Everything in the registry as Prometheus text 0.0.4.
    pub fn to_text(&self) -> String {
        exposition::to_text(&self.0.registry, &self.0.families.health)
    }

    pub(crate) fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    #[cfg(feature = "_push")]
    pub(crate) fn registry_ref(&self) -> &Registry {
        &self.0.registry
    }

    /// Since when it counts.
    #[cfg(feature = "otlp")]
    pub(crate) fn since(&self) -> std::time::SystemTime {
        self.0.since
    }

    pub(crate) fn families_ref(&self) -> &Arc<Families> {
        &self.0.families
    }

    /// The handle of type `T` that belongs to this instance, if it was made.
    pub(crate) fn found<T: Clone + Send + Sync + 'static>(&self) -> Option<T> {
        let made = self.0.extensions.made.read().unwrap_or_else(PoisonError::into_inner);
        made.get(&TypeId::of::<T>())?.downcast_ref::<T>().cloned()
    }

    /// Keeps a handle that could not be registered, so that it is refused and told of once: before the
    /// hook hears of it, since that may use the very thing.
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

    /// The handle of type `T` that belongs to this instance, made if it is new.
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

    /// Registers the families of some sources: all of them, or none.
    pub(crate) fn register(&self, sources: &[Arc<dyn Source>]) -> Result<(), RegisterError> {
        self.0.registry.register(sources)?;
        for source in sources {
            self.0.families.health.watch(source);
        }
        Ok(())
    }

    /// Leaves the registry, for an instance that was made in vain.
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
