//! The history of the panels: the results of their queries at three resolutions, in bounded memory.
//!
//! A column is one line of one panel. Every column has the same times: a value is pushed to each of them at each tick, NaN where
//! there is none.

use std::collections::VecDeque;

use rustc_hash::{FxHashMap, FxHashSet};

use crate::boards::Fold;

/// The largest number of columns. Lines beyond it are shown live, but not kept.
pub(super) const MAX_COLUMNS: usize = 128;

/// The resolutions: the step in seconds, and the number of steps that are kept.
pub(super) const TIERS: [(u64, usize); 3] = [(1, 15 * 60), (10, 6 * 360), (60, 7 * 1440)];

/// The number of seconds by which a tick may be late on a busy machine.
pub(super) const LATE: u64 = 4;

/// The memory of one column, in bytes.
const COLUMN_BYTES: usize = (TIERS[0].1 + TIERS[1].1 + TIERS[2].1) * size_of::<f32>();

/// The largest memory of a history, in bytes.
pub(super) const MAX_BYTES: usize = MAX_COLUMNS * COLUMN_BYTES;

/// The values of all columns.
#[derive(Default)]
pub(super) struct History {
    columns: Vec<Column>,
    numbers: FxHashMap<(usize, Box<str>), usize>,
    /// The lines for which there was no column left.
    dropped: FxHashSet<(usize, Box<str>)>,
    /// The second of the last tick, in Unix time.
    last: u64,
}

/// The values of one line of one panel.
struct Column {
    panel: usize,
    name: Box<str>,
    fold: Fold,
    tiers: [VecDeque<f32>; 3],
    /// The values since the last whole step of each coarser tier.
    pending: [Folded; 2],
    /// The value of the current tick, until it is pushed.
    current: f64,
}

/// Several consecutive values, of which some may be missing.
#[derive(Clone, Copy, Default)]
struct Folded {
    sum: f64,
    count: u32,
    max: f64,
    last: f64,
}

impl Folded {
    fn add(&mut self, value: f64) {
        if value.is_nan() {
            return;
        }
        self.max = if self.count == 0 { value } else { self.max.max(value) };
        self.sum += value;
        self.last = value;
        self.count += 1;
    }

    /// Returns the value that stands for all of them; NaN if all are missing.
    fn value(self, fold: Fold) -> f64 {
        match fold {
            _ if self.count == 0 => f64::NAN,
            Fold::Mean => self.sum / f64::from(self.count),
            Fold::Max => self.max,
            Fold::Last => self.last,
        }
    }
}

impl Column {
    fn new(panel: usize, name: &str, fold: Fold) -> Self {
        Self {
            panel,
            name: name.into(),
            fold,
            tiers: TIERS.map(|(_, length)| VecDeque::with_capacity(length)),
            pending: [Folded::default(); 2],
            current: f64::NAN,
        }
    }

    fn push(&mut self, tier: usize, value: f64) {
        let values = &mut self.tiers[tier];
        if values.len() >= TIERS[tier].1 {
            values.pop_front();
        }
        values.push_back(value as f32);
    }

    /// Pushes the value of one second, and those of the coarser steps that end with it.
    fn tick(&mut self, second: u64, value: f64) {
        self.push(0, value);
        for (tier, (step, _)) in TIERS.into_iter().enumerate().skip(1) {
            self.pending[tier - 1].add(value);
            if (second + 1).is_multiple_of(step) {
                let folded = std::mem::take(&mut self.pending[tier - 1]);
                self.push(tier, folded.value(self.fold));
            }
        }
    }
}

/// A part of a history, for a page.
pub(super) struct Range {
    /// The number of seconds between two values.
    pub(super) step: u64,
    /// The Unix time of the last value.
    pub(super) end: u64,
    /// The panel, the name of the line, and its values up to `end`. A line may have fewer values than others.
    pub(super) lines: Vec<(usize, Box<str>, Vec<f32>)>,
}

impl History {
    /// Sets the value of a line at the current tick.
    ///
    /// A line gets a column with its first value other than 0, so that series that exist but are never used take no
    /// memory. Returns false if no column is left.
    pub(super) fn set(&mut self, panel: usize, name: &str, fold: Fold, value: f64) -> bool {
        let is_new = !self.has(panel, name);
        if is_new && (value == 0.0 || value.is_nan()) {
            return true;
        }
        self.force(panel, name, fold, value)
    }

    /// Sets the value of a line at the current tick, which gets a column with any value.
    pub(super) fn force(&mut self, panel: usize, name: &str, fold: Fold, value: f64) -> bool {
        let key = (panel, Box::from(name));
        if let Some(number) = self.numbers.get(&key) {
            self.columns[*number].current = value;
            return true;
        }
        if self.columns.len() >= MAX_COLUMNS {
            if self.dropped.len() < 1024 {
                self.dropped.insert(key);
            }
            return false;
        }
        let mut column = Column::new(panel, name, fold);
        column.current = value;
        self.columns.push(column);
        self.numbers.insert(key, self.columns.len() - 1);
        true
    }

    /// Returns true if a line has a column.
    pub(super) fn has(&self, panel: usize, name: &str) -> bool {
        self.numbers.contains_key(&(panel, Box::from(name)))
    }

    /// Ends a tick at a Unix time in seconds: pushes the values that were set since the last one.
    ///
    /// A tick that is a few seconds late stands for the seconds that it missed. If the clock has advanced by more (the process
    /// was suspended, or the clock was set), the seconds in between have no values. If it was set back, the earlier values keep
    /// their distance to the new ones.
    pub(super) fn tick(&mut self, now: u64) {
        let gap = if self.last == 0 { 0 } else { now.saturating_sub(self.last + 1) };
        let longest = TIERS[2].0 * TIERS[2].1 as u64;
        for missing in (now - gap.min(longest).min(now))..now {
            for column in &mut self.columns {
                let value = if gap <= LATE { column.current } else { f64::NAN };
                column.tick(missing, value);
            }
        }
        for column in &mut self.columns {
            let value = std::mem::replace(&mut column.current, f64::NAN);
            column.tick(now, value);
        }
        self.last = now;
    }

    /// Returns the last values of one resolution, at most `points` for each line: if there are more, several are joined.
    pub(super) fn range(&self, tier: usize, points: usize) -> Range {
        let (step, length) = TIERS[tier];
        let group = length.div_ceil(points.max(1));
        let joined = step * group as u64;
        // Groups end at multiples of the joined step, so that a value does not change with the time of the request.
        let steps = (self.last + 1) / step;
        let skipped = (steps % group as u64) as usize;
        let end = (steps - skipped as u64) * step;
        let lines = self.columns.iter().map(|column| {
            let values = &column.tiers[tier];
            let usable = values.len().saturating_sub(skipped);
            let first = usable % group;
            let mut values: Vec<f64> = values.range(first..usable).map(|value| f64::from(*value)).collect();
            if group > 1 {
                let fold = |values: &[f64]| {
                    let mut folded = Folded::default();
                    for value in values {
                        folded.add(*value);
                    }
                    folded.value(column.fold)
                };
                values = values.chunks(group).map(fold).collect();
            }
            (column.panel, column.name.clone(), values.into_iter().map(|value| value as f32).collect())
        });
        Range { step: joined, end: end.saturating_sub(u64::from(joined == 1)), lines: lines.collect() }
    }

    /// Gives the columns of a panel another number, or drops them. Used when the panels change.
    pub(super) fn renumber(&mut self, number_of: impl Fn(usize) -> Option<usize>) {
        self.columns.retain_mut(|column| match number_of(column.panel) {
            Some(number) => {
                column.panel = number;
                true
            }
            None => false,
        });
        let numbers = self.columns.iter().enumerate();
        self.numbers = numbers.map(|(at, column)| ((column.panel, column.name.clone()), at)).collect();
        self.dropped.clear();
    }

    /// The number of lines that are not kept.
    pub(super) fn dropped(&self) -> usize {
        self.dropped.len()
    }

    /// The memory of the values, in bytes.
    pub(super) fn bytes(&self) -> usize {
        self.columns.len() * COLUMN_BYTES
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ticked(history: &mut History, seconds: impl IntoIterator<Item = u64>, value: impl Fn(u64) -> f64) {
        for second in seconds {
            history.set(0, "a", Fold::Mean, value(second));
            history.tick(second);
        }
    }

    #[test]
    fn each_resolution_keeps_its_length() {
        let mut history = History::default();
        ticked(&mut history, 600..600 + 7 * 86_400 + 5000, |_| 2.0);
        for (tier, (step, length)) in TIERS.into_iter().enumerate() {
            let range = history.range(tier, length);
            assert_eq!((range.step, range.lines[0].2.len()), (step, length));
            assert!(range.lines[0].2.iter().all(|value| (*value - 2.0).abs() < f32::EPSILON));
        }
        assert_eq!(history.bytes(), COLUMN_BYTES);
        const { assert!(MAX_BYTES < 8 << 20) };
    }

    #[test]
    fn coarser_values_are_the_means_of_the_finer_ones() {
        let mut history = History::default();
        ticked(&mut history, 1000..1040, |second| second as f64);
        let range = history.range(1, TIERS[1].1);
        // 1000 to 1009, 1010 to 1019, .. The end is that of the last whole step.
        let (means, end) = (&range.lines[0].2, range.end);
        assert_eq!(
            (means.iter().map(|mean| (mean * 10.0) as u32).collect::<Vec<_>>(), end),
            (vec![10045, 10145, 10245, 10345], 1040)
        );
    }

    #[test]
    fn joined_values_do_not_depend_on_the_time_of_the_request() {
        let mut history = History::default();
        ticked(&mut history, 6000..9000, |second| (second % 97) as f64 + 1.0);
        let before = history.range(1, 200);
        ticked(&mut history, 9000..9013, |second| (second % 97) as f64 + 1.0);
        let after = history.range(1, 200);
        let (before, after) = (&before.lines[0].2, &after.lines[0].2);
        let common = before.len().min(after.len()) - 2;
        let is_part = after.windows(common).any(|part| *part == before[before.len() - common..]);
        assert!(is_part, "{before:?} {after:?}");
    }

    #[test]
    fn seconds_without_a_tick_have_no_values() {
        let mut history = History::default();
        ticked(&mut history, [100, 101, 103, 109], |_| 1.0);
        let range = history.range(0, 900);
        let is_missing: Vec<_> = range.lines[0].2.iter().map(|value| value.is_nan()).collect();
        // One late tick, then a suspended process.
        let expected = [[false; 4].as_slice(), &[true; 5], &[false]].concat();
        assert_eq!((is_missing, range.end), (expected, 109));
        // A month without a tick, then a clock that was set back by an hour.
        ticked(&mut history, [3_000_000, 3_000_001, 2_996_401, 2_996_402], |_| 1.0);
        let range = history.range(0, 900);
        assert_eq!((range.lines[0].2.len(), range.end), (900, 2_996_402));
        assert_eq!(range.lines[0].2.iter().filter(|value| value.is_nan()).count(), 896);
    }

    #[test]
    fn a_line_gets_a_column_with_its_first_value_and_columns_are_limited() {
        let mut history = History::default();
        assert!(history.set(0, "idle", Fold::Mean, 0.0) && history.set(0, "none", Fold::Mean, f64::NAN));
        assert_eq!(history.bytes(), 0);
        for number in 0..1000 {
            assert_eq!(history.set(1, &number.to_string(), Fold::Mean, 1.0), number < MAX_COLUMNS);
        }
        history.tick(5);
        assert_eq!((history.range(0, 900).lines.len(), history.bytes()), (MAX_COLUMNS, MAX_BYTES));
        assert_eq!(history.dropped(), 1000 - MAX_COLUMNS);
        history.renumber(|panel| (panel == 1).then_some(7));
        assert!(history.range(0, 900).lines.iter().all(|line| line.0 == 7));
    }

    #[test]
    fn maxima_and_last_values_are_kept_where_they_count() {
        let mut history = History::default();
        for second in 0..10 {
            history.set(0, "max", Fold::Max, if second == 3 { 9.0 } else { 1.0 });
            history.set(0, "last", Fold::Last, second as f64 + 1.0);
            history.tick(second + 1000);
        }
        let lines = history.range(1, TIERS[1].1).lines;
        assert_eq!([lines[0].2[0], lines[1].2[0]].map(|value| value as u32), [9, 10]);
    }
}
