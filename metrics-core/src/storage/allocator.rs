//! Which rows of the plane are taken.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use super::{PAGE_CELLS, PAGES};

struct Free {
    /// The first word never given out.
    next: usize,
    /// Rows given back, zeroed, by their length.
    returned: BTreeMap<usize, Vec<u32>>,
}

/// The first words are nobody's: word 0 is the shard's own, and a series for which the plane had no
/// room records behind it, unread; so there is room for the longest row.
const SPARE_WORDS: usize = if cfg!(loom) { 2 } else { 1 + PAGE_CELLS };

static FREE: Mutex<Free> = Mutex::new(Free { next: SPARE_WORDS, returned: BTreeMap::new() });

/// How many rows found no room.
static WITHOUT_ROOM: AtomicU64 = AtomicU64::new(0);

pub(super) fn without_room() -> u64 {
    WITHOUT_ROOM.load(Ordering::Relaxed)
}

/// Takes `words` words of one page. `None` when the plane is full.
pub(super) fn take(words: usize) -> Option<u32> {
    assert!(words <= PAGE_CELLS, "a row fits in a page");
    let mut free = FREE.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(at) = free.returned.get_mut(&words).and_then(Vec::pop) {
        return Some(at);
    }
    let left_in_page = PAGE_CELLS - free.next % PAGE_CELLS;
    let at = if words <= left_in_page { free.next } else { free.next + left_in_page };
    if at + words > PAGE_CELLS * PAGES {
        WITHOUT_ROOM.fetch_add(1, Ordering::Relaxed);
        return None;
    }
    free.next = at + words;
    u32::try_from(at).ok()
}

/// Gives back a row whose words are 0 in every shard.
pub(super) fn give_back(at: u32, words: usize) {
    let mut free = FREE.lock().unwrap_or_else(PoisonError::into_inner);
    free.returned.entry(words).or_default().push(at);
}
