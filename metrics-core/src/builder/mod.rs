//! The builder of an instance.

mod check;

use std::collections::HashMap;
use std::fmt;
use std::panic::Location;
use std::sync::Arc;
use std::time::SystemTime;

use self::check::{
    DIMENSION_BUDGET, check_dimension_budget, check_dimensions, check_limits, check_names, check_storage,
};
use crate::builtin::{Dimension, Dimensions, Profile, Settings};
use crate::error::{BuildError, Fault};
use crate::faults::{FaultReporter, Hook};
use crate::instance::AgentMetrics;
use crate::label::LabelValue;
use crate::metric::{ExemplarSampler, NativeHistograms, TraceContext};
use crate::name;
use crate::pricing::PriceTable;
use crate::recorder::{global, tool_names};

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
    dimensions: Vec<Dimension>,
    dimension_budget: usize,
}

impl Default for Builder {
    fn default() -> Self {
        Self {
            settings: Settings::default(),
            prices: PriceTable::bundled(),
            registry: None,
            const_labels: Vec::new(),
            hook: None,
            dimensions: Vec::new(),
            dimension_budget: DIMENSION_BUDGET,
        }
    }
}

impl fmt::Debug for Builder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { prices, const_labels, dimensions, .. } = self;
        let dimensions: Vec<_> = dimensions.iter().map(|dimension| dimension.name).collect();
        f.debug_struct("Builder")
            .field("prices", prices)
            .field("const_labels", const_labels)
            .field("dimensions", &dimensions)
            .finish_non_exhaustive()
    }
}

impl AgentMetrics {
    /// Returns a builder with the defaults.
    pub fn builder() -> Builder {
        Builder::default()
    }
}

impl Builder {
    /// Sets the prices of models. The default is [`PriceTable::bundled`].
    pub fn prices(mut self, prices: PriceTable) -> Self {
        self.prices = prices;
        self
    }

    /// Sets the clock that decides which of a model's dated prices applies, for tests and simulations. The default is the
    /// system's clock. It is read only for models whose price has a known change.
    pub fn price_clock(mut self, now: impl Fn() -> SystemTime + Send + Sync + 'static) -> Self {
        self.settings.price_clock.0 = Some(Arc::new(now));
        self
    }

    /// Registers the families in an existing registry, beside the collectors that it already holds. The registry's prefix
    /// and constant labels apply to the built-in families as to any other.
    pub fn registry(mut self, registry: prometheus::Registry) -> Self {
        self.registry = Some(registry);
        self
    }

    /// Adds a label with a fixed value to every sample. This works only for a registry that the builder creates: together
    /// with [`registry`](Self::registry), [`build`](Self::build) returns an error, since an existing registry has its
    /// constant labels already.
    pub fn const_label(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.const_labels.push((name.into(), value.into()));
        self
    }

    /// Uses shorter lists of bucket bounds in the built-in duration and token histograms, without the upper bounds for
    /// long tasks and large contexts. This saves memory and series where calls are short.
    pub fn compact_buckets(mut self) -> Self {
        self.settings.compact_buckets = true;
        self
    }

    /// Splits the built-in duration histograms by status, with a `status` label. Queries with `sum by (le)` stay valid.
    pub fn duration_by_status(mut self) -> Self {
        self.settings.duration_by_status = true;
        self
    }

    /// Adds native buckets to the built-in histograms. User-defined histograms opt in with `#[metric(native)]` and
    /// `#[calls(native)]`, and use the same settings.
    pub fn native_histograms(mut self, settings: NativeHistograms) -> Self {
        self.settings.histogram_options.native = Some(settings);
        self
    }

    /// Sets the function that returns the active trace, for exemplars. An exemplar links a histogram bucket to the trace of
    /// one of its observations; OpenMetrics and protocol buffers carry exemplars.
    ///
    /// The function runs on the observing thread. It runs for every call that takes 20 microseconds or more; for shorter
    /// calls and other observations it runs the less often, the more observations a thread makes. With the feature
    /// `tracing-opentelemetry`, the default is `metric::active_trace`.
    ///
    /// ```
    /// use agent_metrics::AgentMetrics;
    /// use agent_metrics::metric::TraceContext;
    ///
    /// # fn trace_of_the_request() -> Option<(u128, u64)> { None }
    /// let metrics = AgentMetrics::builder()
    ///     .exemplars(|| trace_of_the_request().map(|(trace, span)| TraceContext::new(trace, span)))
    ///     .build()?;
    /// # Ok::<(), agent_metrics::BuildError>(())
    /// ```
    pub fn exemplars(
        mut self,
        current_trace: impl Fn() -> Option<TraceContext> + Send + Sync + 'static,
    ) -> Self {
        self.settings.histogram_options.exemplars = Some(ExemplarSampler::new(Arc::new(current_trace)));
        self
    }

    /// Leaves out the family `agent_cost_total_cents`, an older name of `agent_cost_usd_total` in cents.
    pub fn without_cost_in_cents(mut self) -> Self {
        self.settings.cents = false;
        self
    }

    /// Adds a label with the values of a closed enum to the families of tasks, LLM calls, tools and costs. An instance has at
    /// most two dimensions. A call takes its value from its attribute's `dimensions(..)`, otherwise from the enclosing
    /// task; without either the value is `__none__`.
    ///
    /// ```
    /// use agent_metrics::{AgentMetrics, LabelValue, track_task, track_tool};
    ///
    /// #[derive(Clone, Copy, LabelValue)]
    /// enum Tier { Free, Paid }
    ///
    /// #[track_task(dimensions(tier), metrics = metrics)]
    /// fn answer(metrics: &AgentMetrics, tier: Tier) {
    ///     search(metrics);
    /// }
    ///
    /// #[track_tool(metrics = metrics)]
    /// fn search(metrics: &AgentMetrics) {}
    ///
    /// let metrics = AgentMetrics::builder().dimension::<Tier>("tier").build()?;
    /// answer(&metrics, Tier::Paid);
    /// let searches = r#"agent_tool_calls_total{tool_name="search",tier="paid",status="success"} 1"#;
    /// assert!(metrics.to_text().contains(searches));
    /// # Ok::<(), agent_metrics::BuildError>(())
    /// ```
    pub fn dimension<T: LabelValue>(mut self, name: &'static str) -> Self {
        self.dimensions.push(Dimension::new::<T>(name));
        self
    }

    /// Sets the largest number of combinations of dimension values, counting `__none__` as one value of each dimension. The
    /// default is 64, the maximum 2,048. The number of combinations multiplies the series of every task type, model and
    /// tool.
    pub fn dimension_budget(mut self, combinations: usize) -> Self {
        self.dimension_budget = combinations;
        self
    }

    /// Exposes tasks, LLM calls and tools under the names of OpenTelemetry's GenAI conventions as well, in separate series.
    /// Give the attributes the key `provider` and, for operations other than `chat`, the key `operation`, or report both
    /// inside the call with `Call::current().provider(..)`. An agent's name is its task type. Several profiles can be
    /// active together. Dimensions and the tokens of failed attempts don't appear under these names, since the conventions
    /// have neither.
    ///
    /// ```
    /// use agent_metrics::{AgentMetrics, Profile, Usage, track_llm};
    ///
    /// #[track_llm(model = "gpt-5", provider = "openai", metrics = metrics)]
    /// fn ask(metrics: &AgentMetrics) -> Usage {
    ///     Usage::new(1200, 80)
    /// }
    ///
    /// let metrics = AgentMetrics::builder().profile(Profile::OtelGenAi1_41).without_builtin_names().build()?;
    /// ask(&metrics);
    /// let text = metrics.to_text();
    /// assert!(text.contains(r#"gen_ai_client_token_usage_sum{gen_ai_operation_name="chat",gen_ai_provider_name="openai""#));
    /// assert!(!text.contains("agent_llm_calls_total"));
    /// # Ok::<(), agent_metrics::BuildError>(())
    /// ```
    pub fn profile(mut self, profile: Profile) -> Self {
        self.settings.profiles.push(profile);
        self
    }

    /// Exposes tasks, LLM calls and tools only under the names of a [`profile`](Self::profile). The dashboards and alerts of
    /// this crate query the built-in names and don't work without them.
    pub fn without_builtin_names(mut self) -> Self {
        self.settings.builtin_names = false;
        self
    }

    /// Measures the time from the creation of a task's future to its first poll, in
    /// `agent_task_queue_duration_seconds`. This costs one more clock reading for each task.
    pub fn task_queue_duration(mut self) -> Self {
        self.settings.task_queue = true;
        self
    }

    /// Sets the number of task types with series of their own; further ones are counted as `__other__`. The default is 128.
    pub fn max_task_types(mut self, count: usize) -> Self {
        self.settings.task_types = count;
        self
    }

    /// Sets the number of models with series of their own; further ones are counted as `__other__`. The default is 128.
    pub fn max_models(mut self, count: usize) -> Self {
        self.settings.models = count;
        self
    }

    /// Sets the number of tools with series of their own; further ones are counted as `__other__`. The default is 512.
    pub fn max_tools(mut self, count: usize) -> Self {
        self.settings.tools = count;
        self
    }

    /// Declares the names of the existing tools. Calls under any other name, for example one that a model invented, are
    /// counted as `__unknown__`. Names that the source code gives as a literal, a constant or a closed enum are always
    /// known.
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
        let known = self.settings.known_tools.get_or_insert_default();
        known.extend(names.into_iter().map(Into::into));
        self
    }

    /// Sets the number of HTTP endpoints with series of their own; further ones are counted as `__other__`. The default is 512.
    pub fn max_endpoints(mut self, count: usize) -> Self {
        self.settings.endpoints = count;
        self
    }

    /// Sets the fault hook: a function that receives each fault that the callers of tracked functions don't notice, such as
    /// a panic in a `status` closure.
    pub fn on_fault(mut self, hook: impl Fn(&Fault) + Send + Sync + 'static) -> Self {
        self.hook = Some(Box::new(hook));
        self
    }

    /// Builds an instance that is independent of the global one.
    ///
    /// # Errors
    /// Returns an error when a constant label or a dimension is invalid or collides with a label of a family, when a limit or
    /// the settings of native histograms are out of range, or when the registry already holds a collector with the name of
    /// a built-in family.
    pub fn build(mut self) -> Result<AgentMetrics, BuildError> {
        check_limits(&self.settings)?;
        check_dimensions(&self.dimensions)?;
        let dimensions = Dimensions::new(self.dimensions);
        check_dimension_budget(dimensions.size(), self.dimension_budget)?;
        self.settings.dimensions = Arc::new(dimensions);
        check_names(&self.settings)?;
        check_storage(&self.settings)?;
        if let Some(known) = &mut self.settings.known_tools {
            known.extend(tool_names());
        }
        if let Some(native) = &self.settings.histogram_options.native {
            native.check().map_err(|why| BuildError::NativeHistograms { why })?;
        }
        let registry = match self.registry {
            Some(registry) => check_no_labels(&self.const_labels).map(|()| registry)?,
            None => new_registry(&self.const_labels)?,
        };
        crate::clock::calibrate();
        Ok(AgentMetrics::new(&self.settings, self.prices, FaultReporter::new(self.hook), registry)?)
    }

    /// Builds the global instance, in which the attributes record by default. Call it once, at the start of `main`, before
    /// anything is recorded.
    ///
    /// # Errors
    /// Returns the errors of [`build`](Self::build), and an error when the global instance is already in use, which names
    /// the tracked function or the line of its first use.
    #[track_caller]
    pub fn install(self) -> Result<&'static AgentMetrics, BuildError> {
        let caller = Location::caller();
        // Checked first, so that nothing is left behind in a registry of the user's.
        global::check_unused()?;
        global::install(self.build()?, format!("`install()` at {caller}"))
    }
}

/// Refuses constant labels for an existing registry, whose labels are fixed at its creation.
fn check_no_labels(const_labels: &[(String, String)]) -> Result<(), BuildError> {
    match const_labels.first() {
        None => Ok(()),
        Some((label, _)) => Err(BuildError::ConstLabel {
            label: label.clone(),
            why: "the registry passed to `registry()` already has its constant labels; add this label where that registry is created",
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
