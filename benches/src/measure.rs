//! Timing on noisy machines: candidates take turns, and medians of what they cost are compared.

use std::hint::black_box;
use std::time::Instant;

const ROUNDS: usize = 41;

/// Something to time: what it is called, and what runs `n` times.
pub(crate) struct Candidate<'a> {
    pub(crate) name: &'static str,
    pub(crate) run: Box<dyn FnMut(u64) + 'a>,
}

impl<'a> Candidate<'a> {
    pub(crate) fn new(name: &'static str, run: impl FnMut(u64) + 'a) -> Self {
        Self { name, run: Box::new(run) }
    }

    /// One operation, repeated.
    pub(crate) fn each(name: &'static str, mut operation: impl FnMut() + 'a) -> Self {
        Self::new(name, move |n| {
            for _ in 0..n {
                operation();
            }
        })
    }
}

/// Nanoseconds of one operation of each candidate: the median of rounds in which they take turns.
pub(crate) fn nanos(candidates: &mut [Candidate<'_>], n: u64) -> Vec<f64> {
    let mut times = vec![Vec::with_capacity(ROUNDS); candidates.len()];
    for candidate in candidates.iter_mut() {
        (candidate.run)(n);
    }
    for _ in 0..ROUNDS {
        for (candidate, times) in candidates.iter_mut().zip(&mut times) {
            let begin = Instant::now();
            (candidate.run)(black_box(n));
            times.push(begin.elapsed().as_nanos() as f64 / n as f64);
        }
    }
    times.into_iter().map(median).collect()
}

pub(crate) fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
