//! The counts of a usage as read from one or more bodies.

use serde_json::Value;

use super::path::{find, is_there, text, visit};
use super::shape::{Count, Numbers, Places, Searches, Shape};
use crate::usage::Usage;

/// The result of looking for one number.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
enum Reading {
    #[default]
    Absent,
    /// A value that is not a count. A sum that includes it is unknown.
    Malformed,
    /// A negative number. A sum that includes it is unknown, and the usage is marked as having had one.
    Negative,
    Tokens(u64),
}

/// One reading for each number of a shape's counts, in their order.
type Numbered = Vec<Reading>;

/// The counts of the bodies so far.
#[derive(Clone, Default, Debug)]
pub(super) struct Readings {
    /// The numbers of all bodies, merged one by one. Empty before the first usage.
    numbers: Numbered,
    total: Reading,
    searches: Option<u64>,
    /// The usage that the numbers amount to.
    usage: Usage,
    /// True if the last usage came with a part of a stream.
    in_stream: bool,
}

impl Readings {
    /// Reads the counts of a body and merges them with the earlier ones.
    pub fn absorb(&mut self, shape: &Shape, body: &Value) {
        self.searches = shape.searches.count(shape, body).max(self.searches);
        let usages = shape.usage.iter().filter_map(|path| find(body, path, Some));
        let read = usages.into_iter().map(|usage| (shape.numbers_in(usage), usage));
        let is_known = |numbers: &Numbered| numbers.iter().any(|reading| *reading != Reading::Absent);
        let has_no_output = || shape.no_output.iter().any(|path| find(body, path, Some).is_some());
        let only_total = |usage| shape.read(usage, shape.total, None) != Reading::Absent && has_no_output();
        let Some((new, usage)) =
            read.into_iter().find(|(numbers, usage)| is_known(numbers) || only_total(usage))
        else {
            return;
        };
        let mut total = shape.read(usage, shape.total, None);
        let mut snapshot = shape.usage_of(&new);
        if snapshot.output.is_none() && has_no_output() {
            snapshot.output = Some(0);
        }
        let merged: Numbered = if self.numbers.is_empty() {
            new
        } else {
            new.iter().zip(&self.numbers).map(|(new, old)| new.merged_with_earlier(*old)).collect()
        };
        let mut usage = shape.usage_of(&merged);
        usage.output = usage.output.or(snapshot.output);
        // The parts of the input are merged as a whole: an earlier body may count all of it where a later one splits it.
        usage.input = snapshot.merged_with_earlier((!self.numbers.is_empty()).then_some(self.usage)).input;
        let disagrees = |new: Option<u64>, merged: Option<u64>| new.is_some() && new != merged;
        if disagrees(snapshot.input, usage.input) || disagrees(snapshot.output, usage.output) {
            total = Reading::Absent;
        } else if snapshot.input.is_none() && snapshot.output.is_none() {
            total = total.merged_with_earlier(self.total);
        }
        if let Reading::Tokens(total) = total {
            usage = usage.total(total);
        }
        self.usage = usage.completed_by_total();
        if shape.reconciled {
            self.usage = self.usage.reconciled();
        }
        self.in_stream = shape.part_of_stream.iter().any(|path| is_there(body, path));
        (self.numbers, self.total) = (merged, total);
    }

    /// Returns the usage, or `None` if no count is known. `finished` tells if the model has finished.
    pub fn usage(&self, finished: bool) -> Option<Usage> {
        let mut usage = self.usage;
        usage.web_searches = usage.web_searches.max(self.searches);
        if self.in_stream && !finished {
            usage = usage.incomplete();
        }
        (!usage.is_empty()).then_some(usage)
    }
}

impl Shape {
    /// Reads all numbers in the object with the counts.
    fn numbers_in(&self, usage: &Value) -> Numbered {
        let read = |usage: &Value| -> Numbered {
            let all =
                self.counts.iter().flat_map(|count| count.places().map(|places| (places, count.numbers)));
            all.map(|(places, numbers)| self.read(usage, places, numbers)).collect()
        };
        let mut numbers = read(usage);
        if let Some(path) = self.iterations {
            let mut sums = vec![Reading::Absent; numbers.len()];
            visit(usage, path, |iteration| {
                sums.iter_mut().zip(read(iteration)).for_each(|(sum, more)| *sum = sum.plus(more));
            });
            numbers.iter_mut().zip(sums).for_each(|(number, sum)| match (*number, sum) {
                (Reading::Tokens(whole), Reading::Tokens(sum)) => *number = Reading::Tokens(whole.max(sum)),
                (Reading::Absent, sum) => *number = sum,
                _ => {}
            });
        }
        numbers
    }

    /// Reads one number.
    fn read(&self, usage: &Value, places: Places, numbers: Option<Numbers>) -> Reading {
        let numbers = numbers.unwrap_or(self.numbers);
        let mut first = Reading::Absent;
        for path in places {
            let mut sum = Reading::Absent;
            visit(usage, path, |value| sum = sum.plus(numbers.read(value)));
            match sum {
                Reading::Absent => {}
                Reading::Tokens(1..) => return sum,
                _ if first == Reading::Absent => first = sum,
                _ => {}
            }
        }
        first
    }

    /// Returns the usage of numbers.
    fn usage_of(&self, numbers: &[Reading]) -> Usage {
        let mut usage = Usage::default();
        let mut readings = numbers.iter().copied();
        for Count { set, base, plus, .. } in self.counts {
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
        usage
    }
}

impl Count {
    fn places(&self) -> impl Iterator<Item = Places> {
        self.base.into_iter().chain(self.plus.iter().copied())
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

    /// Merges a number with that of an earlier body, which a later 0 or a later value that is not a count doesn't replace.
    fn merged_with_earlier(self, earlier: Self) -> Self {
        match (self, earlier) {
            (Self::Tokens(1..), _) | (_, Self::Absent) => self,
            (_, Self::Tokens(_)) | (Self::Absent, _) => earlier,
            _ => self,
        }
    }
}

impl Numbers {
    fn read(self, value: &Value) -> Reading {
        // 2^53: above it a float can't hold every whole number, and no call uses that many tokens.
        const LARGEST: f64 = 9_007_199_254_740_992.0;
        let rounded = |round: fn(f64) -> f64| {
            value.as_f64().filter(|number| (0.0..LARGEST).contains(number)).map(|number| round(number) as u64)
        };
        let tokens = match self {
            Self::Whole => value.as_u64(),
            Self::Rounded => rounded(f64::round),
            Self::RoundedUp => rounded(f64::ceil),
        };
        let negative = || value.as_f64().is_some_and(|number| number < 0.0);
        match tokens {
            Some(tokens) => Reading::Tokens(tokens),
            None if negative() => Reading::Negative,
            None => Reading::Malformed,
        }
    }
}

impl Searches {
    /// Counts the web searches that a body reports.
    fn count(self, shape: &Shape, body: &Value) -> Option<u64> {
        let found = match self {
            Self::None => 0,
            Self::Items(path) => {
                let mut items = 0;
                visit(body, path, |_| items += 1);
                items
            }
            Self::Queries { path, by_prompt } => {
                let mut queries = Vec::new();
                visit(body, path, |query| queries.extend(query.as_str()));
                queries.sort_unstable();
                queries.dedup();
                let model = text(body, shape.model).unwrap_or_default();
                let counted_once = by_prompt.iter().any(|prefix| model.starts_with(prefix));
                if counted_once { queries.len().min(1) } else { queries.len() }
            }
        };
        (found > 0).then_some(found as u64)
    }
}
