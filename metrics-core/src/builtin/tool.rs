//! Tools.

use std::sync::Arc;

use super::{
    Bundle, BundlesByPoint, DimensionPoint, Dimensions, Families, Group, Otel, Settings, Table, ToolCost,
};
use crate::faults::{FaultReporter, ReportsFaults};
use crate::label::{Interner, RenderedLabels};
use crate::metric::{CallShape, HistogramCells};
use crate::name::MetricKind;
use crate::sample::{FamilyInfo, Source, Visitor};
use crate::status::{Status, TOOL};
use crate::storage::ShardHandle;

/// Seconds: the seed's bounds, and above them what slow tools take.
const DURATION: [f64; 11] = [0.01, 0.05, 0.1, 0.5, 1.0, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0];
const SEED_DURATION: usize = 7;

pub(crate) struct Tools {
    table: Table<ToolSeries>,
    /// Where calls of tools go that are none, if it is known which there are.
    unknown: Option<usize>,
    shared: Arc<Shared>,
    infos: Vec<FamilyInfo>,
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

/// What all tools have in common.
struct Shared {
    calls: CallShape,
    cost: Arc<ToolCost>,
    otel: Option<Arc<Otel>>,
    faults: Arc<FaultReporter>,
}

/// The name of all tools that a model made up.
const UNKNOWN: &str = "__unknown__";

const CALLS: usize = 0;
const CALL_DURATION: usize = 1;

impl Tools {
    pub(crate) fn new(
        settings: &Settings,
        cost: Arc<ToolCost>,
        otel: Option<Arc<Otel>>,
        faults: Arc<FaultReporter>,
    ) -> Self {
        let bounds = if settings.compact_buckets { &DURATION[..SEED_DURATION] } else { &DURATION };
        let calls =
            CallShape::new(TOOL.names, bounds, settings.duration_by_status).with(&settings.histogram_options);
        let by_status: &[_] = if calls.by_status() { &["tool_name", "status"] } else { &["tool_name"] };
        let infos = vec![
            FamilyInfo::new(
                MetricKind::Counter,
                "agent_tool_calls_total",
                "Tool calls that ended.",
                &["tool_name", "status"],
            ),
            FamilyInfo::new(
                MetricKind::Histogram,
                "agent_tool_call_duration_seconds",
                "Time from a tool call's start to its end.",
                by_status,
            )
            .with_buckets(settings.histogram_options.bounds(bounds)),
            FamilyInfo::new(
                MetricKind::Gauge,
                "agent_tool_calls_in_progress",
                "Tool calls that run now.",
                &["tool_name"],
            ),
        ];
        let infos = infos.into_iter().map(|info| info.with_labels(settings.dimensions.names())).collect();
        let known = settings.known_tools.as_deref().unwrap_or_default();
        // The cap is for names that turn up: those that are known have room.
        let table = Table::new(settings.tools.max(known.len() + 1));
        for name in known {
            table.values.slot(name);
        }
        let unknown = settings.known_tools.is_some().then(|| table.values.slot(UNKNOWN));
        Self { table, unknown, shared: Arc::new(Shared { calls, cost, otel, faults }), infos }
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
            None => self.known_slot(value),
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

impl Bundle for ToolSeries {
    fn group(families: &Families) -> &impl Group<Self> {
        &*families.tools
    }

    fn dimensions(&self) -> &Arc<Dimensions> {
        self.shared.cost.dimensions()
    }

    #[inline]
    fn points(&self) -> &BundlesByPoint<Self> {
        &self.points
    }

    fn made_at(&self, point: DimensionPoint) -> Self {
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
            labels: dimensions.render(("tool_name", name), point),
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

    pub(crate) fn add_cost(&self, usd: f64) {
        self.shared.cost.add(usd, self.points.point());
    }

    /// Records it as the conventions of OpenTelemetry have it, if that is asked for; `by` gives the agent's name to what
    /// it is given.
    #[inline]
    pub(crate) fn record_execution(&self, status: Status, ticks: u64, by: impl FnOnce(&dyn Fn(&str))) {
        if let Some(otel) = &self.shared.otel {
            by(&|agent| otel.record_tool(&self.name, agent, status, ticks));
        }
    }

    #[inline(never)] // One copy for all tracked functions, its arguments in registers.
    pub(crate) fn end(&self, writer: ShardHandle, status: Status, ticks: u64) {
        self.shared.calls.end(writer, &self.calls, 0, TOOL.place(status), ticks);
    }
}

impl Source for Tools {
    fn families(&self) -> &[FamilyInfo] {
        &self.infos
    }

    fn parts(&self, _: usize) -> usize {
        self.table.parts()
    }

    fn visit_part(&self, family: usize, part: usize, visitor: &mut dyn Visitor) {
        for tool in self.table.iter_all_in(part) {
            match family {
                CALLS => self.shared.calls.show_ended(&tool.calls, 0, &tool.labels, visitor),
                CALL_DURATION => self.shared.calls.show_durations(&tool.calls, 0, &tool.labels, visitor),
                _ => self.shared.calls.show_in_flight(&tool.calls, 0, &tool.labels, visitor),
            }
        }
    }

    fn interners(&self) -> Vec<(&str, &str, &Arc<Interner>)> {
        vec![("agent_tool_calls_total", "tool_name", &self.table.values)]
    }
}
