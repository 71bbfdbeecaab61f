//! The growth of series since their last values that arrived, for delta temporality.

use std::collections::{HashMap, VecDeque};
use std::mem;

use crate::metric::halved;
use crate::sample::{NativeCounts, Number};

/// The value of a series in one push.
#[derive(Clone, PartialEq, Debug)]
struct SentValue {
    value: Cumulative,
    /// The time of the push, in nanoseconds since 1970.
    at: u64,
}

/// A value that only grows.
#[derive(Clone, PartialEq, Debug)]
pub(super) enum Cumulative {
    Number(Number),
    Histogram { counts: Vec<u64>, sum: Number },
    Native { counts: NativeCounts, sum: Number },
}

/// The values that the receiver has accepted, and the values of the requests without a response.
#[derive(Default)]
pub(super) struct Deltas {
    accepted: HashMap<String, SentValue>,
    /// The values of each request without a response, the oldest first.
    sent: VecDeque<Vec<(String, SentValue)>>,
    /// The values of the request that is being built.
    building: Vec<(String, SentValue)>,
    /// The value of the last call of [`growth`](Self::growth), until it is confirmed.
    unconfirmed: Option<(String, SentValue)>,
}

impl Deltas {
    /// Returns the growth of a series and the time since which it grew, or `None` without growth.
    ///
    /// The growth of a new series is its whole value, since `since`. The growth of a series that was reset is its whole
    /// value since the last push that arrived.
    ///
    /// If the representation changed, as for a histogram that lost its native buckets for lack of memory, the growth is
    /// unknown. Then nothing is returned, and the next growth counts from the present value.
    pub(super) fn growth(
        &mut self,
        series: String,
        value: Cumulative,
        since: u64,
        now: u64,
    ) -> Option<(Cumulative, u64)> {
        let (growth, from) = match self.accepted.get_mut(&series) {
            None => (value.clone(), since),
            Some(last) if last.value == value => return None,
            Some(last) if mem::discriminant(&last.value) != mem::discriminant(&value) => {
                *last = SentValue { value, at: now };
                return None;
            }
            Some(last) => (value.since(&last.value).unwrap_or_else(|| value.clone()), last.at),
        };
        self.unconfirmed = Some((series, SentValue { value, at: now }));
        Some((growth, from))
    }

    /// Adds the last returned growth to the request that is being built.
    pub(super) fn confirm(&mut self) {
        self.building.extend(self.unconfirmed.take());
    }

    /// Ends the request that is being built.
    pub(super) fn end_request(&mut self) {
        self.sent.push_back(mem::take(&mut self.building));
    }

    /// Starts a new push. It contains the growth of all requests without a response.
    pub(super) fn begin(&mut self) {
        self.sent.clear();
        self.building.clear();
        self.unconfirmed = None;
    }

    /// The receiver accepted the oldest request without a response.
    pub(super) fn accepted(&mut self) {
        self.accepted.extend(self.sent.pop_front().unwrap_or_default());
    }

    /// The receiver refused the oldest request without a response, so its growth is part of the next push.
    pub(super) fn refused(&mut self) {
        self.sent.pop_front();
    }
}

impl Cumulative {
    /// Returns the growth since an earlier value, or `None` if this value did not grow from it.
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

/// Returns the growth of native buckets. A resolution is only ever halved, so every earlier bucket lies within one of the
/// present buckets.
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

    fn number(value: u64) -> Cumulative {
        Cumulative::Number(Number::Integer(value))
    }

    /// Sends the growth of one series, and returns it.
    fn send(deltas: &mut Deltas, value: Cumulative, now: u64) -> Option<(Cumulative, u64)> {
        deltas.begin();
        let growth = deltas.growth("a".to_owned(), value, 1, now);
        deltas.confirm();
        deltas.end_request();
        growth
    }

    #[test]
    fn growth_counts_from_the_last_accepted_value() {
        let mut deltas = Deltas::default();
        assert_eq!(send(&mut deltas, number(5), 10), Some((number(5), 1)));
        deltas.accepted();
        assert_eq!(send(&mut deltas, number(7), 20), Some((number(2), 10)));
        // The last push got no response.
        assert_eq!(send(&mut deltas, number(9), 30), Some((number(4), 10)));
        deltas.refused();
        assert_eq!(send(&mut deltas, number(10), 40), Some((number(5), 10)));
        deltas.accepted();
        assert_eq!(send(&mut deltas, number(10), 50), None);
    }

    #[test]
    fn a_reset_series_grew_by_its_whole_value() {
        let mut deltas = Deltas::default();
        send(&mut deltas, number(5), 10);
        deltas.accepted();
        assert_eq!(send(&mut deltas, number(2), 20), Some((number(2), 10)));
    }

    #[test]
    fn a_histogram_that_loses_its_native_buckets_does_not_send_its_history_twice() {
        let sum = Number::Integer(0);
        let native = |zeros| {
            let counts = NativeCounts { schema: 0, zero_threshold: 1e-9, zeros, buckets: Vec::new() };
            Cumulative::Native { counts, sum }
        };
        let classic = |count| Cumulative::Histogram { counts: vec![count], sum };
        let mut deltas = Deltas::default();
        send(&mut deltas, native(5), 10);
        deltas.accepted();
        assert_eq!(send(&mut deltas, classic(7), 20), None);
        assert_eq!(send(&mut deltas, classic(8), 30), Some((classic(1), 20)));
        deltas.accepted();
        assert_eq!(send(&mut deltas, native(9), 40), None);
        assert_eq!(send(&mut deltas, native(9), 50), None);
    }

    #[test]
    fn histograms_grow_bucket_by_bucket() {
        let histogram =
            |counts: &[u64], sum| Cumulative::Histogram { counts: counts.to_vec(), sum: Number::Nanos(sum) };
        assert_eq!(histogram(&[3, 2], 9).since(&histogram(&[1, 2], 4)), Some(histogram(&[2, 0], 5)));
        assert_eq!(histogram(&[0, 9], 9).since(&histogram(&[1, 2], 4)), None);
        assert_eq!(histogram(&[3, 2, 1], 9).since(&histogram(&[1, 2], 4)), None);
    }

    #[test]
    fn native_buckets_grow_across_a_halved_resolution() {
        let native = |schema, zeros, buckets: &[(i32, u64)]| Cumulative::Native {
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
