//! Tool calls.

use std::sync::Arc;

use super::declaration::{Buckets, BuiltinFamily, BuiltinLabel, Setting, builtin_families};
use super::{
    BundlesByPoint, DimensionPoint, DimensionedBundle, Dimensions, EnabledFamilies, FamilyId as _, Group,
    Otel, Settings, Table, ToolCost,
};
use crate::faults::{FaultReporter, ReportsFaults};
use crate::label::{Interner, RenderedLabels};
use crate::metric::{CallShape, HistogramCells};
use crate::sample::{FamilyInfo, Source, Visitor};
use crate::status::{Status, TOOL};
use crate::storage::ShardHandle;

pub(crate) const TOOL_NAME: BuiltinLabel = BuiltinLabel::open("tool_name");
const STATUS: BuiltinLabel = BuiltinLabel::closed("status", TOOL.names);

/// In seconds: the original bounds, and above them those for slow tools.
const DURATION: Buckets =
    Buckets::new(&[0.01, 0.05, 0.1, 0.5, 1.0, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0]).compact(7);

builtin_families! {
    /// The families of tool calls.
    pub(crate) enum ToolFamily in Tools {
        Ended => BuiltinFamily::counter("agent_tool_calls_total", "Tool calls that ended, by status.")
            .labels_and_dimensions(&[TOOL_NAME, STATUS]),
        Duration => BuiltinFamily::histogram(
            "agent_tool_call_duration_seconds",
            "Time from a tool call's start to its end.",
            DURATION,
        )
        .labels_and_dimensions(&[TOOL_NAME, STATUS.only_with(Setting::DurationByStatus)]),
        InProgress => BuiltinFamily::gauge("agent_tool_calls_in_progress", "Tool calls in flight.")
            .labels_and_dimensions(&[TOOL_NAME]),
    }
}

pub(crate) struct Tools {
    table: Table<ToolSeries>,
    /// The slot of calls whose tool is not among `known_tools(..)`, if those were given.
    unknown: Option<usize>,
    shared: Arc<Shared>,
    families: EnabledFamilies<ToolFamily>,
}

/// The series of one tool.
pub struct ToolSeries {
    calls: HistogramCells,
    slot: usize,
    name: Box<str>,
    labels: RenderedLabels,
    points: BundlesByPoint<Self>,
    shared: Arc<Shared>,
}

/// The shape and the collaborators that all tools share.
struct Shared {
    calls: CallShape,
    cost: Arc<ToolCost>,
    otel: Option<Arc<Otel>>,
    faults: Arc<FaultReporter>,
}

/// The label value of tools that are not among `known_tools(..)`, such as names that a model invented.
const UNKNOWN: &str = "__unknown__";

impl Tools {
    pub(crate) fn new(
        settings: &Settings,
        cost: Arc<ToolCost>,
        otel: Option<Arc<Otel>>,
        faults: Arc<FaultReporter>,
    ) -> Self {
        let calls =
            CallShape::new(TOOL.names, ToolFamily::Duration.bounds(settings), settings.duration_by_status)
                .with(&settings.histogram_options);
        let known = settings.known_tools.as_deref().unwrap_or_default();
        // The cap limits unexpected names; every known tool has its series, and so has the value for unknown ones.
        let table = Table::new(settings.tools.max(known.len() + 1));
        for name in known {
            table.values.slot(name);
        }
        let unknown = settings.known_tools.is_some().then(|| table.values.slot(UNKNOWN));
        Self {
            table,
            unknown,
            shared: Arc::new(Shared { calls, cost, otel, faults }),
            families: EnabledFamilies::new(settings),
        }
    }
}

impl Group<ToolSeries> for Tools {
    #[inline]
    fn values(&self) -> &Interner {
        &self.table.values
    }

    #[inline]
    fn slot(&self, value: &str) -> usize {
        match self.unknown {
            None => self.slot_in_code(value),
            Some(unknown) => {
                let slot = self.table.values.get(value).unwrap_or(unknown);
                self.bundle(slot);
                slot
            }
        }
    }

    #[inline]
    fn bundle(&self, slot: usize) -> &ToolSeries {
        let new = |name: &str| ToolSeries::new(name, slot, DimensionPoint::default(), self.shared.clone());
        self.table.bundle(slot, new)
    }
}

impl DimensionedBundle for ToolSeries {
    fn dimensions(&self) -> &Arc<Dimensions> {
        self.shared.cost.dimensions()
    }

    #[inline]
    fn points(&self) -> &BundlesByPoint<Self> {
        &self.points
    }

    fn create_at(&self, point: DimensionPoint) -> Self {
        Self::new(&self.name, self.slot, point, self.shared.clone())
    }
}

impl ReportsFaults for ToolSeries {
    fn faults(&self) -> &FaultReporter {
        &self.shared.faults
    }
}

impl ToolSeries {
    fn new(name: &str, slot: usize, point: DimensionPoint, shared: Arc<Shared>) -> Self {
        let dimensions = shared.cost.dimensions();
        Self {
            calls: HistogramCells::new(shared.calls.cells_per_series()),
            slot,
            name: name.into(),
            labels: dimensions.render((TOOL_NAME.name, name), point),
            points: BundlesByPoint::new(point, dimensions),
            shared,
        }
    }

    #[inline]
    pub(crate) fn start(&self, writer: ShardHandle) {
        CallShape::start(writer, &self.calls, 0);
    }

    /// The slot of the tool's name.
    pub(crate) fn slot(&self) -> usize {
        self.slot
    }

    /// Adds a cost of the tool; see [`ToolCost::add`].
    pub(crate) fn add_cost(&self, usd: f64, charge: impl FnOnce(f64) -> bool) {
        self.shared.cost.add(usd, self.points.point(), charge);
    }

    /// Records the call under OpenTelemetry's names, where a profile exposes them. `with_agent` calls the function it is given
    /// with the agent's name.
    #[inline]
    pub(crate) fn record_execution(
        &self,
        status: Status,
        ticks: u64,
        with_agent: impl FnOnce(&dyn Fn(&str)),
    ) {
        if let Some(otel) = &self.shared.otel {
            with_agent(&|agent| otel.record_tool(&self.name, agent, status, ticks));
        }
    }

    #[inline(never)] // One copy for all tracked functions, its arguments in registers.
    pub(crate) fn end(&self, writer: ShardHandle, status: Status, ticks: u64) {
        self.shared.calls.end(writer, &self.calls, 0, TOOL.place(status), ticks);
    }
}

impl Source for Tools {
    fn families(&self) -> &[FamilyInfo] {
        self.families.infos()
    }

    fn parts(&self, _: usize) -> usize {
        self.table.parts()
    }

    fn visit_part(&self, family: usize, part: usize, visitor: &mut dyn Visitor) {
        let family = self.families.id(family);
        for tool in self.table.iter_all_in(part) {
            match family {
                ToolFamily::Ended => self.shared.calls.show_ended(&tool.calls, 0, &tool.labels, visitor),
                ToolFamily::Duration => {
                    self.shared.calls.show_durations(&tool.calls, 0, &tool.labels, visitor);
                }
                ToolFamily::InProgress => {
                    self.shared.calls.show_in_flight(&tool.calls, 0, &tool.labels, visitor);
                }
            }
        }
    }

    fn interners(&self) -> Vec<(&str, &str, &Arc<Interner>)> {
        vec![(ToolFamily::Ended.name(), TOOL_NAME.name, &self.table.values)]
    }
}

impl std::fmt::Debug for ToolSeries {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ToolSeries")
            .field("name", &self.name)
            .field("point", &self.points.point())
            .finish_non_exhaustive()
    }
}
