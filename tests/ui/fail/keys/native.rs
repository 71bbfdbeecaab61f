//! `native` on a metric that isn't a histogram is an error.

use agent_metrics::{Counter, Gauge, Histogram, Metrics};

#[derive(Metrics)]
#[metrics(namespace = "sparse")]
struct Sparse {
    #[metric(native)]
    fine_seconds: Histogram,
    #[metric(native)]
    requests_total: Counter,
    #[metric(native)]
    level: Gauge,
}

fn main() {}
