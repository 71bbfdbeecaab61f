//! The buckets of native histograms: windows over the buckets that there could be.
//!
//! There is a bucket for every power of some base, far too many to have a word each; but what one histogram observes
//! lies close together. So a histogram has words for a window of its buckets: a row, from some bucket on, at some
//! resolution. An observation outside makes a wider window, or one of half the resolution. What was counted in the
//! windows before stays there, and a reader adds all windows up: nothing is ever moved, and so nobody ever waits.

use crate::storage::{CellOffset, CellRange, STORAGE_CELLS, ShardHandle};
use crate::sync::{AtomicU64, Ordering};

/// A window, small enough for one word, so that it is read and replaced at once.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Window {
    /// Where its row begins: a word for zeros, then one for each bucket.
    row: CellOffset,
    /// How many buckets.
    pub(crate) buckets: u32,
    /// The number of its first bucket.
    pub(crate) first: i32,
    /// How often the resolution was halved.
    pub(crate) halvings: u32,
}

const BUCKETS_BITS: u32 = 12;
const FIRST_BITS: u32 = 20;
const HALVINGS_BITS: u32 = 4;

const _: () = assert!(STORAGE_CELLS <= 1 << (64 - BUCKETS_BITS - FIRST_BITS - HALVINGS_BITS));

/// The most buckets of one window.
pub(crate) const MOST_BUCKETS: u32 = if cfg!(loom) { 4 } else { (1 << BUCKETS_BITS) - 2 };

impl Window {
    /// No window: every bucket lies outside of it.
    const NONE: Self = Self { row: CellOffset::from_number(0), buckets: 0, first: 0, halvings: 0 };

    /// A new window in a row of its own. `None` when the plane is full.
    pub(crate) fn take(buckets: u32, first: i32, halvings: u32) -> Option<Self> {
        let row = CellRange::new(1 + buckets as usize).into_offset()?;
        Some(Self { row, buckets, first, halvings })
    }

    fn give_back(self) {
        self.row.give_back(1 + self.buckets as usize);
    }

    #[inline]
    pub(crate) fn of_word(word: u64) -> Self {
        let bits = |from: u32, count: u32| word >> from & ((1 << count) - 1);
        let first = bits(BUCKETS_BITS + HALVINGS_BITS, FIRST_BITS) as i32;
        Self {
            row: CellOffset::from_number((word >> (BUCKETS_BITS + HALVINGS_BITS + FIRST_BITS)) as u32),
            buckets: bits(0, BUCKETS_BITS) as u32,
            // Its sign is the highest of its bits.
            first: first << (32 - FIRST_BITS) >> (32 - FIRST_BITS),
            halvings: bits(BUCKETS_BITS, HALVINGS_BITS) as u32,
        }
    }

    pub(crate) fn to_word(self) -> u64 {
        let first = u64::from(self.first as u32 & ((1 << FIRST_BITS) - 1));
        u64::from(self.row.number()) << (BUCKETS_BITS + HALVINGS_BITS + FIRST_BITS)
            | first << (BUCKETS_BITS + HALVINGS_BITS)
            | u64::from(self.halvings) << BUCKETS_BITS
            | u64::from(self.buckets)
    }

    pub(crate) fn is_none(self) -> bool {
        self.buckets == 0
    }

    /// Which word of its row counts the observations of a bucket, if it has that.
    #[inline]
    pub(crate) fn bucket(self, number: i32) -> Option<u32> {
        let place = number.wrapping_sub(self.first) as u32;
        (place < self.buckets).then(|| place + 1)
    }

    /// Which word counts zeros.
    #[inline]
    pub(crate) fn zeros(self) -> Option<u32> {
        (!self.is_none()).then_some(0)
    }

    /// Counts an observation.
    #[inline]
    pub(crate) fn add(self, writer: ShardHandle, word: u32) {
        self.row.add(writer, word as usize, 1);
    }

    /// What all threads counted: zeros, then each bucket.
    pub(crate) fn read(self) -> Vec<u64> {
        let mut counts = vec![0; 1 + self.buckets as usize];
        self.row.read_into(0, &mut counts);
        counts
    }
}

/// All windows that a histogram ever had, in the order of their making.
pub(crate) struct Windows([AtomicU64; MOST_WINDOWS]);

/// One, a wider one, and then one for each halving of the resolution.
const MOST_WINDOWS: usize = if cfg!(loom) { 3 } else { 16 };

impl Windows {
    pub(crate) fn new() -> Self {
        Self(std::array::from_fn(|_| AtomicU64::new(0)))
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = Window> {
        let words = self.0.iter().map(|word| word.load(Ordering::Acquire));
        words.take_while(|word| *word != 0).map(Window::of_word)
    }

    /// The newest.
    pub(crate) fn last(&self) -> Window {
        self.iter().last().unwrap_or(Window::NONE)
    }

    /// Adds a window after `last`, unless another thread did or there is no room: then the new one is given back.
    pub(crate) fn push(&self, last: Window, new: Window) -> bool {
        let count =
            if last.is_none() { 0 } else { 1 + self.iter().take_while(|window| *window != last).count() };
        let is_added = self.put(count, new);
        if !is_added {
            new.give_back();
        }
        is_added
    }

    fn put(&self, place: usize, new: Window) -> bool {
        let Some(slot) = self.0.get(place) else { return false };
        slot.compare_exchange(0, new.to_word(), Ordering::AcqRel, Ordering::Relaxed).is_ok()
    }
}

impl Drop for Windows {
    fn drop(&mut self) {
        self.iter().for_each(Window::give_back);
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    #[test]
    fn a_window_fits_in_a_word() {
        for first in [0, 1, -1, 262_144, -262_144, (1 << 19) - 1, -(1 << 19)] {
            for (row, buckets, halvings) in [(4097, 64, 0), ((1 << 23) - 1, MOST_BUCKETS, 12)] {
                let window = Window { row: CellOffset::from_number(row), buckets, first, halvings };
                assert_eq!(Window::of_word(window.to_word()), window);
            }
        }
        assert_eq!(Window::of_word(0), Window::NONE);
    }

    #[test]
    fn a_window_knows_its_buckets() {
        let window = Window { row: CellOffset::from_number(5000), buckets: 4, first: -2, halvings: 0 };
        let places = [-3, -2, 0, 1, 2, i32::MIN, i32::MAX].map(|number| window.bucket(number));
        assert_eq!(places, [None, Some(1), Some(3), Some(4), None, None, None]);
        assert_eq!((Window::NONE.bucket(0), Window::NONE.zeros()), (None, None));
    }
}

/// Run as the models of shards are.
#[cfg(all(test, loom))]
mod model {
    use loom::sync::Arc;
    use loom::thread;

    use super::*;

    const WINDOWS: [Window; 2] = [
        Window { row: CellOffset::from_number(1), buckets: 2, first: 0, halvings: 0 },
        Window { row: CellOffset::from_number(2), buckets: 2, first: 8, halvings: 0 },
    ];

    /// The words of two windows, and of the classic bucket.
    type Counts = [AtomicU64; 3];

    /// An observation as a histogram records it: in a window, which is made if there is none that has its bucket, and
    /// then in its classic bucket.
    fn observe(windows: &Windows, counts: &Counts, wanted: usize) {
        let mut place = 0;
        let made = loop {
            match windows.iter().nth(place) {
                Some(window) if window == WINDOWS[wanted] => break place,
                Some(_) => place += 1,
                None if windows.put(place, WINDOWS[wanted]) => break place,
                None => {}
            }
        };
        assert!(made < MOST_WINDOWS);
        counts[wanted].fetch_add(1, Ordering::Release);
        counts[2].fetch_add(1, Ordering::Release);
    }

    #[test]
    fn a_scrape_sees_no_classic_count_without_its_native_one() {
        loom::model(|| {
            let shared = Arc::new((std::mem::ManuallyDrop::new(Windows::new()), Counts::default()));
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
