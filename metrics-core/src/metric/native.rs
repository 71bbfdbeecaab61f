//! Native histograms: sparse buckets that grow by a power of 2, in windows of the plane.

use super::exponential::{self, COARSEST, Finder, halved};
use super::histogram_cells::HistogramRef;
use super::native_windows::{MOST_BUCKETS, Window, Windows};
use crate::sample::{BucketRange, NativeCounts};
use crate::storage::{Cells, ShardHandle};

/// Histograms with Prometheus's native buckets: exponential ones, of which only those are kept that were observed.
///
/// They need no bounds and give quantiles within a small factor over any range. Prometheus has them from its protocol
/// buffers only; there the classic buckets can stand beside them, for who still asks for `le`.
///
/// ```
/// use agent_metrics::{AgentMetrics, NativeHistograms};
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
    /// Beside the classic buckets: bounds that grow by at most 1.1, so that a quantile is at most 5 % off; at most
    /// 160 buckets, as OpenTelemetry has it.
    pub const fn new() -> Self {
        // 2^-128, as other clients of Prometheus have it.
        let zero_threshold = f64::from_bits((1023 - 128) << 52);
        Self { growth: 1.1, max_buckets: 160, zero_threshold, classic: true }
    }

    /// By which factor a bound is at most above the one before it. The nearest finer one of Prometheus's resolutions
    /// is used: 1.0027, 1.0054, 1.011, 1.022, 1.044, 1.09, 1.19, 1.41, 2, 4, 16, 256 or 65,536.
    #[must_use]
    pub const fn growth(mut self, factor: f64) -> Self {
        self.growth = factor;
        self
    }

    /// How many buckets there are at most from the lowest that was observed to the highest. A histogram that needs
    /// more halves its resolution.
    #[must_use]
    pub const fn max_buckets(mut self, count: u32) -> Self {
        self.max_buckets = count;
        self
    }

    /// Up to where a value counts as 0.
    #[must_use]
    pub const fn zero_threshold(mut self, value: f64) -> Self {
        self.zero_threshold = value;
        self
    }

    /// Leaves the classic buckets out: in the text formats a histogram then is its sum and its count.
    #[must_use]
    pub const fn instead_of_classic(mut self) -> Self {
        self.classic = false;
        self
    }

    pub(crate) fn keeps_classic(&self) -> bool {
        self.classic
    }

    /// # Errors
    /// What is wrong with it.
    pub(crate) fn check(&self) -> Result<(), &'static str> {
        if !(self.growth > 1.0 && self.growth.is_finite()) {
            return Err("`growth` must be above 1: it is the factor from one bucket's bound to the next");
        }
        if !(FEWEST..=MOST).contains(&self.max_buckets) {
            return Err("`max_buckets` must be from 8 to 1024");
        }
        if !(self.zero_threshold.is_normal() && self.zero_threshold > 0.0) {
            return Err("`zero_threshold` must be a positive number, at least 2.3e-308");
        }
        Ok(())
    }
}

const FEWEST: u32 = 8;
const MOST: u32 = 1024;

/// How one family's native histograms are kept.
pub(crate) struct NativeShape {
    finder: Finder,
    /// Halvings from the finder's schema to the one that was asked for, which may be below 0.
    halvings: u32,
    max_buckets: u32,
    zero_threshold: f64,
}

/// Of what one thread observes most are near each other, so the first window is small.
const FIRST_WINDOW: u32 = if cfg!(loom) { 2 } else { 64 };

impl NativeShape {
    /// Of settings that were checked.
    pub(crate) fn new(settings: &NativeHistograms) -> Self {
        let schema = exponential::schema_of(settings.growth);
        Self {
            finder: Finder::new(schema.max(0) as u32),
            halvings: (-schema).max(0) as u32,
            max_buckets: settings.max_buckets,
            zero_threshold: settings.zero_threshold,
        }
    }

    /// Counts an observation. `words[word]` is where this column keeps the window that fitted last.
    #[inline]
    pub(crate) fn observe<'a>(
        &self,
        windows: impl FnOnce() -> &'a Windows,
        writer: ShardHandle,
        (words, word): (impl Cells, usize),
        value: f64,
    ) {
        let window = Window::of_word(words.get(word));
        match self.place(window, value) {
            Some(place) => window.add(writer, place),
            None => self.observe_outside(windows(), writer, (words, word), value),
        }
    }

    /// Which word of a window counts a value.
    #[inline]
    fn place(&self, window: Window, value: f64) -> Option<u32> {
        if value <= self.zero_threshold {
            return window.zeros();
        }
        window.bucket(halved(self.finder.bucket(value), window.halvings))
    }

    /// Counts an observation in the newest window, or in a new one if it lies outside of that, too. When the plane is
    /// full it is lost, and the histogram is shown without native buckets.
    #[cold]
    #[inline(never)]
    fn observe_outside(
        &self,
        windows: &Windows,
        writer: ShardHandle,
        (words, word): (impl Cells, usize),
        value: f64,
    ) {
        loop {
            let last = windows.last();
            if let Some(place) = self.place(last, value) {
                words.set(word, last.to_word());
                return last.add(writer, place);
            }
            let Some(wider) = self.wider(windows, last, value) else { return };
            if !windows.push(last, wider) && windows.last() == last {
                return;
            }
        }
    }

    /// A window of all that was observed so far, and of a value that lies outside of the `last` one.
    fn wider(&self, windows: &Windows, last: Window, value: f64) -> Option<Window> {
        // A zero needs any window.
        let value = if value <= self.zero_threshold { 1.0 } else { value };
        if last.is_none() {
            let bucket = halved(self.finder.bucket(value), self.halvings);
            let buckets = FIRST_WINDOW.min(self.full_window());
            return Window::take(buckets, bucket - buckets.cast_signed() / 2, self.halvings);
        }
        let mut range = self.counts(windows).range(halved(self.finder.bucket(value), last.halvings));
        let mut halvings = last.halvings;
        let is_full = last.buckets == self.full_window();
        while range.buckets() > self.max_buckets || (is_full && halvings == last.halvings) {
            if halvings == self.most_halvings() {
                return self.widest();
            }
            halvings += 1;
            range = BucketRange { first: halved(range.first, 1), last: halved(range.last, 1) };
        }
        let spare = self.full_window() - range.buckets();
        Window::take(self.full_window(), range.first - spare.cast_signed() / 2, halvings)
    }

    /// With what may be observed on both sides, so that a value outside of it needs a halving.
    fn full_window(&self) -> u32 {
        (2 * self.max_buckets).min(MOST_BUCKETS)
    }

    fn most_halvings(&self) -> u32 {
        (self.finder.schema() - COARSEST) as u32
    }

    /// A window of every bucket of the coarsest schema.
    fn widest(&self) -> Option<Window> {
        let [first, last] = [f64::MIN_POSITIVE, f64::MAX]
            .map(|value| halved(self.finder.bucket(value), self.most_halvings()));
        Window::take((last - first) as u32 + 1, first, self.most_halvings())
    }

    /// What all threads observed.
    pub(crate) fn counts(&self, windows: &Windows) -> NativeCounts {
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
            None => self.counts(&Windows::new()),
        }
    }
}

/// How often a histogram is read until its classic and its native buckets are of one moment.
const TRIES: usize = 8;

/// Reads the classic and the native buckets of one histogram. Each observation is counted in the native ones first, so
/// these may be ahead, for as long as other threads record faster than this one reads; their total is then the
/// histogram's. If they are behind, the plane was too full for them, and they are not shown.
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
    for _ in 1..TRIES {
        if last.0 == last.1.total() {
            break;
        }
        last = read();
    }
    let (total, native) = last;
    (native.total() >= total).then_some(native)
}
