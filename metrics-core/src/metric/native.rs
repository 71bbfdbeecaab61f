//! Native histograms: sparse buckets whose bounds grow by a root of 2.

use super::exponential::{self, BucketFinder, COARSEST, halved};
use super::histogram_cells::HistogramRef;
use super::native_windows::{MAX_WINDOW_BUCKETS, NativeWindow, NativeWindows};
use crate::sample::{BucketRange, NativeCounts};
use crate::storage::{Cells, ShardHandle};

/// Settings of native histograms: Prometheus's exponential buckets, of which only those with observations are exposed.
///
/// Native histograms need no bounds and give quantiles within a small factor over any range. Prometheus reads them from
/// its protobuf format only. That format can have the classic buckets beside them, for queries that still use `le`.
///
/// ```
/// use agent_metrics::AgentMetrics;
/// use agent_metrics::metric::NativeHistograms;
///
/// let finer = NativeHistograms::new().growth(1.05).max_buckets(200);
/// let metrics = AgentMetrics::builder().native_histograms(finer).build()?;
/// # Ok::<(), agent_metrics::BuildError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct NativeHistograms {
    growth: f64,
    max_buckets: u32,
    zero_threshold: f64,
    classic: bool,
}

impl Default for NativeHistograms {
    fn default() -> Self {
        Self::new()
    }
}

impl NativeHistograms {
    /// Creates the default settings: native buckets beside the classic ones, whose bounds grow by at most 1.1, so that
    /// the error of a quantile is at most 5 %; at most 160 buckets, the default of OpenTelemetry.
    pub const fn new() -> Self {
        // 2^-128, the default of the other Prometheus clients.
        let zero_threshold = f64::from_bits((1023 - 128) << 52);
        Self { growth: 1.1, max_buckets: 160, zero_threshold, classic: true }
    }

    /// Sets the largest factor from one bound to the next. The next smaller factor that Prometheus has is used: 1.0027, 1.0054, 1.011, 1.022, 1.044, 1.09, 1.19, 1.41, 2, 4, 16, 256 or 65,536.
    #[must_use]
    pub const fn growth(mut self, factor: f64) -> Self {
        self.growth = factor;
        self
    }

    /// Sets the largest number of buckets from the lowest with an observation to the highest, from 8 to 1024. A
    /// histogram that needs more halves its resolution.
    #[must_use]
    pub const fn max_buckets(mut self, count: u32) -> Self {
        self.max_buckets = count;
        self
    }

    /// Sets the largest value that counts as 0.
    #[must_use]
    pub const fn zero_threshold(mut self, value: f64) -> Self {
        self.zero_threshold = value;
        self
    }

    /// Leaves the classic buckets out. The text formats then have only the sum and the count of a histogram.
    #[must_use]
    pub const fn instead_of_classic(mut self) -> Self {
        self.classic = false;
        self
    }

    pub(crate) fn keeps_classic(&self) -> bool {
        self.classic
    }

    /// Checks the settings.
    ///
    /// # Errors
    /// Returns the reason why a setting is invalid.
    pub(crate) fn check(&self) -> Result<(), &'static str> {
        if !(self.growth > 1.0 && self.growth.is_finite()) {
            return Err("`growth` must be above 1: it is the factor from one bucket's bound to the next");
        }
        if !(MIN_BUCKETS..=MAX_BUCKETS).contains(&self.max_buckets) {
            return Err("`max_buckets` must be from 8 to 1024");
        }
        if !(self.zero_threshold.is_normal() && self.zero_threshold > 0.0) {
            return Err("`zero_threshold` must be a positive number, at least 2.3e-308");
        }
        Ok(())
    }
}

const MIN_BUCKETS: u32 = 8;
const MAX_BUCKETS: u32 = 1024;

/// The native buckets of the histograms of one family.
pub(crate) struct NativeShape {
    finder: BucketFinder,
    /// Halvings from the finder's schema to the configured one, which may be below 0.
    halvings: u32,
    max_buckets: u32,
    zero_threshold: f64,
}

/// Buckets of the first window. It is small, since most observations of one histogram are close together.
const FIRST_WINDOW: u32 = if cfg!(loom) { 2 } else { 64 };

impl NativeShape {
    /// Creates the shape for settings that passed [`NativeHistograms::check`].
    pub(crate) fn new(settings: &NativeHistograms) -> Self {
        let schema = exponential::schema_for_growth(settings.growth);
        Self {
            finder: BucketFinder::new(schema.max(0) as u32),
            halvings: (-schema).max(0) as u32,
            max_buckets: settings.max_buckets,
            zero_threshold: settings.zero_threshold,
        }
    }

    /// Counts an observation. `cells[cell]` has the bits of the window that this shard used last. The histogram never
    /// drops a window before its cells, so that these bits are always a valid window of it.
    #[inline]
    pub(crate) fn observe<'a>(
        &self,
        windows: impl FnOnce() -> &'a NativeWindows,
        shard: ShardHandle,
        (cells, cell): (impl Cells, usize),
        value: f64,
    ) {
        let window = NativeWindow::from_bits(cells.get(cell));
        match self.cell_in(window, value) {
            Some(counted) => window.add(shard, counted),
            None => self.observe_outside(windows(), shard, (cells, cell), value),
        }
    }

    /// Returns the cell of a window that counts a value, if the value lies in the window.
    #[inline]
    fn cell_in(&self, window: NativeWindow, value: f64) -> Option<u32> {
        if value <= self.zero_threshold {
            return window.zeros_cell();
        }
        window.bucket_cell(halved(self.finder.bucket(value), window.halvings))
    }

    /// Counts an observation in the newest window, or in a new one if it lies outside of that, too. When the storage is
    /// full the observation is lost here, and the histogram is exposed without native buckets from then on.
    #[cold]
    #[inline(never)]
    fn observe_outside(
        &self,
        windows: &NativeWindows,
        shard: ShardHandle,
        (cells, cell): (impl Cells, usize),
        value: f64,
    ) {
        loop {
            let last = windows.last();
            if let Some(counted) = self.cell_in(last, value) {
                cells.set(cell, last.to_bits());
                return last.add(shard, counted);
            }
            let Some(wider) = self.wider(windows, last, value) else { return };
            if !windows.push(last, wider) && windows.last() == last {
                return;
            }
        }
    }

    /// Allocates a window for all observations so far and for a value that lies outside of the `last` window.
    fn wider(&self, windows: &NativeWindows, last: NativeWindow, value: f64) -> Option<NativeWindow> {
        // A zero can be counted in any window.
        let value = if value <= self.zero_threshold { 1.0 } else { value };
        if last.is_none() {
            let bucket = halved(self.finder.bucket(value), self.halvings);
            let buckets = FIRST_WINDOW.min(self.full_window());
            return NativeWindow::allocate(buckets, bucket - buckets.cast_signed() / 2, self.halvings);
        }
        let mut range = self.counts(windows).range(halved(self.finder.bucket(value), last.halvings));
        let mut halvings = last.halvings;
        let is_full = last.buckets == self.full_window();
        while range.buckets() > self.max_buckets || (is_full && halvings == last.halvings) {
            if halvings == self.max_halvings() {
                return self.widest();
            }
            halvings += 1;
            range = BucketRange { first: halved(range.first, 1), last: halved(range.last, 1) };
        }
        let spare = self.full_window() - range.buckets();
        NativeWindow::allocate(self.full_window(), range.first - spare.cast_signed() / 2, halvings)
    }

    /// Returns the number of buckets of a window that has spare buckets on both sides. If an observation lies outside of
    /// it, the resolution has to be halved.
    fn full_window(&self) -> u32 {
        (2 * self.max_buckets).min(MAX_WINDOW_BUCKETS)
    }

    fn max_halvings(&self) -> u32 {
        (self.finder.schema() - COARSEST) as u32
    }

    /// Allocates a window of all buckets of the coarsest schema.
    fn widest(&self) -> Option<NativeWindow> {
        let [first, last] =
            [f64::MIN_POSITIVE, f64::MAX].map(|value| halved(self.finder.bucket(value), self.max_halvings()));
        NativeWindow::allocate((last - first) as u32 + 1, first, self.max_halvings())
    }

    /// Returns the observations of all threads.
    pub(crate) fn counts(&self, windows: &NativeWindows) -> NativeCounts {
        let all: Vec<_> = windows.iter().collect();
        let halvings = all.last().map_or(self.halvings, |last| last.halvings);
        let mut counts = NativeCounts {
            schema: self.finder.schema() - halvings.cast_signed(),
            zero_threshold: self.zero_threshold,
            zeros: 0,
            buckets: Vec::new(),
        };
        for window in &all {
            let read = window.read();
            counts.zeros += read[0];
            let observed = read[1..].iter().zip(window.first..).filter(|(count, _)| **count > 0);
            counts
                .buckets
                .extend(observed.map(|(count, number)| (halved(number, halvings - window.halvings), *count)));
        }
        counts.join();
        while counts.span() > self.max_buckets && counts.schema > COARSEST {
            counts.schema -= 1;
            counts.buckets.iter_mut().for_each(|(number, _)| *number = halved(*number, 1));
            counts.join();
        }
        counts
    }

    /// Reads the windows of one histogram.
    pub(crate) fn read(&self, histogram: HistogramRef<'_>) -> NativeCounts {
        match histogram.existing_windows() {
            Some(windows) => self.counts(windows),
            None => self.counts(&NativeWindows::new()),
        }
    }
}

/// The number of times that a histogram is read until its classic and its native buckets agree.
const MAX_TRIES: usize = 8;

/// Reads the classic and the native buckets of one histogram.
///
/// An observation is counted in its native bucket first, and the classic buckets are read first. So the native buckets
/// may have more observations, if other threads record while this one reads; after [`MAX_TRIES`] their total is the
/// count of the histogram. If they have fewer, then the storage was too full for them, and `None` is returned.
pub(crate) fn read_both(
    classic: &mut [u64],
    read_classic: impl Fn(&mut [u64]),
    read_native: impl Fn() -> NativeCounts,
) -> Option<NativeCounts> {
    let mut read = || {
        classic.fill(0);
        read_classic(classic);
        let native = read_native();
        (classic.iter().sum::<u64>(), native)
    };
    let mut last = read();
    for _ in 1..MAX_TRIES {
        if last.0 == last.1.total() {
            break;
        }
        last = read();
    }
    let (total, native) = last;
    (native.total() >= total).then_some(native)
}
