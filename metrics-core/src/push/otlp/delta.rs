//! What series had grown to when an engine last took them.

use std::collections::{HashMap, VecDeque};
use std::mem;

use crate::metric::halved;
use crate::sample::{NativeCounts, Number};

/// A series as it was told.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Told {
    pub(super) value: Grown,
    /// When, in nanoseconds since 1970.
    pub(super) at: u64,
}

/// What only grows.
#[derive(Clone, PartialEq, Debug)]
pub(super) enum Grown {
    Number(Number),
    Histogram { counts: Vec<u64>, sum: Number },
    Native { counts: NativeCounts, sum: Number },
}

/// The series that an engine took, and those on their way to it, by request.
#[derive(Default)]
pub(super) struct Deltas {
    known: HashMap<String, Told>,
    sent: VecDeque<Vec<(String, Told)>>,
    next: Vec<(String, Told)>,
    /// The series that was asked for last.
    last: Option<(String, Told)>,
}

impl Deltas {
    /// What a series grew by and since when; `None` where it didn't. One that is new or began anew grew by all it has, since
    /// `since` or since it was last told. Where it is told in another way than before, what it grew by can't be known: a
    /// histogram may lose its native buckets for want of room. Nothing is told then, and its growth is from here on.
    pub(super) fn grown(
        &mut self,
        series: String,
        value: Grown,
        since: u64,
        now: u64,
    ) -> Option<(Grown, u64)> {
        let (growth, from) = match self.known.get_mut(&series) {
            None => (value.clone(), since),
            Some(told) if told.value == value => return None,
            Some(told) if mem::discriminant(&told.value) != mem::discriminant(&value) => {
                *told = Told { value, at: now };
                return None;
            }
            Some(told) => (value.since(&told.value).unwrap_or_else(|| value.clone()), told.at),
        };
        self.last = Some((series, Told { value, at: now }));
        Some((growth, from))
    }

    /// The growth of the series that was asked for last is told.
    pub(super) fn keep(&mut self) {
        self.next.extend(self.last.take());
    }

    /// What was told since the last call goes with one request.
    pub(super) fn end_request(&mut self) {
        self.sent.push_back(mem::take(&mut self.next));
    }

    /// What is read from now on stands for all that is on its way.
    pub(super) fn begin(&mut self) {
        self.sent.clear();
        self.next.clear();
        self.last = None;
    }

    /// The engine took the next request.
    pub(super) fn taken(&mut self) {
        self.known.extend(self.sent.pop_front().unwrap_or_default());
    }

    /// It refused it, so that its growth is part of what is told next.
    pub(super) fn refused(&mut self) {
        self.sent.pop_front();
    }
}

impl Grown {
    /// The growth from an earlier value; `None` if it is not one from which this grew.
    fn since(&self, earlier: &Self) -> Option<Self> {
        match (self, earlier) {
            (Self::Number(now), Self::Number(then)) => Some(Self::Number(difference(*now, *then)?)),
            (Self::Histogram { counts, sum }, Self::Histogram { counts: then, sum: sum_then }) => {
                let same_buckets = counts.len() == then.len();
                let grown = counts.iter().zip(then).map(|(now, then)| now.checked_sub(*then));
                let counts = grown.collect::<Option<Vec<_>>>().filter(|_| same_buckets)?;
                Some(Self::Histogram { counts, sum: difference(*sum, *sum_then)? })
            }
            (Self::Native { counts, sum }, Self::Native { counts: then, sum: sum_then }) => {
                Some(Self::Native { counts: native_growth(counts, then)?, sum: difference(*sum, *sum_then)? })
            }
            _ => None,
        }
    }
}

/// A resolution is only ever halved, so that the earlier buckets go into those of now.
fn native_growth(now: &NativeCounts, then: &NativeCounts) -> Option<NativeCounts> {
    let halvings = u32::try_from(then.schema - now.schema).ok()?;
    let mut grown = now.clone();
    grown.zeros = now.zeros.checked_sub(then.zeros)?;
    for (number, count) in &then.buckets {
        let number = halved(*number, halvings);
        let at = grown.buckets.binary_search_by_key(&number, |(number, _)| *number).ok()?;
        grown.buckets[at].1 = grown.buckets[at].1.checked_sub(*count)?;
    }
    grown.buckets.retain(|(_, count)| *count > 0);
    Some(grown)
}

fn difference(now: Number, then: Number) -> Option<Number> {
    match (now, then) {
        (Number::Integer(now), Number::Integer(then)) => Some(Number::Integer(now.checked_sub(then)?)),
        (Number::Nanos(now), Number::Nanos(then)) => Some(Number::Nanos(now.checked_sub(then)?)),
        _ => Some(now.to_f64() - then.to_f64()).filter(|growth| *growth >= 0.0).map(Number::Float),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(value: u64) -> Grown {
        Grown::Number(Number::Integer(value))
    }

    /// Asks for the growth of one series and sends it.
    fn tell(deltas: &mut Deltas, value: Grown, now: u64) -> Option<(Grown, u64)> {
        deltas.begin();
        let grown = deltas.grown("a".to_owned(), value, 1, now);
        deltas.keep();
        deltas.end_request();
        grown
    }

    #[test]
    fn growth_is_from_what_was_taken() {
        let mut deltas = Deltas::default();
        assert_eq!(tell(&mut deltas, number(5), 10), Some((number(5), 1)));
        deltas.taken();
        assert_eq!(tell(&mut deltas, number(7), 20), Some((number(2), 10)));
        // Nobody answered.
        assert_eq!(tell(&mut deltas, number(9), 30), Some((number(4), 10)));
        deltas.refused();
        assert_eq!(tell(&mut deltas, number(10), 40), Some((number(5), 10)));
        deltas.taken();
        assert_eq!(tell(&mut deltas, number(10), 50), None);
    }

    #[test]
    fn what_began_anew_grew_by_all_it_has() {
        let mut deltas = Deltas::default();
        tell(&mut deltas, number(5), 10);
        deltas.taken();
        assert_eq!(tell(&mut deltas, number(2), 20), Some((number(2), 10)));
    }

    #[test]
    fn one_that_loses_its_native_buckets_does_not_tell_all_its_history_again() {
        let sum = Number::Integer(0);
        let native = |zeros| {
            let counts = NativeCounts { schema: 0, zero_threshold: 1e-9, zeros, buckets: Vec::new() };
            Grown::Native { counts, sum }
        };
        let classic = |count| Grown::Histogram { counts: vec![count], sum };
        let mut deltas = Deltas::default();
        tell(&mut deltas, native(5), 10);
        deltas.taken();
        assert_eq!(tell(&mut deltas, classic(7), 20), None);
        assert_eq!(tell(&mut deltas, classic(8), 30), Some((classic(1), 20)));
        deltas.taken();
        assert_eq!(tell(&mut deltas, native(9), 40), None);
        assert_eq!(tell(&mut deltas, native(9), 50), None);
    }

    #[test]
    fn histograms_grow_by_bucket() {
        let histogram =
            |counts: &[u64], sum| Grown::Histogram { counts: counts.to_vec(), sum: Number::Nanos(sum) };
        assert_eq!(histogram(&[3, 2], 9).since(&histogram(&[1, 2], 4)), Some(histogram(&[2, 0], 5)));
        assert_eq!(histogram(&[0, 9], 9).since(&histogram(&[1, 2], 4)), None);
        assert_eq!(histogram(&[3, 2, 1], 9).since(&histogram(&[1, 2], 4)), None);
    }

    #[test]
    fn native_ones_grow_when_their_resolution_was_halved_meanwhile() {
        let native = |schema, zeros, buckets: &[(i32, u64)]| Grown::Native {
            counts: NativeCounts { schema, zero_threshold: 1e-9, zeros, buckets: buckets.to_vec() },
            sum: Number::Integer(zeros),
        };
        let then = native(3, 1, &[(-3, 1), (4, 2), (5, 1)]);
        assert_eq!(native(3, 1, &[(-3, 1), (4, 2), (5, 4)]).since(&then), Some(native(3, 0, &[(5, 3)])));
        // -3 goes into -1, 4 into 2, 5 into 3.
        assert_eq!(native(2, 4, &[(-1, 1), (2, 3), (3, 1)]).since(&then), Some(native(2, 3, &[(2, 1)])));
        assert_eq!(native(4, 4, &[(9, 9)]).since(&then), None);
        assert_eq!(native(3, 1, &[(4, 2), (5, 1)]).since(&then), None);
    }
}
