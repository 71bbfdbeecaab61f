//! Timing on noisy machines: candidates alternate, and the medians of the rounds are compared.

use std::hint::black_box;
use std::time::Instant;

use crate::exposed::{Count, Exposed};
use crate::report::Report;

/// A measured operation: its name, the loop that runs it `n` times, and the families that count its calls.
pub(crate) struct Candidate<'a> {
    name: &'static str,
    run: Box<dyn FnMut(u64) + 'a>,
    counts: Vec<Count>,
    calls: u64,
}

/// One operation, repeated.
pub(crate) fn each<'a>(name: &'static str, mut operation: impl FnMut() + 'a) -> Candidate<'a> {
    many(name, move |n| {
        for _ in 0..n {
            operation();
        }
    })
}

/// Creates a candidate that repeats its operation itself.
pub(crate) fn many<'a>(name: &'static str, run: impl FnMut(u64) + 'a) -> Candidate<'a> {
    Candidate { name, run: Box::new(run), counts: Vec::new(), calls: 0 }
}

impl Candidate<'_> {
    /// Sets the families that must have counted its calls afterwards.
    pub(crate) fn counted_by(mut self, counts: Vec<Count>) -> Self {
        self.counts = counts;
        self
    }

    /// Runs the operation `n` times.
    pub(crate) fn run(&mut self, n: u64) {
        self.calls += n;
        (self.run)(black_box(n));
    }
}

/// The times of the rounds, in nanoseconds per operation.
pub(crate) struct Rounds(Vec<(&'static str, Vec<f64>)>);

/// Times all candidates: in each round each of them, one after the other, repeats its operation `n` times.
pub(crate) fn time(candidates: &mut [Candidate<'_>], rounds: usize, n: u64) -> Rounds {
    let mut times: Vec<_> =
        candidates.iter().map(|candidate| (candidate.name, Vec::with_capacity(rounds))).collect();
    for candidate in candidates.iter_mut() {
        candidate.run(n);
    }
    for _ in 0..rounds {
        for (candidate, (_, times)) in candidates.iter_mut().zip(&mut times) {
            let begin = Instant::now();
            candidate.run(n);
            times.push(begin.elapsed().as_nanos() as f64 / n as f64);
        }
    }
    Rounds(times)
}

/// Returns the candidate of a name.
pub(crate) fn named<'c, 'a>(candidates: &'c mut [Candidate<'a>], name: &str) -> &'c mut Candidate<'a> {
    let found = candidates.iter_mut().find(|candidate| candidate.name == name);
    found.unwrap_or_else(|| panic!("no candidate `{name}`"))
}

/// Compares the numbers of calls with the recorded counts.
pub(crate) fn check(theme: &str, candidates: &[Candidate<'_>], report: &mut Report) {
    let exposed = Exposed::now();
    let mut wrong = Vec::new();
    for candidate in candidates {
        exposed.check(&candidate.counts, candidate.calls, &mut wrong);
    }
    let counted = || candidates.iter().filter(|candidate| !candidate.counts.is_empty());
    let calls = counted().map(|candidate| candidate.calls).sum();
    report.truth(theme, calls, counted().map(|candidate| candidate.counts.len()).sum(), &wrong);
}

impl Rounds {
    fn of(&self, name: &str) -> &[f64] {
        let found = self.0.iter().find(|(candidate, _)| *candidate == name);
        &found.unwrap_or_else(|| panic!("no candidate `{name}`")).1
    }

    /// Returns the median of a candidate.
    pub(crate) fn of_one(&self, name: &str) -> f64 {
        median(self.of(name).to_vec())
    }

    /// Returns the median over all rounds of a function of some candidates' times.
    pub(crate) fn of_each<const N: usize>(&self, names: [&str; N], value: impl Fn([f64; N]) -> f64) -> f64 {
        let times = names.map(|name| self.of(name));
        median((0..times[0].len()).map(|round| value(times.map(|times| times[round]))).collect())
    }

    pub(crate) fn ratio(&self, name: &str, over: &str) -> f64 {
        self.of_each([name, over], |[time, over]| time / over)
    }

    pub(crate) fn difference(&self, name: &str, from: &str) -> f64 {
        self.of_each([name, from], |[time, from]| time - from)
    }
}

pub(crate) fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
