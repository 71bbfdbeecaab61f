//! The buckets of native histograms, whose bounds grow by a root of 2, and the bucket that a value falls into.
//!
//! At schema `s` each bound is 2^(2^-s) times the one before, and 1 is a bound: bucket `n` counts the values above
//! 2^((n - 1) / 2^s) and up to 2^(n / 2^s). Source: Prometheus's native histograms
//! (<https://prometheus.io/docs/specs/native_histograms/>), whose schemas go from -4 to 8.

/// The schema of Prometheus with the narrowest buckets.
pub(crate) const FINEST: i32 = 8;
/// The schema of Prometheus with the widest buckets.
pub(crate) const COARSEST: i32 = -4;

/// Finds the bucket of a value at one schema, which is at least 0.
///
/// The exponent of a value gives the power of 2 below it. Between two powers of 2, the first bits of the mantissa give
/// the number of bounds below the value, except for the one bound that may lie among the values with the same first
/// bits; there the whole mantissa is compared.
pub(crate) struct BucketFinder {
    schema: u32,
    segments: Box<[Segment]>,
}

/// The values between 1 and 2 whose mantissas have the same first bits.
struct Segment {
    /// The number of bounds below all of them.
    below: i32,
    /// The mantissa of the next bound.
    next: u64,
}

const MANTISSA_BITS: u32 = 52;
const MANTISSA: u64 = (1 << MANTISSA_BITS) - 1;
const EXPONENT_BIAS: i32 = 1023;

impl BucketFinder {
    pub(crate) fn new(schema: u32) -> Self {
        let buckets = 1_u32 << schema;
        let bound = |number: u32| (f64::from(number) / f64::from(buckets)).exp2();
        // A segment is half as wide as the narrowest bucket or less, so that at most one bound lies in it.
        let segments = (0..2 * buckets).map(|segment| {
            let begin = 1.0 + f64::from(segment) / f64::from(2 * buckets);
            let below = (1..buckets).filter(|number| bound(*number) < begin).count();
            let next = below as u32 + 1;
            // The bound after the last is 2, which no mantissa exceeds.
            let next = if next < buckets { bound(next).to_bits() & MANTISSA } else { u64::MAX };
            Segment { below: i32::try_from(below).unwrap_or(i32::MAX), next }
        });
        Self { schema, segments: segments.collect() }
    }

    pub(crate) fn schema(&self) -> i32 {
        self.schema.cast_signed()
    }

    /// Returns the number of the bucket of a positive normal value.
    #[inline]
    pub(crate) fn bucket(&self, value: f64) -> i32 {
        let bits = value.to_bits();
        let mantissa = bits & MANTISSA;
        let exponent = (bits >> MANTISSA_BITS) as i32 - EXPONENT_BIAS;
        let segment = &self.segments[(mantissa >> (MANTISSA_BITS - 1 - self.schema)) as usize];
        // A power of 2 is a bound, and belongs to the bucket below it.
        (exponent << self.schema)
            + segment.below
            + i32::from(mantissa > segment.next)
            + i32::from(mantissa != 0)
    }
}

/// Returns the bucket that contains `bucket` after the resolution is halved `times` times. Each halving joins two
/// buckets, and keeps the bounds with even numbers.
#[inline]
pub(crate) fn halved(bucket: i32, times: u32) -> i32 {
    (bucket + (1 << times) - 1) >> times
}

/// Returns the coarsest schema whose bounds grow by at most `factor`.
pub(crate) fn schema_for_growth(factor: f64) -> i32 {
    // The formula of the Go client of Prometheus.
    -(factor.log2().log2().floor().clamp(-f64::from(FINEST), -f64::from(COARSEST)) as i32)
}

/// Returns the upper bound of a bucket.
#[cfg(test)]
pub(crate) fn upper_bound(bucket: i32, schema: i32) -> f64 {
    (f64::from(bucket) * f64::from(-schema).exp2()).exp2()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn growth_factors_have_the_schemas_that_other_clients_choose() {
        let factors = [1.001, 1.0028, 1.01, 1.05, 1.1, 1.2, 1.5, 2.0, 3.0, 16.0, 1e10];
        assert_eq!(factors.map(schema_for_growth), [8, 8, 7, 4, 3, 2, 1, 0, 0, -2, -4]);
    }

    #[test]
    fn a_value_lies_between_the_bounds_of_its_bucket() {
        for schema in 0..=8 {
            let finder = BucketFinder::new(schema);
            let mut value = 1e-30;
            while value < 1e30 {
                let bucket = finder.bucket(value);
                let [below, above] =
                    [bucket - 1, bucket].map(|bucket| upper_bound(bucket, schema.cast_signed()));
                // Bounds are rounded, so a value next to one may fall on either side.
                assert!(below * (1.0 - 1e-12) < value && value <= above * (1.0 + 1e-12), "{value} {schema}");
                value *= 1.000_37;
            }
        }
    }

    #[test]
    fn a_bound_belongs_to_the_bucket_below_it() {
        let finder = BucketFinder::new(3);
        for exponent in -100..100 {
            let bound = f64::from(exponent).exp2();
            assert_eq!(finder.bucket(bound), exponent * 8);
            assert_eq!(finder.bucket(f64::from_bits(bound.to_bits() + 1)), exponent * 8 + 1);
            assert_eq!(finder.bucket(f64::from_bits(bound.to_bits() - 1)), exponent * 8);
        }
        assert_eq!(finder.bucket(2.0_f64.sqrt()), 4);
    }

    #[test]
    fn halving_gives_the_buckets_of_the_coarser_schema() {
        let (fine, coarse) = (BucketFinder::new(8), BucketFinder::new(0));
        for value in [1e-9, 0.3, 1.0, 1.5, 2.0, 3.0, 4.0, 1e9] {
            assert_eq!(halved(fine.bucket(value), 8), coarse.bucket(value), "{value}");
        }
        assert_eq!([-3, -2, -1, 0, 1, 2, 3].map(|bucket| halved(bucket, 1)), [-1, -1, 0, 0, 1, 1, 2]);
    }
}
