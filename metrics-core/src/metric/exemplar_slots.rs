//! The exemplars of a histogram: for each bucket one observation with its trace.

use crate::sample::{Exemplar, ReadExemplars};
use crate::sync::{AtomicU64, Ordering, fence};

/// Cells of one slot: the trace id in two halves, the span id, the bits of the value, the time.
const CELLS: usize = 5;

fn to_cells(exemplar: Exemplar) -> [u64; CELLS] {
    let Exemplar { trace_id, span_id, value, time } = exemplar;
    [(trace_id >> 64) as u64, trace_id as u64, span_id, value.to_bits(), time]
}

fn from_cells([high, low, span_id, value, time]: [u64; CELLS]) -> Exemplar {
    let trace_id = u128::from(high) << 64 | u128::from(low);
    Exemplar { trace_id, span_id, value: f64::from_bits(value), time }
}

/// The exemplars of a histogram, a slot for each bucket.
pub(crate) struct ExemplarSlots(Box<[Slot]>);

/// What is in a slot was written by one thread, as its version tells: it's odd while somebody writes, and another one
/// afterwards. Who finds somebody else writing leaves it at that, since one exemplar is as good as the other.
struct Slot {
    version: AtomicU64,
    words: [AtomicU64; CELLS],
}

/// How often a reader looks again, should the exemplar be replaced meanwhile.
const TRIES: usize = if cfg!(loom) { 2 } else { 8 };

impl ExemplarSlots {
    pub(crate) fn new(buckets: usize) -> Self {
        let slot = || Slot { version: AtomicU64::new(0), words: std::array::from_fn(|_| AtomicU64::new(0)) };
        Self((0..buckets).map(|_| slot()).collect())
    }

    /// Puts an exemplar in the place of the one that a bucket has.
    pub(crate) fn put(&self, bucket: usize, exemplar: Exemplar) {
        let Slot { version, words } = &self.0[bucket];
        let before = version.load(Ordering::Relaxed);
        let is_free = before.is_multiple_of(2);
        if !is_free
            || version.compare_exchange(before, before + 1, Ordering::Acquire, Ordering::Relaxed).is_err()
        {
            return;
        }
        // Who reads one of the words below sees the odd version, too.
        fence(Ordering::Release);
        for (word, value) in words.iter().zip(to_cells(exemplar)) {
            word.store(value, Ordering::Relaxed);
        }
        version.store(before + 2, Ordering::Release);
    }
}

impl ReadExemplars for ExemplarSlots {
    fn exemplar(&self, bucket: usize) -> Option<Exemplar> {
        let Slot { version, words } = &self.0[bucket];
        for _ in 0..TRIES {
            let before = version.load(Ordering::Acquire);
            if before == 0 {
                return None;
            }
            let read = words.each_ref().map(|word| word.load(Ordering::Relaxed));
            fence(Ordering::Acquire);
            if before.is_multiple_of(2) && version.load(Ordering::Relaxed) == before {
                return Some(from_cells(read));
            }
        }
        None
    }
}

/// Run as the models of shards are.
#[cfg(all(test, loom))]
mod model {
    use loom::sync::Arc;
    use loom::thread;

    use super::*;

    fn exemplar(number: u64) -> Exemplar {
        let trace_id = u128::from(number) << 64 | u128::from(number);
        Exemplar { trace_id, span_id: number, value: number as f64, time: number }
    }

    #[test]
    fn an_exemplar_is_of_one_thread() {
        loom::model(|| {
            let exemplars = Arc::new(ExemplarSlots::new(1));
            let writers = [1, 2].map(|number| {
                let exemplars = exemplars.clone();
                thread::spawn(move || exemplars.put(0, exemplar(number)))
            });
            if let Some(read) = exemplars.exemplar(0) {
                assert!(read == exemplar(1) || read == exemplar(2), "{read:?}");
            }
            for writer in writers {
                writer.join().unwrap();
            }
            assert!(exemplars.exemplar(0).is_some());
        });
    }
}
