//! The shapes of the histograms.

use crate::metric::HistogramShape;

/// The shapes of the histograms.
pub(super) struct Shapes {
    pub(super) duration: HistogramShape,
    pub(super) agent_duration: HistogramShape,
    pub(super) tokens: HistogramShape,
    pub(super) calls: HistogramShape,
}
