//! The state of a native histogram, as a visitor receives it.

/// The numbers of the buckets from `first` to `last`, both included.
#[derive(Clone, Copy)]
pub(crate) struct BucketRange {
    pub(crate) first: i32,
    pub(crate) last: i32,
}

impl BucketRange {
    /// The number of buckets.
    pub(crate) fn buckets(self) -> u32 {
        (self.last - self.first) as u32 + 1
    }
}

/// The observations of a native histogram at one moment.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct NativeCounts {
    pub(crate) schema: i32,
    pub(crate) zero_threshold: f64,
    /// The observations up to the threshold.
    pub(crate) zeros: u64,
    /// The numbers of the buckets with observations, ascending, each with its count.
    pub(crate) buckets: Vec<(i32, u64)>,
}

impl NativeCounts {
    /// Returns the number of all observations.
    pub(crate) fn total(&self) -> u64 {
        self.zeros + self.buckets.iter().map(|(_, count)| count).sum::<u64>()
    }

    /// Sorts the buckets and adds up those with the same number.
    pub(crate) fn join(&mut self) {
        self.buckets.sort_unstable_by_key(|(number, _)| *number);
        self.buckets.dedup_by(|(number, count), (earlier, sum)| {
            let is_same = number == earlier;
            if is_same {
                *sum += *count;
            }
            is_same
        });
    }

    /// Returns the number of buckets from the lowest to the highest with observations.
    pub(crate) fn span(&self) -> u32 {
        match (self.buckets.first(), self.buckets.last()) {
            (Some((first, _)), Some((last, _))) => BucketRange { first: *first, last: *last }.buckets(),
            _ => 0,
        }
    }

    /// Returns the range from the lowest to the highest bucket with observations, extended to include `also`.
    pub(crate) fn range(&self, also: i32) -> BucketRange {
        let number_of = |bucket: Option<&(i32, u64)>| bucket.map_or(also, |(number, _)| *number);
        BucketRange {
            first: number_of(self.buckets.first()).min(also),
            last: number_of(self.buckets.last()).max(also),
        }
    }
}
