//! Names, labels and buckets that are invalid in an exposition are errors at the wrong token.
use agent_metrics::{Bounded, CallLabels, Counter, Gauge, Histogram, LabelSet, Metrics};

#[derive(Metrics)]
#[metrics(namespace = "app")]
struct Families {
    orders: Counter,
    #[metric(buckets = [1.0, 0.5])]
    sizes: Histogram,
    #[metric(name = "latency-seconds")]
    latency: Histogram,
    #[metric(unit = "seconds")]
    waiting: Gauge,
    by_bound: Histogram<Labels>,
    not_a_metric: u64,
}

#[derive(Clone, Copy, LabelSet)]
struct Labels {
    le: Bounded<4>,
    #[labels(name = "a-b")]
    dashed: Bounded<4>,
}

#[derive(Clone, Copy, CallLabels)]
#[calls(name = "9lives", buckets = [])]
struct Calls {
    status: Bounded<4>,
}

fn main() {}
