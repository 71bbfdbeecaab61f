//! Buckets that grow by a power of 2: which one a value falls into.
//!
//! At schema `s` each bound is the one before times 2^(2^-s), and 1 is a bound: bucket `n` is of what lies above
//! 2^((n - 1) / 2^s) and not above 2^(n / 2^s). Source: Prometheus's native histograms
//! (<https://prometheus.io/docs/specs/native_histograms/>), whose schemas go from -4 to 8.

/// The schemas of Prometheus.
pub(crate) const FINEST: i32 = 8;
pub(crate) const COARSEST: i32 = -4;

/// Finds the buckets of one schema, which is not below 0.
///
/// The exponent says in which doubling a value lies. Within it the first bits of the mantissa say how many bounds are
/// below, but for the one bound that may lie among the values with the same first bits.
pub(crate) struct Finder {
    schema: u32,
    cells: Box<[Cell]>,
}

/// Values between 1 and 2 with the same first bits.
struct Cell {
    /// How many bounds are below all of them.
    below: i32,
    /// The next bound's mantissa.
    next: u64,
}

const MANTISSA_BITS: u32 = 52;
const MANTISSA: u64 = (1 << MANTISSA_BITS) - 1;
const EXPONENT_BIAS: i32 = 1023;

impl Finder {
    pub(crate) fn new(schema: u32) -> Self {
        let buckets = 1_u32 << schema;
        let bound = |number: u32| (f64::from(number) / f64::from(buckets)).exp2();
        // Half as wide as the narrowest bucket is at least, so that no two bounds are in one.
        let cells = (0..2 * buckets).map(|cell| {
            let begin = 1.0 + f64::from(cell) / f64::from(2 * buckets);
            let below = (1..buckets).filter(|number| bound(*number) < begin).count();
            let next = below as u32 + 1;
            // The bound after the last is 2, which no mantissa exceeds.
            let next = if next < buckets { bound(next).to_bits() & MANTISSA } else { u64::MAX };
            Cell { below: i32::try_from(below).unwrap_or(i32::MAX), next }
        });
        Self { schema, cells: cells.collect() }
    }

    pub(crate) fn schema(&self) -> i32 {
        self.schema.cast_signed()
    }

    /// The number of the bucket of a positive normal value.
    #[inline]
    pub(crate) fn bucket(&self, value: f64) -> i32 {
        let bits = value.to_bits();
        let mantissa = bits & MANTISSA;
        let exponent = (bits >> MANTISSA_BITS) as i32 - EXPONENT_BIAS;
        let cell = &self.cells[(mantissa >> (MANTISSA_BITS - 1 - self.schema)) as usize];
        // A power of 2 is a bound, and belongs to the bucket below it.
        (exponent << self.schema) + cell.below + i32::from(mantissa > cell.next) + i32::from(mantissa != 0)
    }
}

/// The bucket into which a bucket goes when the resolution is halved so often: each two become one, and a bound
/// stays a bound if its number is even.
#[inline]
pub(crate) fn halved(bucket: i32, times: u32) -> i32 {
    (bucket + (1 << times) - 1) >> times
}

/// The coarsest schema whose buckets grow at most by `factor`.
pub(crate) fn schema_of(factor: f64) -> i32 {
    // As other clients of Prometheus choose it.
    -(factor.log2().log2().floor().clamp(-f64::from(FINEST), -f64::from(COARSEST)) as i32)
}

/// The upper bound of a bucket.
#[cfg(test)]
pub(crate) fn upper_bound(bucket: i32, schema: i32) -> f64 {
    (f64::from(bucket) * f64::from(-schema).exp2()).exp2()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn factors_have_the_schemas_that_other_clients_give_them() {
        let factors = [1.001, 1.0028, 1.01, 1.05, 1.1, 1.2, 1.5, 2.0, 3.0, 16.0, 1e10];
        assert_eq!(factors.map(schema_of), [8, 8, 7, 4, 3, 2, 1, 0, 0, -2, -4]);
    }

    #[test]
    fn a_value_lies_between_its_buckets_bounds() {
        for schema in 0..=8 {
            let finder = Finder::new(schema);
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
    fn bounds_belong_to_the_bucket_below() {
        let finder = Finder::new(3);
        for exponent in -100..100 {
            let bound = f64::from(exponent).exp2();
            assert_eq!(finder.bucket(bound), exponent * 8);
            assert_eq!(finder.bucket(f64::from_bits(bound.to_bits() + 1)), exponent * 8 + 1);
            assert_eq!(finder.bucket(f64::from_bits(bound.to_bits() - 1)), exponent * 8);
        }
        assert_eq!(finder.bucket(2.0_f64.sqrt()), 4);
    }

    #[test]
    fn halving_is_what_a_coarser_schema_says() {
        let (fine, coarse) = (Finder::new(8), Finder::new(0));
        for value in [1e-9, 0.3, 1.0, 1.5, 2.0, 3.0, 4.0, 1e9] {
            assert_eq!(halved(fine.bucket(value), 8), coarse.bucket(value), "{value}");
        }
        assert_eq!([-3, -2, -1, 0, 1, 2, 3].map(|bucket| halved(bucket, 1)), [-1, -1, 0, 0, 1, 1, 2]);
    }
}
