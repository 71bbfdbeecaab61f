//! How an instance is set up.

use std::collections::HashMap;
use std::panic::Location;

use crate::error::{BuildError, Fault};
use crate::families::Settings;
use crate::faults::{Faults, Hook};
use crate::instance::AgentMetrics;
use crate::name;
use crate::pricing::PriceTable;
use crate::recorder::global;

/// Sets up an [`AgentMetrics`].
///
/// ```
/// use agent_metrics::{AgentMetrics, Price, PriceTable};
///
/// let metrics = AgentMetrics::builder()
///     .prices(PriceTable::bundled().with("my-model", Price::per_million(1.25, 10.0)))
///     .const_label("region", "eu-west")
///     .build()?;
/// assert!(metrics.to_text().contains("region=\"eu-west\""));
/// # Ok::<(), agent_metrics::BuildError>(())
/// ```
#[must_use = "a builder does nothing until `install()` or `build()`"]
pub struct Builder {
    settings: Settings,
    prices: PriceTable,
    registry: Option<prometheus::Registry>,
    const_labels: Vec<(String, String)>,
    hook: Option<Hook>,
}

impl Default for Builder {
    fn default() -> Self {
        Self {
            settings: Settings::default(),
            prices: PriceTable::bundled(),
            registry: None,
            const_labels: Vec::new(),
            hook: None,
        }
    }
}

impl AgentMetrics {
    /// A builder with the defaults.
    pub fn builder() -> Builder {
        Builder::default()
    }
}

impl Builder {
    /// What models cost; [`PriceTable::bundled`] unless given.
    pub fn prices(mut self, prices: PriceTable) -> Self {
        self.prices = prices;
        self
    }

    /// The registry to live in, with the collectors that are in it already. Its prefix and constant
    /// labels apply to the agent's families as to any other.
    pub fn registry(mut self, registry: prometheus::Registry) -> Self {
        self.registry = Some(registry);
        self
    }

    /// A label that every sample carries. Only for a registry that the builder makes: with one given by
    /// [`registry`](Self::registry), which has its own, it is an error of [`build`](Self::build).
    pub fn const_label(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.const_labels.push((name.into(), value.into()));
        self
    }

    /// Only the bucket bounds of the system that this crate ports, without those above them.
    pub fn seed_buckets(mut self) -> Self {
        self.settings.seed_buckets = true;
        self
    }

    /// Keeps a duration histogram for each status, with a `status` label. `sum by (le)` stays valid.
    pub fn duration_by_status(mut self) -> Self {
        self.settings.duration_by_status = true;
        self
    }

    /// Leaves out `agent_cost_total_cents`, the older name of `agent_cost_usd_total`.
    pub fn without_cost_in_cents(mut self) -> Self {
        self.settings.cents = false;
        self
    }

    /// How many task types have series of their own; further ones count as `__other__`. 128 unless given.
    pub fn max_task_types(mut self, count: usize) -> Self {
        self.settings.task_types = count;
        self
    }

    /// How many models have series of their own; further ones count as `__other__`. 128 unless given.
    pub fn max_models(mut self, count: usize) -> Self {
        self.settings.models = count;
        self
    }

    /// How many tools have series of their own; further ones count as `__other__`. 512 unless given.
    pub fn max_tools(mut self, count: usize) -> Self {
        self.settings.tools = count;
        self
    }

    /// The tools that there are. A call of another, which a model made up, counts as `__unknown__` then; what stands
    /// in the code as a tool's name, a constant or a closed enum, is known anyhow. Without a name every tool is known.
    ///
    /// ```
    /// use agent_metrics::{AgentMetrics, Status};
    ///
    /// let metrics = AgentMetrics::builder().known_tools(["web_search", "calculate"]).build()?;
    /// metrics.track_tool("web_serach").finish(Status::Error);
    /// assert!(metrics.to_text().contains(r#"agent_tool_calls_total{tool_name="__unknown__",status="error"} 1"#));
    /// # Ok::<(), agent_metrics::BuildError>(())
    /// ```
    pub fn known_tools(mut self, names: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.settings.known_tools.extend(names.into_iter().map(Into::into));
        self
    }

    /// How many endpoints have series of their own; further ones count as `__other__`. 512 unless given.
    pub fn max_endpoints(mut self, count: usize) -> Self {
        self.settings.endpoints = count;
        self
    }

    /// Is told of faults that callers don't notice, such as a panic in a `status` closure.
    pub fn on_fault(mut self, hook: impl Fn(&Fault) + Send + Sync + 'static) -> Self {
        self.hook = Some(Box::new(hook));
        self
    }

    /// An instance of its own.
    ///
    /// # Errors
    /// When a constant label is invalid or collides with a label of a family, when a limit is absurd,
    /// or when the registry holds a collector with the name of one of the agent's families.
    pub fn build(self) -> Result<AgentMetrics, BuildError> {
        check_limits(&self.settings)?;
        let registry = match self.registry {
            Some(registry) => check_no_labels(&self.const_labels).map(|()| registry)?,
            None => new_registry(&self.const_labels)?,
        };
        crate::clock::calibrate();
        Ok(AgentMetrics::new(&self.settings, self.prices, Faults::new(self.hook), registry)?)
    }

    /// The instance that the attributes record in. Call it once, before anything is recorded.
    ///
    /// # Errors
    /// As [`build`](Self::build); and when the global is in use already, naming what used it first.
    #[track_caller]
    pub fn install(self) -> Result<&'static AgentMetrics, BuildError> {
        let caller = Location::caller();
        // Asked before anything is registered in a registry of the user's.
        global::check_unused()?;
        global::install(self.build()?, format!("`install()` at {caller}"))
    }
}

/// The most values of one label. Their table alone takes 16 bytes each, used or not.
const MOST_VALUES: usize = 1 << 20;

fn check_limits(settings: &Settings) -> Result<(), BuildError> {
    let limits = [
        ("max_task_types", settings.task_types),
        ("max_models", settings.models),
        ("max_tools", settings.tools),
        ("max_endpoints", settings.endpoints),
    ];
    match limits.into_iter().find(|(_, given)| *given > MOST_VALUES) {
        Some((limit, given)) => Err(BuildError::Limit { limit, given, most: MOST_VALUES }),
        None => Ok(()),
    }
}

/// A registry's labels can't be added to once it's made.
fn check_no_labels(const_labels: &[(String, String)]) -> Result<(), BuildError> {
    match const_labels.first() {
        None => Ok(()),
        Some((label, _)) => Err(BuildError::ConstLabel {
            label: label.clone(),
            why: "the registry given to `registry()` has labels of its own; give it this one when it's made",
        }),
    }
}

fn new_registry(const_labels: &[(String, String)]) -> Result<prometheus::Registry, BuildError> {
    let mut labels = HashMap::new();
    for (label, value) in const_labels {
        let refuse = |why| BuildError::ConstLabel { label: label.clone(), why };
        name::label_name(label).map_err(|fault| refuse(fault.0))?;
        if labels.insert(label.clone(), value.clone()).is_some() {
            return Err(refuse("given twice"));
        }
    }
    let labels = (!labels.is_empty()).then_some(labels);
    let made = prometheus::Registry::new_custom(None, labels);
    Ok(made.unwrap_or_else(|error| unreachable!("only an empty prefix is refused: {error}")))
}
