//! A thousand scrapes at once.

use std::io::Read;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use agent_metrics::{Exporter, Status};
use agent_metrics_tests::{Samples, build};
use flate2::read::GzDecoder;

use crate::{enlarge, send, when_collected};

const SCRAPES: usize = 1000;

/// The kinds of scrapes that go on side by side.
#[derive(Clone, Copy)]
enum Kind {
    Text,
    OpenMetrics,
    Gzip,
    Protobuf,
}

impl Kind {
    fn of(number: usize) -> Self {
        [Self::Text, Self::OpenMetrics, Self::Gzip, Self::Protobuf][number % 4]
    }

    fn request(self) -> &'static str {
        match self {
            Self::Text => "GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n",
            Self::OpenMetrics => "GET /metrics HTTP/1.1\r\nAccept: application/openmetrics-text\r\n\r\n",
            Self::Gzip => "GET /metrics HTTP/1.1\r\nAccept-Encoding: gzip\r\n\r\n",
            Self::Protobuf => {
                "GET /metrics HTTP/1.1\r\nAccept: application/vnd.google.protobuf;\
                 proto=io.prometheus.client.MetricFamily;encoding=delimited\r\n\r\n"
            }
        }
    }

    /// The calls that an answer counts; whole and what was asked for, or it panics.
    fn read(self, answer: &[u8]) -> f64 {
        let end = answer.windows(4).position(|four| four == b"\r\n\r\n").expect("a head") + 4;
        let (head, body) = (String::from_utf8_lossy(&answer[..end]), &answer[end..]);
        assert!(head.starts_with("HTTP/1.1 200 OK\r\n"), "{head}");
        assert!(head.contains(&format!("\r\nContent-Length: {}\r\n", body.len())), "{head}");
        let plain = || String::from_utf8(body.to_vec()).expect("UTF-8");
        match self {
            Self::Protobuf => {
                assert!(head.contains("application/vnd.google.protobuf"), "{head}");
                // Where the last bucket is left out: the count is that.
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

/// The calls of the tool that runs meanwhile, told alike by its histogram's count and by a bucket that has them all.
fn calls(samples: &Samples, le: &str) -> f64 {
    let labels = [("tool_name", "meanwhile")];
    let count = samples.sum("agent_tool_call_duration_seconds_count", &labels);
    let last = [("tool_name", "meanwhile"), ("le", le)];
    assert_eq!(samples.sum("agent_tool_call_duration_seconds_bucket", &last), count);
    count
}

/// Has the other thread end, whatever becomes of this one.
struct SetOnDrop<'a>(&'a AtomicBool);

impl Drop for SetOnDrop<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

#[test]
fn a_thousand_at_once_are_each_whole() {
    let metrics = build();
    metrics.record_tool_call("meanwhile", Duration::from_millis(1), Status::Success);
    // The first exposition waits until all have asked, so that all are under way at once.
    let asked = Arc::new(AtomicUsize::new(0));
    let missed = Arc::new(AtomicUsize::new(0));
    let (asks, lost) = (asked.clone(), missed.clone());
    let since = Instant::now();
    when_collected(&metrics, move || {
        while asks.load(Ordering::Relaxed) < SCRAPES && since.elapsed() < Duration::from_secs(30) {
            thread::sleep(Duration::from_millis(1));
        }
        lost.fetch_max(SCRAPES - asks.load(Ordering::Relaxed), Ordering::Relaxed);
    });
    let exporter = Exporter::new(&metrics).start("127.0.0.1:0").expect("a free port");

    let (begun, ended, done) = (AtomicUsize::new(1), AtomicUsize::new(1), AtomicBool::new(false));
    thread::scope(|scope| {
        scope.spawn(|| {
            while !done.load(Ordering::Relaxed) {
                begun.fetch_add(1, Ordering::SeqCst);
                metrics.record_tool_call("meanwhile", Duration::from_millis(1), Status::Success);
                ended.fetch_add(1, Ordering::SeqCst);
                thread::yield_now();
            }
        });
        let _until_then = SetOnDrop(&done);
        let scrapes: Vec<_> = (0..SCRAPES)
            .map(|number| {
                let kind = Kind::of(number);
                let least = ended.load(Ordering::SeqCst);
                let stream = send(exporter.address(), kind.request().as_bytes());
                asked.fetch_add(1, Ordering::Relaxed);
                (kind, least, stream)
            })
            .collect();
        for (kind, least, mut stream) in scrapes {
            let mut answer = Vec::new();
            stream.read_to_end(&mut answer).expect("an answer");
            let (calls, most) = (kind.read(&answer), begun.load(Ordering::SeqCst));
            assert!(least as f64 <= calls && calls <= most as f64, "{least} <= {calls} <= {most}");
        }
    });
    assert_eq!(missed.load(Ordering::Relaxed), 0, "all had asked when the first was answered");
    let refused = agent_metrics_tests::samples(&metrics).sum("agent_metrics_exporter_refused_total", &[]);
    assert_eq!(refused, 0.0, "nobody was cut off");
}

#[test]
fn who_has_much_to_read_is_not_slow() {
    // More than are sent to at once, of more than the system takes off the exporter's hands.
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
