//! Bucket bounds, with their text for the `le` label.

use crate::clock;

/// The upper bounds of a histogram's buckets, ascending, without `+Inf`.
pub(crate) struct Bounds {
    values: Box<[f64]>,
    /// `0.1`, `1.0`, .., `+Inf`.
    le: Box<[Box<str>]>,
}

impl Bounds {
    pub(crate) fn new(values: &[f64]) -> Self {
        let le = values.iter().chain(&[f64::INFINITY]).map(|bound| bound_text(*bound).into()).collect();
        Self { values: values.into(), le }
    }

    pub(crate) fn values(&self) -> &[f64] {
        &self.values
    }

    pub(crate) fn le(&self) -> &[Box<str>] {
        &self.le
    }

    /// Buckets, the one up to `+Inf` among them.
    pub(crate) fn buckets(&self) -> usize {
        self.le.len()
    }

    /// The bucket of a value: the first whose bound is not below it. A short search from the front
    /// predicts well, and beat binary and branchless ones.
    #[inline]
    pub(crate) fn bucket(&self, value: f64) -> usize {
        self.values.iter().position(|bound| value <= *bound).unwrap_or(self.values.len())
    }

    /// Gives `use_words` so many zeroed words, on the stack but for very long histograms.
    pub(crate) fn with_words(words: usize, use_words: impl FnOnce(&mut [u64])) {
        const USUAL: usize = 32;
        if words <= USUAL {
            use_words(&mut [0; USUAL][..words]);
        } else {
            use_words(&mut vec![0; words]);
        }
    }

    /// The bounds in ticks of the clock, for bounds in seconds.
    pub(crate) fn ticks(&self) -> Box<[u64]> {
        self.values.iter().map(|seconds| clock::ticks_of_seconds(*seconds)).collect()
    }
}

/// A bucket bound or quantile as a label value, in OpenMetrics' canonical form (`1.0`, `0.25`,
/// `1e+06`), in both formats, since another spelling would be another series.
pub(crate) fn bound_text(bound: f64) -> String {
    if bound == f64::INFINITY {
        return "+Inf".to_owned();
    }
    let magnitude = bound.abs();
    if bound != 0.0 && !(1e-4..1e6).contains(&magnitude) {
        let text = format!("{bound:e}");
        let Some((mantissa, exponent)) = text.split_once('e') else { return text };
        let (sign, digits) = exponent.strip_prefix('-').map_or(('+', exponent), |digits| ('-', digits));
        return format!("{mantissa}e{sign}{digits:0>2}");
    }
    format!("{bound:?}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_are_canonical() {
        let texts =
            [0.005, 0.25, 1.0, 100.0, 500_000.0, 1_000_000.0, 2_500_000.0, 0.000_05, 0.0].map(bound_text);
        assert_eq!(texts, ["0.005", "0.25", "1.0", "100.0", "500000.0", "1e+06", "2.5e+06", "5e-05", "0.0"]);
        assert_eq!(bound_text(f64::INFINITY), "+Inf");
    }
}
