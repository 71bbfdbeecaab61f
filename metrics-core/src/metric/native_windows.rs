//! The storage of native buckets: windows over the buckets that a histogram could have.
//!
//! There is a bucket for every power of some base, far too many to have a cell each; but the observations of one
//! histogram lie close together. So a histogram has cells for a window of its buckets: a cell range, for the buckets
//! from a first one on, at one resolution. An observation outside of the window makes a wider window, or one with half
//! the resolution. The counts in the earlier windows stay there, and a reader adds all windows up. Since no count is
//! ever moved, no thread ever waits for another.
//!
//! # Memory ordering
//! A histogram has a list of windows that only grows. Two things could go wrong.
//!
//! * **Two threads add a window at the same time** and one of the windows, with its counts, is lost. A window is
//!   added by a compare-and-exchange of the empty entry after the last one. The thread that fails releases its window,
//!   which nothing was counted in, and looks again.
//! * **A scrape sees an observation in its classic bucket but not in its native one**, and then the native buckets
//!   have fewer observations than the histogram. A recording thread counts an observation in its window first, and
//!   then in its classic bucket by a release operation. A reader loads the classic buckets first, by acquire
//!   operations, and then the list of windows and their cells. If it sees the classic count, it therefore sees the
//!   native count, and the window that has it: the recording thread either added that window or loaded it from the
//!   list by an acquire operation, before it counted.

use crate::storage::{CellOffset, CellRange, STORAGE_CELLS, ShardHandle};
use crate::sync::{AtomicU64, Ordering};

/// A window, small enough for one 64-bit number, so that it is loaded and replaced by one atomic operation.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct NativeWindow {
    /// The cells: one for zeros, then one for each bucket.
    cells: CellOffset,
    /// The number of buckets.
    pub(crate) buckets: u32,
    /// The number of the first bucket.
    pub(crate) first: i32,
    /// The number of times that the resolution was halved.
    pub(crate) halvings: u32,
}

const BUCKETS_BITS: u32 = 12;
const FIRST_BITS: u32 = 20;
const HALVINGS_BITS: u32 = 4;

const _: () = assert!(STORAGE_CELLS <= 1 << (64 - BUCKETS_BITS - FIRST_BITS - HALVINGS_BITS));

/// The largest number of buckets of one window.
pub(crate) const MAX_WINDOW_BUCKETS: u32 = if cfg!(loom) { 4 } else { (1 << BUCKETS_BITS) - 2 };

impl NativeWindow {
    /// No window: every bucket lies outside of it.
    const NONE: Self = Self { cells: CellOffset::from_index(0), buckets: 0, first: 0, halvings: 0 };

    /// Allocates a window. Returns `None` when the storage is full.
    pub(crate) fn allocate(buckets: u32, first: i32, halvings: u32) -> Option<Self> {
        let cells = CellRange::new(1 + buckets as usize).into_offset()?;
        Some(Self { cells, buckets, first, halvings })
    }

    fn release(self) {
        self.cells.release(1 + self.buckets as usize);
    }

    #[inline]
    pub(crate) fn from_bits(bits: u64) -> Self {
        let field = |from: u32, count: u32| bits >> from & ((1 << count) - 1);
        let first = field(BUCKETS_BITS + HALVINGS_BITS, FIRST_BITS) as i32;
        Self {
            cells: CellOffset::from_index((bits >> (BUCKETS_BITS + HALVINGS_BITS + FIRST_BITS)) as u32),
            buckets: field(0, BUCKETS_BITS) as u32,
            // The two shifts extend the sign, the highest of the field's bits.
            first: first << (32 - FIRST_BITS) >> (32 - FIRST_BITS),
            halvings: field(BUCKETS_BITS, HALVINGS_BITS) as u32,
        }
    }

    pub(crate) fn to_bits(self) -> u64 {
        let first = u64::from(self.first as u32 & ((1 << FIRST_BITS) - 1));
        u64::from(self.cells.index()) << (BUCKETS_BITS + HALVINGS_BITS + FIRST_BITS)
            | first << (BUCKETS_BITS + HALVINGS_BITS)
            | u64::from(self.halvings) << BUCKETS_BITS
            | u64::from(self.buckets)
    }

    pub(crate) fn is_none(self) -> bool {
        self.buckets == 0
    }

    /// Returns the cell that counts a bucket, if the bucket lies in the window.
    #[inline]
    pub(crate) fn bucket_cell(self, number: i32) -> Option<u32> {
        let index = number.wrapping_sub(self.first) as u32;
        (index < self.buckets).then(|| index + 1)
    }

    /// Returns the cell that counts zeros.
    #[inline]
    pub(crate) fn zeros_cell(self) -> Option<u32> {
        (!self.is_none()).then_some(0)
    }

    /// Counts an observation in a cell.
    #[inline]
    pub(crate) fn add(self, shard: ShardHandle, cell: u32) {
        self.cells.add(shard, cell as usize, 1);
    }

    /// Returns the counts of all threads: of zeros, then of each bucket.
    pub(crate) fn read(self) -> Vec<u64> {
        let mut counts = vec![0; 1 + self.buckets as usize];
        self.cells.read_into(0, &mut counts);
        counts
    }
}

/// All windows that a histogram ever had, the oldest first, as bits; 0 where there is none.
pub(crate) struct NativeWindows([AtomicU64; MAX_WINDOWS]);

/// The largest number of windows: the first, a wider one, and then one for each halving of the resolution.
const MAX_WINDOWS: usize = if cfg!(loom) { 3 } else { 16 };

impl NativeWindows {
    pub(crate) fn new() -> Self {
        Self(std::array::from_fn(|_| AtomicU64::new(0)))
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = NativeWindow> {
        let entries = self.0.iter().map(|entry| entry.load(Ordering::Acquire));
        entries.take_while(|bits| *bits != 0).map(NativeWindow::from_bits)
    }

    /// Returns the newest window.
    pub(crate) fn last(&self) -> NativeWindow {
        self.iter().last().unwrap_or(NativeWindow::NONE)
    }

    /// Adds a window after `last` and returns `true`. If another thread has added one there, or the list is full, the
    /// new window is released.
    pub(crate) fn push(&self, last: NativeWindow, new: NativeWindow) -> bool {
        let count =
            if last.is_none() { 0 } else { 1 + self.iter().take_while(|window| *window != last).count() };
        let is_added = self.put(count, new);
        if !is_added {
            new.release();
        }
        is_added
    }

    fn put(&self, index: usize, new: NativeWindow) -> bool {
        let Some(entry) = self.0.get(index) else { return false };
        entry.compare_exchange(0, new.to_bits(), Ordering::AcqRel, Ordering::Relaxed).is_ok()
    }
}

impl Drop for NativeWindows {
    fn drop(&mut self) {
        self.iter().for_each(NativeWindow::release);
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    #[test]
    fn a_window_survives_the_round_trip_through_its_bits() {
        for first in [0, 1, -1, 262_144, -262_144, (1 << 19) - 1, -(1 << 19)] {
            for (index, buckets, halvings) in [(4097, 64, 0), ((1 << 23) - 1, MAX_WINDOW_BUCKETS, 12)] {
                let window = NativeWindow { cells: CellOffset::from_index(index), buckets, first, halvings };
                assert_eq!(NativeWindow::from_bits(window.to_bits()), window);
            }
        }
        assert_eq!(NativeWindow::from_bits(0), NativeWindow::NONE);
    }

    #[test]
    fn only_buckets_in_the_window_have_cells() {
        let window = NativeWindow { cells: CellOffset::from_index(5000), buckets: 4, first: -2, halvings: 0 };
        let cells = [-3, -2, 0, 1, 2, i32::MIN, i32::MAX].map(|number| window.bucket_cell(number));
        assert_eq!(cells, [None, Some(1), Some(3), Some(4), None, None, None]);
        assert_eq!((NativeWindow::NONE.bucket_cell(0), NativeWindow::NONE.zeros_cell()), (None, None));
    }
}

/// Run with the models of the shards.
#[cfg(all(test, loom))]
mod model {
    use loom::sync::Arc;
    use loom::thread;

    use super::*;

    const WINDOWS: [NativeWindow; 2] = [
        NativeWindow { cells: CellOffset::from_index(1), buckets: 2, first: 0, halvings: 0 },
        NativeWindow { cells: CellOffset::from_index(2), buckets: 2, first: 8, halvings: 0 },
    ];

    /// The cells of two windows and of the classic bucket.
    type Counts = [AtomicU64; 3];

    /// Records an observation as a histogram does: first in a window, which is added if no window has the bucket, and
    /// then in the classic bucket.
    fn observe(windows: &NativeWindows, counts: &Counts, wanted: usize) {
        let mut index = 0;
        let made = loop {
            match windows.iter().nth(index) {
                Some(window) if window == WINDOWS[wanted] => break index,
                Some(_) => index += 1,
                None if windows.put(index, WINDOWS[wanted]) => break index,
                None => {}
            }
        };
        assert!(made < MAX_WINDOWS);
        counts[wanted].fetch_add(1, Ordering::Release);
        counts[2].fetch_add(1, Ordering::Release);
    }

    #[test]
    fn a_scrape_sees_no_classic_count_without_its_native_count() {
        loom::model(|| {
            let shared = Arc::new((std::mem::ManuallyDrop::new(NativeWindows::new()), Counts::default()));
            let threads = [0, 1].map(|wanted| {
                let shared = shared.clone();
                thread::spawn(move || observe(&shared.0, &shared.1, wanted))
            });
            let (windows, counts) = &*shared;
            let classic = counts[2].load(Ordering::Acquire);
            let native: u64 = windows
                .iter()
                .map(|window| counts[if window == WINDOWS[0] { 0 } else { 1 }].load(Ordering::Acquire))
                .sum();
            assert!(native >= classic, "{native} native observations of {classic}");
            for thread in threads {
                thread.join().unwrap();
            }
            assert_eq!(windows.iter().count(), 2);
        });
    }
}
