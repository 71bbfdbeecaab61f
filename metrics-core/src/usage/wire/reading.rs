//! The counts of a usage as read from one or more bodies.

use serde_json::Value;

use super::path::find;
use super::shape::{Count, Merge, Numbers, Shape};
use crate::usage::Usage;

/// The result of looking for one number. A later variant carries more information, which `Merge::Largest` relies on.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Debug)]
enum Reading {
    #[default]
    Absent,
    /// A value that is not a count. A sum that includes it is unknown.
    Malformed,
    /// A negative number. A sum that includes it is unknown, and the usage is marked as having had one.
    Negative,
    Tokens(u64),
}

/// One reading for each number of a shape's counts, in their order, then one for the total. Empty before the first usage.
#[derive(Clone, Default, Debug)]
pub(super) struct Readings(Vec<Reading>);

impl Readings {
    /// Reads the counts of a body and merges them with the earlier ones.
    pub fn absorb(&mut self, shape: &Shape, body: &Value) {
        let Some(usage) = find(body, shape.usage, Some) else { return };
        let read = |paths: &[&str]| {
            let found =
                paths.iter().find_map(|path| find(usage, path, |value| Some(shape.numbers.read(value))));
            found.unwrap_or_default()
        };
        let numbers_of = |count: &'static Count| {
            let plus = count.plus.iter().map(std::slice::from_ref);
            count.base.into_iter().chain(plus)
        };
        let mut new: Vec<_> = shape.counts.iter().flat_map(numbers_of).map(read).collect();
        if new.iter().all(|reading| *reading == Reading::Absent) {
            return;
        }
        new.push(read(shape.total));
        match shape.merge {
            Merge::Largest if !self.0.is_empty() => {
                self.0.iter_mut().zip(new).for_each(|(old, new)| *old = new.max(*old));
            }
            Merge::Largest | Merge::Last => self.0 = new,
        }
    }

    /// Returns the usage, or `None` if no count is known.
    pub fn usage(&self, shape: &Shape) -> Option<Usage> {
        let mut usage = Usage::default();
        let mut readings = self.0.iter().copied();
        for Count { set, base, plus } in shape.counts {
            let base = base.map(|_| readings.next().unwrap_or_default());
            let plus = readings.by_ref().take(plus.len()).fold(Reading::Absent, Reading::plus);
            let sum = match base {
                Some(Reading::Absent) => Reading::Absent,
                Some(base) => base.plus(plus),
                None => plus,
            };
            usage = match sum {
                Reading::Tokens(tokens) => set(usage, tokens),
                Reading::Negative => usage.negative(),
                Reading::Absent | Reading::Malformed => usage,
            };
        }
        if let Some(Reading::Tokens(total)) = readings.next() {
            usage = usage.total(total);
        }
        (!usage.is_empty()).then_some(usage)
    }
}

impl Reading {
    fn plus(self, other: Self) -> Self {
        match (self, other) {
            (Self::Tokens(left), Self::Tokens(right)) => {
                left.checked_add(right).map_or(Self::Malformed, Self::Tokens)
            }
            (left, Self::Absent) => left,
            (Self::Absent, right) => right,
            (Self::Negative, _) | (_, Self::Negative) => Self::Negative,
            _ => Self::Malformed,
        }
    }
}

impl Numbers {
    fn read(self, value: &Value) -> Reading {
        // 2^53: above it a float can't hold every whole number, and no call uses that many tokens.
        const LARGEST: f64 = 9_007_199_254_740_992.0;
        let tokens = match self {
            Self::Whole => value.as_u64(),
            Self::Rounded => value
                .as_f64()
                .filter(|tokens| (0.0..LARGEST).contains(tokens))
                .map(|tokens| tokens.round() as u64),
        };
        let negative = || value.as_f64().is_some_and(|number| number < 0.0);
        match tokens {
            Some(tokens) => Reading::Tokens(tokens),
            None if negative() => Reading::Negative,
            None => Reading::Malformed,
        }
    }
}
