//! Money that is not spent on models.

use std::sync::Arc;

use super::{Dimensions, Point};
use crate::label::Labels;
use crate::metric::{Number, is_amount};
use crate::plane::{Row, Words};
use crate::visit::Visitor;

/// USD spent on tools.
pub(crate) struct ToolCost {
    /// A word for each point of the dimensions.
    usd: Row,
    refused: Row,
    dimensions: Arc<Dimensions>,
}

const TOOL_TYPE: &[(&str, &str)] = &[("cost_type", "tool")];
const NO_MODEL: (&str, &str) = ("model", "none");

impl ToolCost {
    pub(crate) fn new(dimensions: Arc<Dimensions>) -> Self {
        Self { usd: Row::new(dimensions.size()), refused: Row::new(1), dimensions }
    }

    pub(crate) fn dimensions(&self) -> &Arc<Dimensions> {
        &self.dimensions
    }

    pub(crate) fn add(&self, usd: f64, point: Point) {
        if is_amount(usd) {
            self.usd.words(usize::from(point.0)).add_f64(0, usd);
        } else {
            self.refused.words(0).add(0, 1);
        }
    }

    pub(super) fn show(&self, visitor: &mut dyn Visitor, money: impl Fn(f64) -> Number) {
        for point in self.dimensions.points() {
            let usd = self.usd.read_f64(usize::from(point.0));
            if usd > 0.0 || point == Point::default() {
                let labels = self.dimensions.render(NO_MODEL, point);
                visitor.sample(Labels::with(&labels, TOOL_TYPE), money(usd));
            }
        }
    }

    /// How many amounts were none.
    pub(crate) fn refused(&self) -> u64 {
        self.refused.read(0)
    }
}
