//! One call of a tool.

use super::call::{Elapsed, Observed};
use super::reader::{ReadBy, Reader};
use super::scope;
use super::{Label, Scope, Site};
use crate::families::{AtPoint, DimensionValue, Held, Hold, ToolSeries, Value};
use crate::faults::{Faults, Watched};
use crate::instance::AgentMetrics;
use crate::ledger;
use crate::plane::Writer;
use crate::status::Status;

/// A call of a tool.
pub struct ToolCall<H = Held<ToolSeries>> {
    series: H,
}

impl ToolCall {
    pub(crate) fn by_hand(metrics: &AgentMetrics, name: &str) -> Self {
        Self { series: scope::held(metrics, Value::Given(name)) }
    }
}

impl<H: Hold<ToolSeries>> ToolCall<H> {
    /// Says where in the dimensions it is.
    pub fn in_dimensions(self, values: &[DimensionValue]) -> ToolCall<AtPoint<H>> {
        ToolCall { series: AtPoint::new(self.series, values) }
    }
}

/// The call of a tracked function.
#[inline]
pub fn tool<M: Scope>(site: &'static Site, metrics: M, label: Label<'_>) -> ToolCall<M::Held<ToolSeries>> {
    ToolCall { series: metrics.hold(site, &site.tool, label) }
}

impl<H: Hold<ToolSeries>> Watched for ToolCall<H> {
    #[inline]
    fn faults(&self) -> &Faults {
        self.series.faults()
    }
}

impl<R: Reader<T>, T, H: Hold<ToolSeries>> ReadBy<R, T> for ToolCall<H> {
    #[inline]
    fn read(&mut self, reader: &R, output: &T) -> Status {
        if let Some(usd) = reader.cost(output, self.faults()) {
            self.series.add_cost(usd);
            ledger::add_tool_cost(usd);
        }
        reader.status(output, self.faults())
    }
}

impl<H: Hold<ToolSeries>> Observed for ToolCall<H> {
    #[inline]
    fn start(&mut self, writer: Writer) {
        self.series.place(ledger::point);
        self.series.start(writer);
        ledger::add_tool_call(|| self.series.slot());
    }

    #[inline]
    fn end(&mut self, writer: Writer, status: Status, elapsed: Elapsed) {
        let ticks = elapsed.ticks();
        self.series.record_execution(status, ticks, ledger::with_task_type);
        self.series.end(writer, status, ticks);
    }
}
