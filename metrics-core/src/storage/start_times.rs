//! When what is in flight began, for who looks while it lasts.
//!
//! Each ledger has a cell, in which it notes when its task began and of what kind it is: two stores to memory of its
//! own. Who looks reads all cells, without a lock. They are as many as ledgers ever were at one time, and are used again.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};

use crate::clock::Ticks;

/// One cell: 0 while nothing of it is in flight. A cache line of its own, since threads write to neighbours.
#[repr(align(64))]
struct Cell {
    begun: AtomicU64,
    of: AtomicUsize,
}

const CHUNK: usize = 64;

/// Cells that lead to the next ones.
struct Chunk {
    cells: [Cell; CHUNK],
    next: OnceLock<Box<Chunk>>,
}

impl Chunk {
    const fn new() -> Self {
        let cells = [const { Cell { begun: AtomicU64::new(0), of: AtomicUsize::new(0) } }; CHUNK];
        Self { cells, next: OnceLock::new() }
    }
}

static CELLS: Chunk = Chunk::new();

/// Which cells no ledger has. Asked only when a ledger is made or thrown away.
struct Unused {
    returned: Vec<&'static Cell>,
    /// Where the cells are that were never given out.
    chunk: &'static Chunk,
    next: usize,
}

static UNUSED: Mutex<Unused> = Mutex::new(Unused { returned: Vec::new(), chunk: &CELLS, next: 0 });

/// The cell of a ledger, from its first task on.
#[derive(Default)]
pub(crate) struct StartTimeCell(Option<&'static Cell>);

impl StartTimeCell {
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
    let mut unused = UNUSED.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(cell) = unused.returned.pop() {
        return cell;
    }
    if unused.next == CHUNK {
        unused.chunk = unused.chunk.next.get_or_init(|| Box::new(Chunk::new()));
        unused.next = 0;
    }
    unused.next += 1;
    &unused.chunk.cells[unused.next - 1]
}

impl Drop for StartTimeCell {
    fn drop(&mut self) {
        self.clear();
        if let Some(cell) = self.0 {
            UNUSED.lock().unwrap_or_else(PoisonError::into_inner).returned.push(cell);
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
    let chunks = std::iter::successors(Some(&CELLS), |chunk| chunk.next.get().map(|next| &**next));
    for cell in chunks.flat_map(|chunk| &chunk.cells) {
        let begun = cell.begun.load(Ordering::Acquire);
        let of = cell.of.load(Ordering::Acquire);
        // Another that began meanwhile may be of another kind: that was noted after this one was cleared.
        if begun == 0 || cell.begun.load(Ordering::Acquire) != begun {
            continue;
        }
        let begun = Ticks::at(begun);
        oldest.entry(of).and_modify(|known: &mut Ticks| *known = begun.min(*known)).or_insert(begun);
    }
    oldest
}
