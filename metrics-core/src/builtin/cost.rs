//! The cost of tools.

use std::sync::Arc;

use super::llm::{COST_TYPE, MODEL};
use super::{DimensionPoint, Dimensions};
use crate::label::Labels;
use crate::pricing::amount::is_valid_usd;
use crate::sample::{Number, Visitor};
use crate::storage::{CellRange, Cells};

/// USD spent on tools.
pub(crate) struct ToolCost {
    /// One cell for each dimension point.
    usd: CellRange,
    /// The part that no task was charged with.
    outside_tasks: CellRange,
    refused: CellRange,
    dimensions: Arc<Dimensions>,
}

const TOOL_TYPE: &[(&str, &str)] = &[(COST_TYPE.name, "tool")];
const NO_MODEL: (&str, &str) = (MODEL.name, "none");

impl ToolCost {
    pub(crate) fn new(dimensions: Arc<Dimensions>) -> Self {
        let cells = || CellRange::new(dimensions.size());
        Self { usd: cells(), outside_tasks: cells(), refused: CellRange::new(1), dimensions }
    }

    pub(crate) fn dimensions(&self) -> &Arc<Dimensions> {
        &self.dimensions
    }

    /// Adds a cost, and passes it on to `charge`, which returns whether a task was charged. An amount that no tool can cost
    /// is refused, and not passed on.
    pub(crate) fn add(&self, usd: f64, point: DimensionPoint, charge: impl FnOnce(f64) -> bool) {
        if !is_valid_usd(usd) {
            return self.refuse();
        }
        let point = usize::from(point.0);
        self.usd.cells(point).add_f64(0, usd);
        if !charge(usd) {
            self.outside_tasks.cells(point).add_f64(0, usd);
        }
    }

    /// Counts an amount that no call can cost.
    #[cold]
    pub(crate) fn refuse(&self) {
        self.refused.cells(0).add(0, 1);
    }

    pub(super) fn show(&self, visitor: &mut dyn Visitor, money: impl Fn(f64) -> Number) {
        for point in self.dimensions.points() {
            let usd = self.usd.read_f64(usize::from(point.0));
            if usd > 0.0 || point == DimensionPoint::default() {
                let labels = self.dimensions.render(NO_MODEL, point);
                visitor.sample(Labels::with(&labels, TOOL_TYPE), money(usd));
            }
        }
    }

    /// Shows the cost that no task was charged with.
    pub(super) fn show_outside_tasks(&self, visitor: &mut dyn Visitor) {
        for point in self.dimensions.points() {
            let usd = self.outside_tasks.read_f64(usize::from(point.0));
            if usd > 0.0 || point == DimensionPoint::default() {
                visitor.sample(Labels::new(&self.dimensions.render(NO_MODEL, point)), Number::Float(usd));
            }
        }
    }

    /// Returns the number of refused amounts, of tools and of LLM calls.
    pub(crate) fn refused(&self) -> u64 {
        self.refused.read(0)
    }
}
