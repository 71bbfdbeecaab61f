//! Tool calls.

use super::call::{CallRecorder, Elapsed, guard};
use super::held::{BundleHandle, HoldsBundle, WithDimensions};
use super::ledger;
use super::nesting;
use super::reader::{ReadBy, Reader};
use super::scope;
use super::{CallLabel, Scope, Site};
use crate::builtin::{DimensionValue, LabelText, ToolSeries};
use crate::faults::{FaultReporter, ReportsFaults};
use crate::instance::AgentMetrics;
use crate::status::Status;
use crate::storage::ShardHandle;

/// One tool call.
pub struct ToolCall<H = BundleHandle<ToolSeries>> {
    series: H,
}

impl ToolCall {
    pub(crate) fn by_hand(metrics: &AgentMetrics, name: &str) -> Self {
        Self { series: scope::held(metrics, LabelText::AtRuntime(name)) }
    }
}

impl<H: HoldsBundle<ToolSeries>> ToolCall<H> {
    /// Sets the dimension values of the call.
    pub fn in_dimensions(self, values: &[DimensionValue]) -> ToolCall<WithDimensions<H>> {
        ToolCall { series: WithDimensions::new(self.series, values) }
    }
}

/// Creates the call of a tracked function.
#[inline]
pub fn tool<M: Scope>(
    site: &'static Site,
    metrics: M,
    label: CallLabel<'_>,
) -> ToolCall<M::BundleHandle<ToolSeries>> {
    ToolCall { series: metrics.hold(site, &site.tool, label) }
}

impl<H: HoldsBundle<ToolSeries>> ReportsFaults for ToolCall<H> {
    #[inline]
    fn faults(&self) -> &FaultReporter {
        self.series.faults()
    }
}

impl<R: Reader<T>, T, H: HoldsBundle<ToolSeries>> ReadBy<R, T> for ToolCall<H> {
    #[inline]
    fn read(&mut self, reader: &R, output: &T) -> Status {
        if let Some(usd) = reader.cost(output, self.faults()) {
            self.series.add_cost(usd, ledger::add_tool_cost);
        }
        reader.status(output, self.faults())
    }
}

impl<H: HoldsBundle<ToolSeries>> CallRecorder for ToolCall<H> {
    #[inline]
    fn start(&mut self, writer: ShardHandle) {
        self.series.place(ledger::point);
        self.series.start(writer);
        ledger::add_tool_call(|| self.series.slot());
    }

    #[inline]
    fn enter(&mut self) {
        nesting::enter();
    }

    #[inline]
    fn leave(&mut self) {
        nesting::leave();
    }

    #[inline]
    fn end(&mut self, writer: ShardHandle, status: Status, elapsed: Elapsed) {
        let ticks = elapsed.ticks();
        self.series.record_execution(status, ticks, ledger::with_task_type);
        self.series.end(writer, status, ticks);
    }
}

guard! {
    /// A tool call that is recorded by hand: it lasts from [`track_tool`](AgentMetrics::track_tool) to
    /// [`finish`](Self::finish).
    ToolGuard [] [] ToolCall
}

debug_by_name! { ToolCall [H] [H]; }
