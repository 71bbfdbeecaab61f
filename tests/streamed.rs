//! A scrape of a million samples isn't held whole in memory. A process of its own, for its allocator.
#![allow(unsafe_code)] // An allocator is unsafe by its nature; this one counts and passes on.

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicUsize, Ordering};

use agent_metrics::{AgentMetrics, Bounded, Histogram, LabelSet, Metrics};

struct Counting;

static LIVE: AtomicUsize = AtomicUsize::new(0);
static PEAK: AtomicUsize = AtomicUsize::new(0);

// SAFETY: every call is passed on unchanged to the system's allocator.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let live = LIVE.fetch_add(layout.size(), Ordering::Relaxed) + layout.size();
        PEAK.fetch_max(live, Ordering::Relaxed);
        // SAFETY: the caller's own promise.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        LIVE.fetch_add(layout.size(), Ordering::Relaxed);
        // SAFETY: the caller's own promise.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        LIVE.fetch_sub(layout.size(), Ordering::Relaxed);
        // SAFETY: the caller's own promise.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

#[derive(Clone, Copy, LabelSet)]
#[labels(budget = 200_000)]
struct Tenant {
    tenant: Bounded<99_999>,
}

#[derive(Metrics)]
#[metrics(namespace = "large")]
struct Large {
    /// With sum and count ten samples each.
    #[metric(buckets = [0.01, 0.05, 0.1, 0.5, 1.0, 5.0, 10.0])]
    wait_seconds: Histogram<Tenant>,
}

#[test]
fn a_million_samples_are_never_whole_in_memory() {
    let metrics = AgentMetrics::builder().build().expect("the defaults are valid");
    let large = Large::register(&metrics).expect("a free name");
    for tenant in 0..99_999 {
        large.wait_seconds.with(Tenant { tenant: tenant.to_string().as_str().into() }).observe(0.2);
    }
    for accept in [
        "text/plain",
        "application/openmetrics-text",
        "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited",
    ] {
        // The first scrape makes the text of the labels, which is kept.
        let whole = metrics.encode(Some(accept), None).body.len();
        let before = LIVE.load(Ordering::Relaxed);
        PEAK.store(before, Ordering::Relaxed);
        let mut sent = 0;
        for chunk in metrics.encode_chunks(Some(accept), None) {
            sent += chunk.len();
        }
        let held = PEAK.load(Ordering::Relaxed) - before;
        assert!(sent.abs_diff(whole) < 1000, "{sent} of {whole} bytes, {accept}");
        assert!(whole > 10_000_000 && held < 3_000_000, "{held} of {whole} bytes were held, {accept}");
    }
}
