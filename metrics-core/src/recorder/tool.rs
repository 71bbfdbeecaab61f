//! One call of a tool.

use super::call::{Elapsed, Observed};
use super::{Label, Site, Status};
use crate::families::{Held, ToolSeries, find};
use crate::registry::{AgentMetrics, global_of};

/// A call of a tool.
pub struct ToolCall {
    series: Held<ToolSeries>,
}

impl ToolCall {
    pub(crate) fn by_hand(metrics: &AgentMetrics, name: &str) -> Self {
        Self { series: Held::of(metrics, name) }
    }
}

/// The call of a tracked function.
#[inline]
pub fn tool(site: &'static Site, metrics: Option<&AgentMetrics>, label: Label<'_>) -> ToolCall {
    let series = match metrics {
        None => Held::Static(site.tool.resolve(label, |text| find(global_of(site), text))),
        Some(metrics) => Held::of(metrics, label.text()),
    };
    ToolCall { series }
}

impl Observed for ToolCall {
    #[inline]
    fn start(&mut self) {
        self.series.start();
    }

    #[inline]
    fn end(&mut self, status: Status, elapsed: Elapsed) {
        self.series.end(status, elapsed.nanos());
    }
}
