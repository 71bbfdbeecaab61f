//! Cells of a shard that can be added to.

use super::shard::{NEAR_CELLS, Near};
use crate::sync::{AtomicU64, Ordering, add_saturating};

/// Cells that can be added to. Each addition is a release operation: a reader that sees it by an acquire load also
/// sees every addition that happened before it, in whichever shard.
///
/// A sum that would exceed the largest number becomes that number and stays there, so that no counter ever decreases.
pub(crate) trait Cells: Copy {
    fn add(self, cell: usize, amount: u64);

    /// Adds to a cell that holds the bits of an `f64`.
    fn add_f64(self, cell: usize, amount: f64);

    /// Sets a cell to `value` if that is larger. Readers take the largest value of all shards.
    fn raise(self, cell: usize, value: u64);

    /// Returns the value of a cell in this shard. For cells that are not added up.
    fn get(self, cell: usize) -> u64;

    /// Replaces the value of a cell in this shard. For cells that are not added up.
    fn set(self, cell: usize, value: u64);
}

/// Near cells that no other thread writes.
#[derive(Clone, Copy)]
pub(crate) struct ExclusiveCells {
    pub(super) near: &'static Near,
    pub(super) offset: usize,
}

impl ExclusiveCells {
    /// Masks the index instead of checking it: a range lies in one page, so one that begins near ends near.
    #[inline]
    fn cell(self, cell: usize) -> &'static AtomicU64 {
        &self.near[(self.offset + cell) & (NEAR_CELLS - 1)]
    }
}

// The load and the store of these three are not one atomic operation. Between them another writer's addition would be
// lost, but there is none: only the owner of an exclusive shard writes its cells.

#[inline]
fn add_alone(cell: &AtomicU64, amount: u64) {
    let (sum, exceeds) = cell.load(Ordering::Relaxed).overflowing_add(amount);
    cell.store(if exceeds { saturated() } else { sum }, Ordering::Release);
}

/// The number of additions that were cut because the sum would have exceeded the largest number.
static SATURATED: std::sync::atomic::AtomicU64 = std::sync::atomic::AtomicU64::new(0);

/// Returns the number of additions that were cut because the sum would have exceeded the largest number.
pub(crate) fn saturated_additions() -> u64 {
    SATURATED.load(std::sync::atomic::Ordering::Relaxed)
}

/// Counts an addition that is cut, and returns the largest number.
#[cold]
fn saturated() -> u64 {
    SATURATED.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
    u64::MAX
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
    fn add(self, cell: usize, amount: u64) {
        add_alone(self.cell(cell), amount);
    }

    #[inline]
    fn add_f64(self, cell: usize, amount: f64) {
        add_f64_alone(self.cell(cell), amount);
    }

    #[inline]
    fn raise(self, cell: usize, value: u64) {
        raise_alone(self.cell(cell), value);
    }

    #[inline]
    fn get(self, cell: usize) -> u64 {
        self.cell(cell).load(Ordering::Acquire)
    }

    fn set(self, cell: usize, value: u64) {
        self.cell(cell).store(value, Ordering::Release);
    }
}

/// Cells in any shard and any page, which other threads may write if the shard is shared.
#[derive(Clone, Copy)]
pub(crate) struct AnyCells {
    pub(super) cells: &'static [AtomicU64],
    pub(super) shared: bool,
}

impl Cells for AnyCells {
    fn add(self, cell: usize, amount: u64) {
        if self.shared {
            // A read-modify-write operation continues the release sequence of the additions before it. So a reader
            // that sees this addition also sees what the other threads of the shard recorded before theirs.
            if add_saturating(&self.cells[cell], amount, u64::MAX).checked_add(amount).is_none() {
                saturated();
            }
        } else {
            add_alone(&self.cells[cell], amount);
        }
    }

    fn add_f64(self, cell: usize, amount: f64) {
        if !self.shared {
            return add_f64_alone(&self.cells[cell], amount);
        }
        let add = |bits| Some((f64::from_bits(bits) + amount).to_bits());
        // `add` always returns a value, so the update succeeds.
        let _ = self.cells[cell].fetch_update(Ordering::Release, Ordering::Relaxed, add);
    }

    fn raise(self, cell: usize, value: u64) {
        if !self.shared {
            return raise_alone(&self.cells[cell], value);
        }
        let raised = |known| (known < value).then_some(value);
        // The update fails when the cell has a larger value, and then nothing is to be done.
        let _ = self.cells[cell].fetch_update(Ordering::Release, Ordering::Relaxed, raised);
    }

    fn get(self, cell: usize) -> u64 {
        self.cells[cell].load(Ordering::Acquire)
    }

    fn set(self, cell: usize, value: u64) {
        self.cells[cell].store(value, Ordering::Release);
    }
}
