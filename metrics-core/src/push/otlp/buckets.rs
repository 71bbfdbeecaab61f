//! The native buckets and the exemplars of a histogram, as OTLP has them.

use opentelemetry_proto::tonic::metrics::v1::exponential_histogram_data_point::Buckets;
use opentelemetry_proto::tonic::metrics::v1::{Exemplar, exemplar};

use crate::sample::{HistogramSample, NativeCounts};

/// Converts the buckets above zero. The bucket just above 1 has number 1 in Prometheus and 0 in OTLP; OTLP writes empty
/// buckets of a gap as 0.
pub(super) fn positive(native: &NativeCounts) -> Buckets {
    let first = native.buckets.first().map_or(1, |(number, _)| *number);
    let mut bucket_counts = Vec::new();
    for (number, count) in &native.buckets {
        bucket_counts.resize((number - first) as usize, 0);
        bucket_counts.push(*count);
    }
    Buckets { offset: first - 1, bucket_counts }
}

/// Returns the exemplars of the period that a point covers, at most one per bucket. `since` is the start of that period, in
/// nanoseconds since 1970: a bucket keeps its exemplar until a newer one replaces it, so older ones are left out.
///
/// The times of exemplars are whole milliseconds.
pub(super) fn exemplars(histogram: &HistogramSample<'_>, since: u64) -> Vec<Exemplar> {
    let exemplars = (0..histogram.bounds.buckets()).filter_map(|bucket| histogram.exemplar(bucket));
    exemplars
        .filter(|exemplar| exemplar.time >= since / 1_000_000)
        .map(|exemplar| Exemplar {
            time_unix_nano: exemplar.time.saturating_mul(1_000_000),
            trace_id: exemplar.trace_id.to_be_bytes().to_vec(),
            span_id: exemplar.span_id.to_be_bytes().to_vec(),
            value: Some(exemplar::Value::AsDouble(exemplar.value)),
            ..Exemplar::default()
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn converted_buckets_are_dense_and_numbered_from_zero() {
        let native = |buckets: &[(i32, u64)]| NativeCounts {
            schema: 0,
            zero_threshold: 1e-9,
            zeros: 0,
            buckets: buckets.to_vec(),
        };
        // At schema 0 and scale 0, 3 is in (2, 4]: Prometheus's bucket 2, OTLP's 1.
        assert_eq!(positive(&native(&[(2, 7)])), Buckets { offset: 1, bucket_counts: vec![7] });
        let apart = positive(&native(&[(-2, 1), (1, 5), (2, 6)]));
        assert_eq!(apart, Buckets { offset: -3, bucket_counts: vec![1, 0, 0, 5, 6] });
        assert!(positive(&native(&[])).bucket_counts.is_empty());
    }
}
