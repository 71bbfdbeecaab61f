//! Columns, and how a thread comes by one.

use std::cell::Cell;
use std::sync::{Mutex, PoisonError};

use once_cell::race::OnceBox;

use super::{EXCLUSIVE_COLUMNS, PAGE_WORDS, PAGES};
use crate::sync::{AtomicU64, Ordering};

/// Aligned to two cache lines, since processors fetch them in pairs.
#[repr(align(128))]
struct Page([AtomicU64; PAGE_WORDS]);

/// One thread's words.
pub(crate) struct Column {
    pages: Box<[OnceBox<Page>; PAGES]>,
}

impl Column {
    pub(crate) fn new() -> Self {
        Self { pages: Box::new([const { OnceBox::new() }; PAGES]) }
    }

    /// The page of a word. Masks instead of checks: rows were given out within the bounds.
    #[inline]
    fn page(&self, at: u32) -> &OnceBox<Page> {
        &self.pages[at as usize / PAGE_WORDS & (PAGES - 1)]
    }

    #[cold]
    #[inline(never)]
    fn new_page(slot: &OnceBox<Page>) -> &Page {
        slot.get_or_init(|| Box::new(Page(std::array::from_fn(|_| AtomicU64::new(0)))))
    }

    /// The words from `at` to the end of their page, for a reader: `None` where nothing was ever
    /// recorded.
    pub(crate) fn recorded(&self, at: u32) -> Option<&[AtomicU64]> {
        self.page(at).get().map(|page| &page.0[at as usize % PAGE_WORDS..])
    }
}

/// The right to add to one column: alone, or together with other threads.
#[derive(Clone, Copy)]
pub(crate) struct Writer<'a> {
    column: &'a Column,
    alone: bool,
}

impl<'a> Writer<'a> {
    /// The words of the row that begins at `at`.
    #[inline]
    pub(super) fn open(self, at: u32) -> Words<'a> {
        let page = self.column.page(at);
        let page = match page.get() {
            Some(page) => page,
            None => Column::new_page(page),
        };
        Words { page, at: at as usize, alone: self.alone }
    }
}

/// A row's words in the column of the thread that records.
#[derive(Clone, Copy)]
pub(crate) struct Words<'a> {
    page: &'a Page,
    at: usize,
    alone: bool,
}

impl Words<'_> {
    /// Adds to a word. What was added before, in whatever column, is visible to a reader that sees this.
    #[inline]
    pub(crate) fn add(self, word: usize, amount: u64) {
        self.update(word, |old| old.wrapping_add(amount));
    }

    /// Adds to a word that holds the bits of an `f64`.
    #[inline]
    pub(crate) fn add_f64(self, word: usize, amount: f64) {
        self.update(word, |old| (f64::from_bits(old) + amount).to_bits());
    }

    #[inline]
    fn update(self, word: usize, change: impl Fn(u64) -> u64) {
        let cell = &self.page.0[(self.at + word) & (PAGE_WORDS - 1)];
        if self.alone {
            cell.store(change(cell.load(Ordering::Relaxed)), Ordering::Release);
        } else {
            update_shared(cell, change);
        }
    }
}

#[cold]
#[inline(never)]
fn update_shared(cell: &AtomicU64, change: impl Fn(u64) -> u64) {
    let mut old = cell.load(Ordering::Relaxed);
    while let Err(seen) = cell.compare_exchange_weak(old, change(old), Ordering::Release, Ordering::Relaxed) {
        old = seen;
    }
}

/// Every column that was ever made. They are few and live as long as the process, since what was
/// counted in them stays counted.
struct Columns {
    made: [OnceBox<Column>; EXCLUSIVE_COLUMNS],
    shared: OnceBox<Column>,
    /// Numbers of the columns that no thread owns now.
    free: Mutex<Vec<usize>>,
}

static COLUMNS: Columns = Columns {
    made: [const { OnceBox::new() }; EXCLUSIVE_COLUMNS],
    shared: OnceBox::new(),
    free: Mutex::new(Vec::new()),
};

thread_local! {
    static WRITER: Cell<Option<Writer<'static>>> = const { Cell::new(None) };
    static LEASE: Lease = Lease::take();
}

/// Gives the column back when its thread ends.
struct Lease(Option<usize>);

impl Lease {
    fn take() -> Self {
        // Handing a column over under the lock orders the last writes of its old thread before the
        // first of its new one.
        let mut free = COLUMNS.free.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(number) = free.pop() {
            return Self(Some(number));
        }
        let number = COLUMNS.made.iter().position(|column| column.get().is_none());
        if let Some(number) = number {
            COLUMNS.made[number].get_or_init(|| Box::new(Column::new()));
        }
        Self(number)
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        WRITER.set(Some(shared_writer()));
        if let Some(number) = self.0 {
            COLUMNS.free.lock().unwrap_or_else(PoisonError::into_inner).push(number);
        }
    }
}

/// This thread's writer.
#[inline]
pub(super) fn writer() -> Writer<'static> {
    // Out of reach only while the thread's locals are being destroyed.
    match WRITER.try_with(Cell::get) {
        Ok(Some(writer)) => writer,
        _ => first_writer(),
    }
}

#[cold]
fn first_writer() -> Writer<'static> {
    let number = LEASE.try_with(|lease| lease.0).ok().flatten();
    let writer = match number.and_then(|number| COLUMNS.made[number].get()) {
        Some(column) => Writer { column, alone: true },
        None => shared_writer(),
    };
    let _ = WRITER.try_with(|slot| slot.set(Some(writer)));
    writer
}

fn shared_writer() -> Writer<'static> {
    let column = COLUMNS.shared.get_or_init(|| Box::new(Column::new()));
    Writer { column, alone: false }
}

/// All columns, for a reader.
pub(super) fn columns() -> impl Iterator<Item = &'static Column> {
    let made = COLUMNS.made.iter().map_while(OnceBox::get);
    made.chain(COLUMNS.shared.get())
}
