//! All built-in families of an instance, and the tables that declare them.

use std::sync::Arc;

use super::budget::{self, Budgets};
use super::bundle::{DimensionedBundle, Group, LabelText};
use super::business::{self, Business};
use super::cost::ToolCost;
use super::declaration::BuiltinFamily;
use super::dimensions::Dimensions;
#[cfg(feature = "serve")]
use super::exporting::ExporterFamily;
#[cfg(feature = "_push")]
use super::exporting::PushFamily;
use super::health::{self, Health};
use super::http::{self, Http};
use super::llm::{Llm, LlmFamily, LlmSeries};
use super::otel::{self, Otel};
use super::settings::Settings;
use super::task::{TaskFamily, TaskSeries, Tasks};
use super::tool::{ToolFamily, ToolSeries, Tools};
use crate::faults::FaultReporter;
use crate::metric::HistogramOptions;
use crate::name::MetricKind;
use crate::pricing::PriceTable;
use crate::sample::{FamilyGroup, Source};

/// Every table of built-in families.
pub(crate) const BUILTIN_TABLES: &[&[BuiltinFamily]] = &[
    TaskFamily::TABLE,
    LlmFamily::TABLE,
    ToolFamily::TABLE,
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

/// The label names that a dimension cannot have: those of the families that dimensions split, of the families shown beside
/// them, and of the exposition formats. The labels of an info are facts, by which nothing is aggregated.
pub(crate) fn reserved_label_names() -> impl Iterator<Item = &'static str> {
    let reserves = |family: &&BuiltinFamily| {
        family.kind != MetricKind::Info
            && matches!(
                family.group,
                FamilyGroup::Tasks | FamilyGroup::LlmCalls | FamilyGroup::Tools | FamilyGroup::Costs
            )
    };
    let families = BUILTIN_TABLES.iter().copied().flatten().filter(reserves);
    families.flat_map(|family| family.labels).map(|label| label.name).chain(["le", "quantile"])
}

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

/// The bundle of a group: all series of one value of the group's main label.
pub trait Bundle: DimensionedBundle {
    /// Returns the group in the families of an instance.
    #[doc(hidden)]
    fn group(families: &Families) -> &impl Group<Self>;
}

impl Bundle for TaskSeries {
    fn group(families: &Families) -> &impl Group<Self> {
        &*families.tasks
    }
}

impl Bundle for LlmSeries {
    fn group(families: &Families) -> &impl Group<Self> {
        &*families.llm
    }
}

impl Bundle for ToolSeries {
    fn group(families: &Families) -> &impl Group<Self> {
        &*families.tools
    }
}

/// Returns the bundle of a label value, without dimension values.
#[inline]
pub(crate) fn find<'a, S: Bundle>(families: &'a Families, value: LabelText<'_>) -> &'a S {
    let group = S::group(families);
    group.bundle(value.slot(group))
}
