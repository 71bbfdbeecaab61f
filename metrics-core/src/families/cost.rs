//! Money that is not spent on models.

use crate::metric::is_amount;
use crate::plane::{Row, Words};

/// USD spent on tools.
pub(crate) struct ToolCost {
    usd: Row,
    refused: Row,
}

impl ToolCost {
    pub(crate) fn new() -> Self {
        Self { usd: Row::new(1), refused: Row::new(1) }
    }

    pub(crate) fn add(&self, usd: f64) {
        if is_amount(usd) {
            self.usd.words(0).add_f64(0, usd);
        } else {
            self.refused.words(0).add(0, 1);
        }
    }

    pub(crate) fn usd(&self) -> f64 {
        self.usd.read_f64(0)
    }

    /// How many amounts were none.
    pub(crate) fn refused(&self) -> u64 {
        self.refused.read(0)
    }
}
