//! The numbers of a usage, as far as they were read.

use serde_json::Value;

use super::path::find;
use super::shape::{Count, Merge, Numbers, Shape};
use crate::usage::Usage;

/// What stood where a number was looked for. In the order of what says more.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Debug)]
enum Reading {
    #[default]
    Absent,
    /// Not a count: a sum with it is unknown.
    Malformed,
    /// The same, and a number all the same.
    Negative,
    Tokens(u64),
}

/// One reading for each place of a shape's counts, in their order, and one of the total; none before the first usage.
#[derive(Clone, Default, Debug)]
pub(super) struct Readings(Vec<Reading>);

impl Readings {
    /// Adds what a body says.
    pub fn absorb(&mut self, shape: &Shape, body: &Value) {
        let Some(usage) = find(body, shape.usage, Some) else { return };
        let read = |paths: &[&str]| {
            let found =
                paths.iter().find_map(|path| find(usage, path, |value| Some(shape.numbers.read(value))));
            found.unwrap_or_default()
        };
        let places = |count: &'static Count| {
            let plus = count.plus.iter().map(std::slice::from_ref);
            count.base.into_iter().chain(plus)
        };
        let mut new: Vec<_> = shape.counts.iter().flat_map(places).map(read).collect();
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

    /// The sums, if there is any.
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
        // Above this not every whole number is a float, and no call has so many tokens.
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
