//! When what is in flight began, for who looks while it lasts.
//!
//! Each ledger has a cell, in which it notes what its task began and of what kind it is: two stores to memory of
//! its own. Who looks reads all cells. They are as many as ledgers ever were at one time, and are used again.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use crate::clock::Ticks;

/// One cell: 0 while nothing of it is in flight.
struct Cell {
    begun: AtomicU64,
    of: AtomicUsize,
}

#[derive(Default)]
struct Cells {
    all: Vec<&'static Cell>,
    unused: Vec<&'static Cell>,
}

static CELLS: Mutex<Cells> = Mutex::new(Cells { all: Vec::new(), unused: Vec::new() });

/// The cell of a ledger, from its first task on.
#[derive(Default)]
pub(crate) struct Begun(Option<&'static Cell>);

impl Begun {
    /// Something of this kind began.
    #[inline]
    pub(crate) fn note(&mut self, of: usize, begun: Ticks) {
        let cell = self.0.get_or_insert_with(new_cell);
        cell.of.store(of, Ordering::Release);
        cell.begun.store(begun.reading().max(1), Ordering::Release);
    }

    /// It has ended.
    #[inline]
    pub(crate) fn clear(&self) {
        if let Some(cell) = self.0 {
            cell.begun.store(0, Ordering::Release);
        }
    }
}

#[cold]
fn new_cell() -> &'static Cell {
    let mut cells = CELLS.lock().unwrap_or_else(PoisonError::into_inner);
    cells.unused.pop().unwrap_or_else(|| {
        let cell: &'static Cell =
            Box::leak(Box::new(Cell { begun: AtomicU64::new(0), of: AtomicUsize::new(0) }));
        cells.all.push(cell);
        cell
    })
}

impl Drop for Begun {
    fn drop(&mut self) {
        self.clear();
        if let Some(cell) = self.0 {
            CELLS.lock().unwrap_or_else(PoisonError::into_inner).unused.push(cell);
        }
    }
}

/// What tells one kind from others: where its series are.
#[inline]
pub(crate) fn key<S>(series: &S) -> usize {
    std::ptr::from_ref(series) as usize
}

/// When the oldest of each kind began that is in flight.
pub(crate) fn oldest() -> HashMap<usize, Ticks> {
    let mut oldest = HashMap::new();
    let cells = CELLS.lock().unwrap_or_else(PoisonError::into_inner);
    for cell in &cells.all {
        let begun = cell.begun.load(Ordering::Acquire);
        let of = cell.of.load(Ordering::Acquire);
        // Another that began meanwhile may be of another kind.
        if begun == 0 || cell.begun.load(Ordering::Acquire) != begun {
            continue;
        }
        let begun = Ticks::at(begun);
        oldest.entry(of).and_modify(|known: &mut Ticks| *known = begun.min(*known)).or_insert(begun);
    }
    oldest
}
