//! A label set with too many combinations doesn't compile unless `budget = ..` allows that number.
use agent_metrics::{Bounded, LabelSet};

#[derive(Clone, Copy, LabelSet)]
struct TooMany {
    first: Bounded<1000>,
    second: Bounded<1000>,
}

#[derive(Clone, Copy, LabelSet)]
#[labels(budget = 2_000_000)]
struct AsManyAsThat {
    first: Bounded<1000>,
    second: Bounded<1000>,
}

fn main() {}
