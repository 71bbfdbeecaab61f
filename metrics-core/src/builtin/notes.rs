//! Running totals as they were when slots of time began, so that what was added in a rolling window is known.
//!
//! A window of an hour in slots of a minute is the last 60 to 61 minutes, in a few dozen notes whatever the load.

use std::collections::VecDeque;

/// The notes of one window.
pub(super) struct RollingTotals<T> {
    slot_nanos: u64,
    slots: u64,
    taken: VecDeque<(u64, T)>,
}

impl<T: Copy> RollingTotals<T> {
    pub(super) fn new(slot_nanos: u64, slots: u64) -> Self {
        Self { slot_nanos, slots, taken: VecDeque::new() }
    }

    /// Notes the totals, as they are before what happens `now` is counted in them: so many they were when the slot
    /// began, since nothing was added between the last addition before it and that moment.
    pub(super) fn note(&mut self, now_nanos: u64, totals: T) {
        let slot = now_nanos / self.slot_nanos;
        if self.taken.back().is_none_or(|(last, _)| *last < slot) {
            self.taken.push_back((slot, totals));
        }
        let begin = slot.saturating_sub(self.slots);
        while self.taken.front().is_some_and(|(first, _)| *first < begin) {
            self.taken.pop_front();
        }
    }

    /// The totals when the window began.
    pub(super) fn base(&self) -> Option<T> {
        self.taken.front().map(|(_, totals)| *totals)
    }

    /// When the slot ends in which a moment is.
    pub(super) fn end_of_slot(&self, now_nanos: u64) -> u64 {
        (now_nanos / self.slot_nanos + 1) * self.slot_nanos
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> (usize, u64) {
        (self.taken.len(), self.slots)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_added_before_the_window_is_forgotten() {
        let mut notes = RollingTotals::new(1, 60);
        for (total, (second, added)) in
            [(0, 0), (10, 1), (59, 2), (61, 2), (75, 2), (200, 0)].into_iter().enumerate()
        {
            notes.note(second, total);
            assert_eq!(total - notes.base().unwrap(), added, "after {second} s");
        }
        assert_eq!(notes.end_of_slot(200), 201);
    }
}
