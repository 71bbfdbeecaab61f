//! Many concurrent scrapes.

use std::io::Read;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use agent_metrics::Status;
use agent_metrics::serve::Exporter;
use agent_metrics_tests::{Samples, build};
use flate2::read::GzDecoder;

use crate::{enlarge, send, when_collected};

const SCRAPES: usize = 1000;

/// The kinds of concurrent scrapes.
#[derive(Clone, Copy)]
enum ScrapeKind {
    Text,
    OpenMetrics,
    Gzip,
    Protobuf,
}

impl ScrapeKind {
    fn new(number: usize) -> Self {
        [Self::Text, Self::OpenMetrics, Self::Gzip, Self::Protobuf][number % 4]
    }

    fn request(self) -> &'static str {
        match self {
            Self::Text => "GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n",
            Self::OpenMetrics => "GET /metrics HTTP/1.1\r\nAccept: application/openmetrics-text\r\n\r\n",
            Self::Gzip => "GET /metrics HTTP/1.1\r\nAccept-Encoding: gzip\r\n\r\n",
            Self::Protobuf => {
                "GET /metrics HTTP/1.1\r\nAccept: application/vnd.google.protobuf;\
                 proto=io.prometheus.client.MetricFamily;encoding=delimited\r\n\r\n"
            }
        }
    }

    /// Checks that a response is complete and has the requested format, and returns the number of calls in it.
    fn read(self, answer: &[u8]) -> f64 {
        let end = answer.windows(4).position(|four| four == b"\r\n\r\n").expect("a head") + 4;
        let (head, body) = (String::from_utf8_lossy(&answer[..end]), &answer[end..]);
        assert!(head.starts_with("HTTP/1.1 200 OK\r\n"), "{head}");
        assert!(head.contains(&format!("\r\nContent-Length: {}\r\n", body.len())), "{head}");
        let plain = || String::from_utf8(body.to_vec()).expect("UTF-8");
        match self {
            Self::Protobuf => {
                assert!(head.contains("application/vnd.google.protobuf"), "{head}");
                // The protobuf format omits the bucket `+Inf`, whose value is the count.
                calls(&Samples::of_families(body), "5")
            }
            Self::OpenMetrics => {
                assert!(head.contains("application/openmetrics-text"), "{head}");
                let text = plain();
                let text = text.strip_suffix("# EOF\n").expect("an end");
                let text: String = text
                    .lines()
                    .filter(|line| !line.starts_with("# UNIT "))
                    .fold(String::with_capacity(text.len()), |text, line| text + line + "\n");
                calls(&Samples::parse(&text), "+Inf")
            }
            Self::Text => {
                assert!(head.contains("text/plain; version=0.0.4"), "{head}");
                calls(&Samples::parse(&plain()), "+Inf")
            }
            Self::Gzip => {
                assert!(head.contains("text/plain; version=0.0.4"), "{head}");
                assert!(head.contains("Content-Encoding: gzip"), "{head}");
                let mut text = String::new();
                GzDecoder::new(body).read_to_string(&mut text).expect("gzip");
                calls(&Samples::parse(&text), "+Inf")
            }
        }
    }
}

/// Returns the calls of the tool that is called meanwhile, and checks that the histogram's count equals the bucket `le`,
/// which contains all calls.
fn calls(samples: &Samples, le: &str) -> f64 {
    let labels = [("tool_name", "meanwhile")];
    let count = samples.sum("agent_tool_call_duration_seconds_count", &labels);
    let last = [("tool_name", "meanwhile"), ("le", le)];
    assert_eq!(samples.sum("agent_tool_call_duration_seconds_bucket", &last), count);
    count
}

/// Stops the other thread, also if this one panics.
struct SetOnDrop<'a>(&'a AtomicBool);

impl Drop for SetOnDrop<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

#[test]
fn a_thousand_concurrent_scrapes_are_each_complete_and_consistent() {
    let metrics = build();
    metrics.record_tool_call("meanwhile", Duration::from_millis(1), Status::Success);
    // The first exposition waits until every client has sent its request, so that all scrapes are concurrent.
    let sent = Arc::new(AtomicUsize::new(0));
    let missed = Arc::new(AtomicUsize::new(0));
    let (sent_seen, max_missed) = (sent.clone(), missed.clone());
    let since = Instant::now();
    when_collected(&metrics, move || {
        while sent_seen.load(Ordering::Relaxed) < SCRAPES && since.elapsed() < Duration::from_secs(30) {
            thread::sleep(Duration::from_millis(1));
        }
        max_missed.fetch_max(SCRAPES - sent_seen.load(Ordering::Relaxed), Ordering::Relaxed);
    });
    let exporter = Exporter::new(&metrics).start("127.0.0.1:0").expect("a free port");

    let (started, ended, done) = (AtomicUsize::new(1), AtomicUsize::new(1), AtomicBool::new(false));
    thread::scope(|scope| {
        scope.spawn(|| {
            while !done.load(Ordering::Relaxed) {
                started.fetch_add(1, Ordering::SeqCst);
                metrics.record_tool_call("meanwhile", Duration::from_millis(1), Status::Success);
                ended.fetch_add(1, Ordering::SeqCst);
                thread::yield_now();
            }
        });
        let _stop_thread = SetOnDrop(&done);
        let scrapes: Vec<_> = (0..SCRAPES)
            .map(|number| {
                let kind = ScrapeKind::new(number);
                let min = ended.load(Ordering::SeqCst);
                let stream = send(exporter.address(), kind.request().as_bytes());
                sent.fetch_add(1, Ordering::Relaxed);
                (kind, min, stream)
            })
            .collect();
        for (kind, min, mut stream) in scrapes {
            let mut answer = Vec::new();
            stream.read_to_end(&mut answer).expect("an answer");
            let (calls, max) = (kind.read(&answer), started.load(Ordering::SeqCst));
            assert!(min as f64 <= calls && calls <= max as f64, "{min} <= {calls} <= {max}");
        }
    });
    assert_eq!(missed.load(Ordering::Relaxed), 0, "all requests were sent before the first response");
    let refused = agent_metrics_tests::samples(&metrics).sum("agent_metrics_exporter_refused_total", &[]);
    assert_eq!(refused, 0.0, "no client was cut off");
}

#[test]
fn a_client_that_reads_a_large_response_is_not_slow() {
    // More clients than are served at the same time, each with a response larger than the socket buffers.
    const READERS: usize = 36;
    let metrics = build();
    enlarge(&metrics, 5);
    let exporter = Exporter::new(&metrics).start("127.0.0.1:0").expect("a free port");
    thread::scope(|scope| {
        for _ in 0..READERS {
            scope.spawn(|| {
                let mut answer = Vec::new();
                let mut stream = send(exporter.address(), b"GET /metrics HTTP/1.1\r\n\r\n");
                stream.read_to_end(&mut answer).expect("an answer");
                assert!(
                    answer.starts_with(b"HTTP/1.1 200 ") && answer.len() > 5 << 20,
                    "{} bytes",
                    answer.len()
                );
            });
        }
    });
}
