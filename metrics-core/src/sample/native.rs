//! The buckets of a native histogram at one moment.

/// Buckets from a first one to a last one.
#[derive(Clone, Copy)]
pub(crate) struct BucketRange {
    pub(crate) first: i32,
    pub(crate) last: i32,
}

impl BucketRange {
    pub(crate) fn buckets(self) -> u32 {
        (self.last - self.first) as u32 + 1
    }
}

/// A native histogram at one moment.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct NativeCounts {
    pub(crate) schema: i32,
    pub(crate) zero_threshold: f64,
    /// Observations up to the threshold.
    pub(crate) zeros: u64,
    /// The numbers of the buckets that were observed, ascending, each with its count.
    pub(crate) buckets: Vec<(i32, u64)>,
}

impl NativeCounts {
    /// All observations.
    pub(crate) fn total(&self) -> u64 {
        self.zeros + self.buckets.iter().map(|(_, count)| count).sum::<u64>()
    }

    /// Adds up buckets of one number.
    pub(crate) fn join(&mut self) {
        self.buckets.sort_unstable_by_key(|(number, _)| *number);
        self.buckets.dedup_by(|(number, count), (kept, sum)| {
            let is_same = number == kept;
            if is_same {
                *sum += *count;
            }
            is_same
        });
    }

    pub(crate) fn span(&self) -> u32 {
        match (self.buckets.first(), self.buckets.last()) {
            (Some((first, _)), Some((last, _))) => BucketRange { first: *first, last: *last }.buckets(),
            _ => 0,
        }
    }

    /// From the lowest to the highest bucket, `also` among them.
    pub(crate) fn range(&self, also: i32) -> BucketRange {
        let of = |bucket: Option<&(i32, u64)>| bucket.map_or(also, |(number, _)| *number);
        BucketRange { first: of(self.buckets.first()).min(also), last: of(self.buckets.last()).max(also) }
    }
}
