//! A scrape of a million samples is never in memory as a whole. This is a separate process because of its counting
//! allocator.
#![allow(unsafe_code)] // An allocator is unsafe by its nature; this one counts and passes on.

use std::alloc::{GlobalAlloc, Layout, System};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

use agent_metrics::serve::Exporter;
use agent_metrics::{AgentMetrics, Bounded, Histogram, LabelSet, Metrics};
use agent_metrics_tests::get;

struct Counting;

static LIVE: AtomicUsize = AtomicUsize::new(0);
static PEAK: AtomicUsize = AtomicUsize::new(0);

// SAFETY: every call is passed unchanged to the system allocator.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let live = LIVE.fetch_add(layout.size(), Ordering::Relaxed) + layout.size();
        PEAK.fetch_max(live, Ordering::Relaxed);
        // SAFETY: guaranteed by the caller.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        LIVE.fetch_add(layout.size(), Ordering::Relaxed);
        // SAFETY: guaranteed by the caller.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        LIVE.fetch_sub(layout.size(), Ordering::Relaxed);
        // SAFETY: guaranteed by the caller.
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
    /// Ten samples each, including sum and count.
    #[metric(buckets = [0.01, 0.05, 0.1, 0.5, 1.0, 5.0, 10.0])]
    wait_seconds: Histogram<Tenant>,
}

/// Returns an instance with a million samples, and exclusive use of the allocator.
fn exclusive_large_instance() -> (AgentMetrics, MutexGuard<'static, ()>) {
    static ALONE: Mutex<()> = Mutex::new(());
    static METRICS: OnceLock<AgentMetrics> = OnceLock::new();
    let alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    (METRICS.get_or_init(large_instance).clone(), alone)
}

fn large_instance() -> AgentMetrics {
    let metrics = AgentMetrics::builder().build().expect("the defaults are valid");
    let large = Large::register(&metrics).expect("a free name");
    for tenant in 0..99_999 {
        large.wait_seconds.with(Tenant { tenant: tenant.to_string().as_str().into() }).observe(0.2);
    }
    metrics
}

/// Resets the peak and returns the bytes allocated now.
fn begin() -> usize {
    let before = LIVE.load(Ordering::Relaxed);
    PEAK.store(before, Ordering::Relaxed);
    before
}

#[test]
fn a_million_samples_are_streamed_in_bounded_memory() {
    let (metrics, _alone) = exclusive_large_instance();
    for accept in [
        "text/plain",
        "application/openmetrics-text",
        "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited",
    ] {
        // The first scrape renders the labels, which are cached.
        let whole = metrics.encode(Some(accept), None).body.len();
        let before = begin();
        let mut sent = 0;
        for chunk in metrics.encode_chunks(Some(accept), None) {
            sent += chunk.len();
        }
        let held = PEAK.load(Ordering::Relaxed) - before;
        assert!(sent.abs_diff(whole) < 1000, "{sent} of {whole} bytes, {accept}");
        assert!(whole > 10_000_000 && held < 3_000_000, "{held} of {whole} bytes were held, {accept}");
    }
}

#[test]
fn the_exporter_buffers_one_chunk_for_each_slow_reader() {
    const READERS: usize = 16;
    let (metrics, _alone) = exclusive_large_instance();
    let whole = metrics.encode(None, None).body.len();
    let exporter = Exporter::new(&metrics).start("127.0.0.1:0").expect("a free port");
    let address = exporter.address();
    let before = begin();
    let mut readers: Vec<_> = (0..READERS)
        .map(|_| {
            let mut stream = TcpStream::connect(address).expect("a connection");
            stream.write_all(b"GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n").expect("sent");
            // The client reads the beginning of the response and then stops.
            stream.read_exact(&mut [0; 64]).expect("an answer");
            stream
        })
        .collect();
    let (head, _) = get(&address.to_string(), "/healthz", "").expect("an answer");
    assert!(head.starts_with("HTTP/1.1 200 "), "others are answered in between: {head}");
    let mut sent = Vec::new();
    let most = PEAK.load(Ordering::Relaxed) - before;
    readers.pop().expect("a reader").read_to_end(&mut sent).expect("the rest");
    assert!(whole > 10_000_000 && most < READERS * 600_000, "{most} bytes were most, of {whole} each");
    // Includes the length of each chunk.
    assert!((whole..whole + whole / 100).contains(&sent.len()), "{} of {whole} bytes", sent.len());
    assert!(sent.ends_with(b"\r\n0\r\n\r\n"));
}
