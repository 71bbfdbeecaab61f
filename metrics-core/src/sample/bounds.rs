//! Bucket bounds, with their text for the `le` label.

use crate::clock;

/// The upper bounds of a histogram's buckets, ascending, without `+Inf`.
pub(crate) struct Bounds {
    values: Box<[f64]>,
    /// The bounds as values of the `le` label: `0.1`, `1.0`, .., `+Inf`.
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

    /// The number of buckets, including the one up to `+Inf`.
    pub(crate) fn buckets(&self) -> usize {
        self.le.len()
    }

    /// Returns the bucket of a value: the first whose bound is not below it. For the usual number of buckets a linear
    /// search was faster than a binary and a branchless one, since its branches are predicted well.
    #[inline]
    pub(crate) fn bucket(&self, value: f64) -> usize {
        self.values.iter().position(|bound| value <= *bound).unwrap_or(self.values.len())
    }

    /// Calls `use_counts` with `buckets` zeros, which are on the stack unless the histogram has very many buckets.
    pub(crate) fn with_zeroed_counts(buckets: usize, use_counts: impl FnOnce(&mut [u64])) {
        const ON_STACK: usize = 32;
        if buckets <= ON_STACK {
            use_counts(&mut [0; ON_STACK][..buckets]);
        } else {
            use_counts(&mut vec![0; buckets]);
        }
    }

    /// Converts bounds in seconds to ticks of the clock.
    pub(crate) fn ticks(&self) -> Box<[u64]> {
        self.values.iter().map(|seconds| clock::ticks_from_seconds(*seconds)).collect()
    }
}

/// Returns a bucket bound or quantile as a label value in the canonical form of OpenMetrics (`1.0`, `0.25`, `1e+06`).
/// All formats use this form, since another spelling would be another series.
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
    fn bounds_are_written_in_the_canonical_form_of_openmetrics() {
        let texts =
            [0.005, 0.25, 1.0, 100.0, 500_000.0, 1_000_000.0, 2_500_000.0, 0.000_05, 0.0].map(bound_text);
        assert_eq!(texts, ["0.005", "0.25", "1.0", "100.0", "500000.0", "1e+06", "2.5e+06", "5e-05", "0.0"]);
        assert_eq!(bound_text(f64::INFINITY), "+Inf");
    }
}
