//! Running totals sampled once per time slot, from which the amount of a rolling window follows.
//!
//! The amount of a window is the total now less the total when the window began. A window of an hour in slots of a minute
//! covers the last 60 to 61 minutes and keeps at most 61 samples, whatever the load.

use std::collections::VecDeque;

/// The samples of one window.
pub(super) struct RollingTotals<T> {
    slot_nanos: u64,
    slots: u64,
    /// Slot numbers and the totals when each slot began, ascending. A slot in which nothing was recorded has no sample.
    samples: VecDeque<(u64, T)>,
}

impl<T: Copy> RollingTotals<T> {
    pub(super) fn new(slot_nanos: u64, slots: u64) -> Self {
        Self { slot_nanos, slots, samples: VecDeque::new() }
    }

    /// Records the totals at `now_nanos`, before the event at that moment is added to them.
    ///
    /// The first call in a slot stores a sample. Nothing was added between the last event of an earlier slot and this call, so
    /// the totals given here are also those at the beginning of the slot.
    pub(super) fn record(&mut self, now_nanos: u64, totals: T) {
        let slot = now_nanos / self.slot_nanos;
        if self.samples.back().is_none_or(|(last, _)| *last < slot) {
            self.samples.push_back((slot, totals));
        }
        let begin = slot.saturating_sub(self.slots);
        while self.samples.front().is_some_and(|(first, _)| *first < begin) {
            self.samples.pop_front();
        }
    }

    /// Returns the totals when the window began; `None` before the first record.
    pub(super) fn base(&self) -> Option<T> {
        self.samples.front().map(|(_, totals)| *totals)
    }

    /// Returns the end of the slot that contains `now_nanos`.
    pub(super) fn end_of_slot(&self, now_nanos: u64) -> u64 {
        (now_nanos / self.slot_nanos + 1) * self.slot_nanos
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> (usize, u64) {
        (self.samples.len(), self.slots)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_from_before_the_window_do_not_count() {
        let mut totals = RollingTotals::new(1, 60);
        for (total, (second, added)) in
            [(0, 0), (10, 1), (59, 2), (61, 2), (75, 2), (200, 0)].into_iter().enumerate()
        {
            totals.record(second, total);
            assert_eq!(total - totals.base().unwrap(), added, "after {second} s");
        }
        assert_eq!(totals.end_of_slot(200), 201);
    }
}
