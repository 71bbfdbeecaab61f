//! How an instance is set up.

mod check;

use std::collections::HashMap;
use std::panic::Location;
use std::sync::Arc;

use self::check::{
    DIMENSION_BUDGET, check_dimension_budget, check_dimensions, check_limits, check_names, check_room,
};
use crate::builtin::{Dimension, Dimensions, Profile, Settings};
use crate::error::{BuildError, Fault};
use crate::faults::{FaultReporter, Hook};
use crate::instance::AgentMetrics;
use crate::label::LabelValue;
use crate::metric::{Exemplify, NativeHistograms, TraceContext};
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
    pub fn compact_buckets(mut self) -> Self {
        self.settings.compact_buckets = true;
        self
    }

    /// Keeps a duration histogram for each status, with a `status` label. `sum by (le)` stays valid.
    pub fn duration_by_status(mut self) -> Self {
        self.settings.duration_by_status = true;
        self
    }

    /// Keeps native buckets in the agent's own histograms. Those of the user's have them by `#[metric(native)]` and
    /// `#[calls(native)]`, and then as said here.
    pub fn native_histograms(mut self, settings: NativeHistograms) -> Self {
        self.settings.histogram_options.native = Some(settings);
        self
    }

    /// Where exemplars find the trace in which something is observed. They lead from a bucket of a histogram to the
    /// trace of one of its observations, in OpenMetrics and in protocol buffers.
    ///
    /// The function is asked on the thread that observes. A thread that observes all the time asks only now and then;
    /// what takes 20 microseconds or more is asked each time. With the feature `tracing-opentelemetry` it is
    /// `active_trace` unless given.
    ///
    /// ```
    /// use agent_metrics::{AgentMetrics, TraceContext};
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
        self.settings.histogram_options.exemplify = Some(Exemplify::new(Arc::new(current_trace)));
        self
    }

    /// Leaves out `agent_cost_total_cents`, the older name of `agent_cost_usd_total`.
    pub fn without_cost_in_cents(mut self) -> Self {
        self.settings.cents = false;
        self
    }

    /// Tells the calls of tasks, models and tools and their costs apart by one more label, whose values are a closed
    /// enum. At most two. A call has the value that its attribute gives, `dimensions(..)`, else that of the task around
    /// it, else `__none__`.
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

    /// How many combinations the dimensions may have, `__none__` for each among them: 64 unless given, and at most
    /// 2,048. Each of them multiplies the series of every task type, model and tool.
    pub fn dimension_budget(mut self, combinations: usize) -> Self {
        self.dimension_budget = combinations;
        self
    }

    /// Exposes calls of models, tools and tasks under the names of OpenTelemetry's GenAI conventions as well, in cells of
    /// their own. Give the attributes `provider` and, where it isn't `chat`, `operation`, or say them inside the call
    /// (`Call::current().provider(..)`); an agent's name is its task type. Both profiles can stand side by side. Dimensions
    /// don't apply to them, and the tokens of attempts that failed are not in them: the conventions have neither.
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

    /// Exposes the families of tasks, models and tools under the names of [`profile`](Self::profile)s only. Dashboards
    /// and alerts that come with this crate need their own names.
    pub fn without_builtin_names(mut self) -> Self {
        self.settings.builtin_names = false;
        self
    }

    /// Measures how long the futures of tasks wait for their first poll, in `agent_task_queue_duration_seconds`. It
    /// costs another reading of the clock a task.
    pub fn task_queue_duration(mut self) -> Self {
        self.settings.task_queue = true;
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
    /// in the code as a tool's name, a literal, a constant or a closed enum, is known anyhow.
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
    /// When a constant label or a dimension is invalid or collides with a label of a family, when a limit or the settings of native
    /// histograms are absurd,
    /// or when the registry holds a collector with the name of one of the agent's families.
    pub fn build(mut self) -> Result<AgentMetrics, BuildError> {
        check_limits(&self.settings)?;
        check_dimensions(&self.dimensions)?;
        let dimensions = Dimensions::new(self.dimensions);
        check_dimension_budget(dimensions.size(), self.dimension_budget)?;
        self.settings.dimensions = Arc::new(dimensions);
        check_names(&self.settings)?;
        check_room(&self.settings)?;
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
