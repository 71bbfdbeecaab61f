//! The cost of tools.

use std::sync::Arc;

use super::llm::{COST_TYPE, MODEL};
use super::{DimensionPoint, Dimensions};
use crate::label::Labels;
use crate::sample::{Number, Visitor, is_valid_amount};
use crate::storage::{CellRange, Cells};

/// USD spent on tools.
pub(crate) struct ToolCost {
    /// One cell for each dimension point.
    usd: CellRange,
    refused: CellRange,
    dimensions: Arc<Dimensions>,
}

const TOOL_TYPE: &[(&str, &str)] = &[(COST_TYPE.name, "tool")];
const NO_MODEL: (&str, &str) = (MODEL.name, "none");

impl ToolCost {
    pub(crate) fn new(dimensions: Arc<Dimensions>) -> Self {
        Self { usd: CellRange::new(dimensions.size()), refused: CellRange::new(1), dimensions }
    }

    pub(crate) fn dimensions(&self) -> &Arc<Dimensions> {
        &self.dimensions
    }

    pub(crate) fn add(&self, usd: f64, point: DimensionPoint) {
        if is_valid_amount(usd) {
            self.usd.cells(usize::from(point.0)).add_f64(0, usd);
        } else {
            self.refused.cells(0).add(0, 1);
        }
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

    /// Returns the number of amounts that were negative, not a number or too large.
    pub(crate) fn refused(&self) -> u64 {
        self.refused.read(0)
    }
}
