//! Shards, and how a thread comes by one.

use std::cell::Cell;
use std::marker::PhantomData;
use std::sync::atomic::AtomicUsize;
use std::sync::{Mutex, PoisonError};

use once_cell::race::OnceBox;

use super::{EXCLUSIVE_SHARDS, NEAR_CELLS, PAGE_CELLS, PAGES};
use crate::sync::{AtomicU64, Ordering, zeroed};

type Near = [AtomicU64; NEAR_CELLS];
type Page = [AtomicU64; PAGE_CELLS];

/// One thread's words, or those of all threads that have no shard of their own.
pub(crate) struct Shard {
    /// The first words, found without a look at `pages`. The operating system gives the memory for
    /// them as they are touched. Word 0, of the row that nobody reads, says which shard this is: it
    /// is looked at with every recording, and so is near.
    near: Box<Near>,
    pages: [OnceBox<Page>; PAGES],
}

/// The word that holds a shard's [`Name`].
const NAME: usize = 0;

/// Which shard: its number and, in the lowest bit, whether threads share it.
#[derive(Clone, Copy)]
struct Name(u64);

impl Name {
    const SHARED: Self = Self(1);

    fn exclusive(number: usize) -> Self {
        Self((number as u64) << 1)
    }

    #[inline]
    fn of(near: &Near) -> Self {
        Self(near[NAME].load(Ordering::Relaxed))
    }

    #[inline]
    fn is_shared(self) -> bool {
        self.0 & 1 != 0
    }

    fn shard(self) -> Option<&'static Shard> {
        if self.is_shared() { COLUMNS.shared.get() } else { COLUMNS.made[(self.0 >> 1) as usize].get() }
    }
}

impl Shard {
    fn new(name: Name) -> Self {
        let near: Box<Near> = zeroed();
        near[NAME].store(name.0, Ordering::Relaxed);
        Self { near, pages: [const { OnceBox::new() }; PAGES] }
    }

    /// The words from `at` on, for a reader: `None` where nothing was ever recorded.
    pub(super) fn recorded(&self, at: u32) -> Option<&[AtomicU64]> {
        let at = at as usize;
        if at < NEAR_CELLS {
            return Some(&self.near[at..]);
        }
        self.pages[at / PAGE_CELLS].get().map(|page| &page[at % PAGE_CELLS..])
    }
}

/// The right to add to a shard, on the thread that was given it.
#[derive(Clone, Copy)]
pub struct ShardHandle {
    near: &'static Near,
    not_send: PhantomData<*const ()>,
}

impl ShardHandle {
    fn of(shard: &'static Shard) -> Self {
        Self { near: &shard.near, not_send: PhantomData }
    }

    /// The words of the row that begins at `at`, if they are near and this thread's alone: then
    /// adding is as cheap as can be.
    #[inline]
    pub(super) fn own(self, at: u32) -> Option<ExclusiveCells> {
        if Name::of(self.near).is_shared() {
            return None;
        }
        let at = at as usize;
        (at < NEAR_CELLS).then_some(ExclusiveCells { near: self.near, at })
    }

    /// The words of the row that begins at `at`, wherever they are.
    pub(super) fn any(self, at: u32) -> AnyCells {
        let at = at as usize;
        let name = Name::of(self.near);
        let words = if at < NEAR_CELLS { &self.near[at..] } else { Self::far(name, at) };
        AnyCells { words, shared: name.is_shared() }
    }

    fn far(name: Name, at: usize) -> &'static [AtomicU64] {
        match name.shard() {
            Some(shard) => &shard.pages[at / PAGE_CELLS].get_or_init(zeroed)[at % PAGE_CELLS..],
            None => unreachable!("a writer is of a shard"),
        }
    }
}

/// Cells that can be added to. What was added before, in whatever shard, is visible to a reader
/// that sees a later addition.
pub(crate) trait Cells: Copy {
    fn add(self, word: usize, amount: u64);

    /// Adds to a word that holds the bits of an `f64`.
    fn add_f64(self, word: usize, amount: f64);

    /// Sets a word of which the largest counts, if it is less.
    fn raise(self, word: usize, value: u64);

    /// What this shard has in a word that isn't added up.
    fn get(self, word: usize) -> u64;

    /// Puts something else there.
    fn set(self, word: usize, value: u64);
}

/// Near words that no other thread writes.
#[derive(Clone, Copy)]
pub(crate) struct ExclusiveCells {
    near: &'static Near,
    at: usize,
}

impl ExclusiveCells {
    /// A mask instead of a check, since a row that begins near ends near.
    #[inline]
    fn cell(self, word: usize) -> &'static AtomicU64 {
        &self.near[(self.at + word) & (NEAR_CELLS - 1)]
    }
}

#[inline]
fn add_alone(cell: &AtomicU64, amount: u64) {
    cell.store(cell.load(Ordering::Relaxed).wrapping_add(amount), Ordering::Release);
}

#[inline]
fn add_f64_alone(cell: &AtomicU64, amount: f64) {
    let sum = f64::from_bits(cell.load(Ordering::Relaxed)) + amount;
    cell.store(sum.to_bits(), Ordering::Release);
}

#[inline]
fn raise_alone(cell: &AtomicU64, value: u64) {
    if cell.load(Ordering::Relaxed) < value {
        cell.store(value, Ordering::Release);
    }
}

impl Cells for ExclusiveCells {
    #[inline]
    fn add(self, word: usize, amount: u64) {
        add_alone(self.cell(word), amount);
    }

    #[inline]
    fn add_f64(self, word: usize, amount: f64) {
        add_f64_alone(self.cell(word), amount);
    }

    #[inline]
    fn raise(self, word: usize, value: u64) {
        raise_alone(self.cell(word), value);
    }

    #[inline]
    fn get(self, word: usize) -> u64 {
        self.cell(word).load(Ordering::Acquire)
    }

    fn set(self, word: usize, value: u64) {
        self.cell(word).store(value, Ordering::Release);
    }
}

/// Cells that other threads may write, too.
#[derive(Clone, Copy)]
pub(crate) struct AnyCells {
    words: &'static [AtomicU64],
    shared: bool,
}

impl Cells for AnyCells {
    fn add(self, word: usize, amount: u64) {
        if self.shared {
            self.words[word].fetch_add(amount, Ordering::Release);
        } else {
            add_alone(&self.words[word], amount);
        }
    }

    fn add_f64(self, word: usize, amount: f64) {
        if !self.shared {
            return add_f64_alone(&self.words[word], amount);
        }
        let add = |bits| Some((f64::from_bits(bits) + amount).to_bits());
        // `add` always gives a value, so the update succeeds.
        let _ = self.words[word].fetch_update(Ordering::Release, Ordering::Relaxed, add);
    }

    fn raise(self, word: usize, value: u64) {
        if !self.shared {
            return raise_alone(&self.words[word], value);
        }
        let raised = |known| (known < value).then_some(value);
        // Where it isn't less there is nothing to do.
        let _ = self.words[word].fetch_update(Ordering::Release, Ordering::Relaxed, raised);
    }

    fn get(self, word: usize) -> u64 {
        self.words[word].load(Ordering::Acquire)
    }

    fn set(self, word: usize, value: u64) {
        self.words[word].store(value, Ordering::Release);
    }
}

/// Every shard that was ever made. They are few and live as long as the process, since what was
/// counted in them stays counted.
struct Shards {
    made: [OnceBox<Shard>; EXCLUSIVE_SHARDS],
    shared: OnceBox<Shard>,
    /// Numbers of the shards that no thread owns now.
    free: Mutex<Vec<usize>>,
    /// How many those are, for threads that would like to have one.
    free_count: AtomicUsize,
}

static COLUMNS: Shards = Shards {
    made: [const { OnceBox::new() }; EXCLUSIVE_SHARDS],
    shared: OnceBox::new(),
    free: Mutex::new(Vec::new()),
    free_count: AtomicUsize::new(0),
};

thread_local! {
    /// Only for a thread that owns a shard: others look each time whether they can have one.
    static WRITER: Cell<Option<ShardHandle>> = const { Cell::new(None) };
    static LEASE: Lease = const { Lease(Cell::new(None)) };
}

impl Shards {
    /// A shard for this thread alone: one that was given back, else a new one.
    fn take(&self) -> Option<usize> {
        let all_made = self.made[EXCLUSIVE_SHARDS - 1].get().is_some();
        if all_made && self.free_count.load(Ordering::Relaxed) == 0 {
            return None;
        }
        // Handing a shard over under the lock orders the last writes of its old thread before the
        // first of its new one.
        let mut free = self.free.lock().unwrap_or_else(PoisonError::into_inner);
        let returned = free.pop();
        self.free_count.store(free.len(), Ordering::Relaxed);
        returned.or_else(|| {
            let number = self.made.iter().position(|shard| shard.get().is_none())?;
            self.made[number].get_or_init(|| Box::new(Shard::new(Name::exclusive(number))));
            Some(number)
        })
    }

    fn give_back(&self, number: usize) {
        let mut free = self.free.lock().unwrap_or_else(PoisonError::into_inner);
        free.push(number);
        self.free_count.store(free.len(), Ordering::Relaxed);
    }
}

/// Gives the shard back when its thread ends.
struct Lease(Cell<Option<usize>>);

impl Lease {
    fn take(&self) -> Option<&'static Shard> {
        let number = COLUMNS.take()?;
        self.0.set(Some(number));
        COLUMNS.made[number].get()
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        // What records in this thread's last destructors shares a shard.
        WRITER.set(None);
        if let Some(number) = self.0.get() {
            COLUMNS.give_back(number);
        }
    }
}

/// This thread's writer. It is good until the thread ends, and only there.
#[inline]
pub(crate) fn writer() -> ShardHandle {
    // Out of reach only while the thread's locals are being destroyed.
    match WRITER.try_with(Cell::get) {
        Ok(Some(writer)) => writer,
        _ => new_writer(),
    }
}

#[cold]
fn new_writer() -> ShardHandle {
    match LEASE.try_with(Lease::take).ok().flatten() {
        Some(own) => {
            let writer = ShardHandle::of(own);
            let _ = WRITER.try_with(|slot| slot.set(Some(writer)));
            writer
        }
        None => ShardHandle::of(COLUMNS.shared.get_or_init(|| Box::new(Shard::new(Name::SHARED)))),
    }
}

/// All shards, for a reader.
pub(super) fn shards() -> impl Iterator<Item = &'static Shard> {
    let made = COLUMNS.made.iter().map_while(OnceBox::get);
    made.chain(COLUMNS.shared.get())
}

/// Run with `RUSTFLAGS="--cfg loom" cargo test --release -p agent-metrics --lib model`.
#[cfg(all(test, loom))]
mod model {
    use loom::thread;

    use super::*;

    const STARTED: u32 = 1;
    const ENDED: u32 = 2;
    const BUCKETS: std::ops::Range<u32> = 3..5;

    /// Shards that live as long as the test, as those of threads live as long as the process.
    fn shards<const N: usize>(name: Name) -> [&'static Shard; N] {
        std::array::from_fn(|_| &*Box::leak(Box::new(Shard::new(name))))
    }

    fn read(shards: &[&Shard], at: u32) -> u64 {
        let words = shards.iter().filter_map(|shard| shard.recorded(at));
        words.map(|words| words[0].load(Ordering::Acquire)).sum()
    }

    /// One call, recorded as `CallShape` does: a start, then its end, then its bucket.
    fn call(shard: &'static Shard, bucket: u32) {
        let words = ShardHandle::of(shard).any(0);
        words.add(STARTED as usize, 1);
        words.add(ENDED as usize, 1);
        words.add((BUCKETS.start + bucket) as usize, 1);
    }

    /// What a scrape reads: ends before starts, the count added up from the buckets.
    fn check(shards: &[&Shard]) {
        let count: u64 = BUCKETS.map(|at| read(shards, at)).sum();
        let ended = read(shards, ENDED);
        let started = read(shards, STARTED);
        assert!(count <= ended, "{count} observations of {ended} ends");
        assert!(ended <= started, "{ended} ends of {started} starts");
    }

    #[test]
    fn a_scrape_sees_no_end_without_its_start() {
        loom::model(|| {
            let shards = shards::<2>(Name::exclusive(0));
            let threads = [0, 1].map(|n| thread::spawn(move || call(shards[n], n as u32)));
            check(&shards);
            for thread in threads {
                thread.join().unwrap();
            }
            assert_eq!([STARTED, ENDED, 3, 4].map(|at| read(&shards, at)), [2, 2, 1, 1]);
        });
    }

    #[test]
    fn threads_that_share_a_column_lose_nothing() {
        loom::model(|| {
            let shards = shards::<1>(Name::SHARED);
            let threads = [0, 1].map(|_| thread::spawn(move || call(shards[0], 0)));
            check(&shards);
            for thread in threads {
                thread.join().unwrap();
            }
            assert_eq!([STARTED, ENDED, 3].map(|at| read(&shards, at)), [2, 2, 2]);
        });
    }

    #[test]
    fn shared_sums_of_floats_lose_nothing() {
        loom::model(|| {
            let [shard] = shards::<1>(Name::SHARED);
            let threads = [0.5, 0.25].map(|amount| {
                thread::spawn(move || ShardHandle::of(shard).any(0).add_f64(STARTED as usize, amount))
            });
            for thread in threads {
                thread.join().unwrap();
            }
            assert_eq!(f64::from_bits(read(&[shard], STARTED)), 0.75);
        });
    }

    #[test]
    fn the_largest_of_a_shared_word_stays() {
        loom::model(|| {
            let [shard] = shards::<1>(Name::SHARED);
            let threads =
                [7, 5].map(|value| thread::spawn(move || ShardHandle::of(shard).any(0).raise(1, value)));
            for thread in threads {
                thread.join().unwrap();
            }
            assert_eq!(read(&[shard], STARTED), 7);
        });
    }
}
