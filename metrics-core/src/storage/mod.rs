//! The storage of counts: 64-bit cells, grouped in ranges for series and in shards for recording threads.
//!
//! Every series has a [`CellRange`]: the same cell numbers in every shard. A recording thread adds to the cells of
//! its own shard, and a reader adds the cells of all shards up. So a recording thread needs no locked
//! instruction and shares no cache line with another recording thread, and a reader takes no lock that a recording
//! thread waits for.
//!
//! # Threads and memory
//! As many threads as can run at once have an exclusive shard; the others record in a few shared shards and pay for
//! locked additions. When a thread ends, its shard goes to the next thread that needs one, with everything that was
//! counted in it; [`leases`] describes how the shards of idle threads are replaced. A shard allocates only the pages in
//! which its threads recorded. A series of `n` cells therefore costs at most `8 * n` bytes for each shard, and the number
//! of shards depends on the number of cores.
//!
//! # Memory ordering
//! Four rules make the sums right. Each is checked by a loom model where it is implemented.
//!
//! 1. **No addition is lost in an exclusive shard.** An addition there is a plain load and a plain store, so a second
//!    thread that wrote the same cell at the same time would undo it. Only the thread that has the shard's lease writes its
//!    cells. A thread that takes over a shard must read the last values of the thread before it; both go through the mutex
//!    of the leases, which orders the last stores of the old owner before the first loads of the new one. The old owner
//!    may still have a handle; it does not fit the new lease, and every addition compares the two.
//! 2. **No addition is lost in a shared shard.** Every addition there is one atomic read-modify-write operation.
//! 3. **A reader that sees an addition sees every addition that came before it**, in whichever shard. Every addition
//!    is a release operation, and every read of a cell is an acquire operation. A reader that loads the cell of calls
//!    that ended before the cell of calls that started therefore never sees an end without its start: the two orders
//!    are opposite. Calls, in-flight values and native histograms depend on this; a reader that loaded the cells in
//!    the recording order could report more ends than starts.
//! 4. **A cell of a new range is 0.** A range that is dropped sets its cells to 0 in every shard and then returns
//!    them under the allocator's mutex; the next owner of the cells takes them under the same mutex, so that the
//!    zeros are visible to it, and to every thread that it shares the range with.

mod allocator;
mod cell_range;
mod cells;
mod current;
mod leases;
mod shard;
pub(crate) mod start_times;

pub(crate) use allocator::{PAGE_CELLS, STORAGE_CELLS, failed_allocations};
pub(crate) use cell_range::{CellOffset, CellRange};
pub(crate) use cells::{AnyCells, Cells, saturated_additions};
pub(crate) use current::current_shard;
pub use shard::ShardHandle;
