//! The exemplars of a histogram, written by recording threads and read by scrapes without a lock.
//!
//! An exemplar is five numbers, more than one atomic operation can store. Each slot is a seqlock: it has a version
//! that is odd while a thread writes the numbers, and that has grown by 2 afterwards. Three things could go wrong.
//!
//! * **Two threads write at the same time** and mix their numbers. A writer makes the version odd by a
//!   compare-and-exchange, which only one of them passes; the other one drops its exemplar, since one exemplar is as
//!   good as another. The exchange is an acquire operation, and the writer before ended with a release store of the
//!   version, so that the stores of the two writers can't overtake each other.
//! * **A reader sees a new version with old numbers.** The writer stores the final version with release ordering after
//!   the numbers, and the reader loads the version with acquire ordering before the numbers. A reader that loads this
//!   version therefore loads these numbers, or later ones.
//! * **A reader sees numbers of a later writer** and no change of the version. The writer has a release fence between
//!   the odd version and its numbers, and the reader has an acquire fence between the numbers and its second load of
//!   the version. If the reader loaded any number of the later writer, then the fences order the odd version before
//!   its second load, which thus differs from the first; the reader tries again.

use crate::sample::{Exemplar, ReadExemplars};
use crate::sync::{AtomicU64, Ordering, fence};

/// Numbers in a slot: the trace id in two halves, the span id, the bits of the value, the time.
const NUMBERS: usize = 5;

fn to_numbers(exemplar: Exemplar) -> [u64; NUMBERS] {
    let Exemplar { trace_id, span_id, value, time } = exemplar;
    [(trace_id >> 64) as u64, trace_id as u64, span_id, value.to_bits(), time]
}

fn from_numbers([high, low, span_id, value, time]: [u64; NUMBERS]) -> Exemplar {
    let trace_id = u128::from(high) << 64 | u128::from(low);
    Exemplar { trace_id, span_id, value: f64::from_bits(value), time }
}

/// The exemplars of a histogram, a slot for each bucket.
pub(crate) struct ExemplarSlots(Box<[ExemplarSlot]>);

/// The exemplar of one bucket; version 0 while there is none.
struct ExemplarSlot {
    version: AtomicU64,
    numbers: [AtomicU64; NUMBERS],
}

/// The number of times that a reader tries to read an exemplar while it is being replaced.
const MAX_TRIES: usize = if cfg!(loom) { 2 } else { 8 };

impl ExemplarSlots {
    pub(crate) fn new(buckets: usize) -> Self {
        let slot = || ExemplarSlot {
            version: AtomicU64::new(0),
            numbers: std::array::from_fn(|_| AtomicU64::new(0)),
        };
        Self((0..buckets).map(|_| slot()).collect())
    }

    /// Replaces the exemplar of a bucket, unless another thread is replacing it.
    pub(crate) fn put(&self, bucket: usize, exemplar: Exemplar) {
        let ExemplarSlot { version, numbers } = &self.0[bucket];
        let before = version.load(Ordering::Relaxed);
        let is_free = before.is_multiple_of(2);
        if !is_free
            || version.compare_exchange(before, before + 1, Ordering::Acquire, Ordering::Relaxed).is_err()
        {
            return;
        }
        // A reader that loads one of the numbers below also sees the odd version.
        fence(Ordering::Release);
        for (number, value) in numbers.iter().zip(to_numbers(exemplar)) {
            number.store(value, Ordering::Relaxed);
        }
        version.store(before + 2, Ordering::Release);
    }
}

impl ReadExemplars for ExemplarSlots {
    fn exemplar(&self, bucket: usize) -> Option<Exemplar> {
        let ExemplarSlot { version, numbers } = &self.0[bucket];
        for _ in 0..MAX_TRIES {
            let before = version.load(Ordering::Acquire);
            if before == 0 {
                return None;
            }
            let read = numbers.each_ref().map(|number| number.load(Ordering::Relaxed));
            fence(Ordering::Acquire);
            if before.is_multiple_of(2) && version.load(Ordering::Relaxed) == before {
                return Some(from_numbers(read));
            }
        }
        None
    }
}

/// Run with the models of the shards.
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
    fn two_writers_never_mix_their_numbers() {
        loom::model(|| {
            let exemplars = Arc::new(ExemplarSlots::new(1));
            let other = exemplars.clone();
            let writer = thread::spawn(move || other.put(0, exemplar(1)));
            exemplars.put(0, exemplar(2));
            writer.join().unwrap();
            let read = exemplars.exemplar(0).unwrap();
            assert!(read == exemplar(1) || read == exemplar(2), "{read:?}");
        });
    }

    #[test]
    fn a_reader_never_mixes_the_numbers_of_two_exemplars() {
        let mut builder = loom::model::Builder::new();
        builder.preemption_bound = Some(3);
        builder.check(|| {
            let exemplars = Arc::new(ExemplarSlots::new(1));
            exemplars.put(0, exemplar(1));
            let writer = {
                let exemplars = exemplars.clone();
                thread::spawn(move || exemplars.put(0, exemplar(2)))
            };
            // Started last: in the first order that loom tries, a thread runs after those started before it. From an order
            // in which the reader comes first loom would find no other one, since the writer loads the version before it
            // changes it, and loom compares each access with the last one only.
            let reader = thread::spawn(move || {
                if let Some(read) = exemplars.exemplar(0) {
                    assert!(read == exemplar(1) || read == exemplar(2), "{read:?}");
                }
            });
            for thread in [writer, reader] {
                thread.join().unwrap();
            }
        });
    }
}
