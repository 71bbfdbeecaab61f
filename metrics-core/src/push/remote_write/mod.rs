//! Prometheus remote-write 1.0: protocol buffers, compressed by snappy.
//!
//! Source: <https://prometheus.io/docs/specs/prw/remote_write_spec/>.

mod writer;

use std::fmt;
use std::time::{Duration, Instant};

use super::PushError;
use super::address::{Address, without_secrets};
use super::target::{Body, Encoder, Prepared, Target, check_labels, sealed, walk};
use super::transport::Answer;
use crate::instance::AgentMetrics;
use writer::RequestWriter;

/// Prometheus remote-write 1.0, as Prometheus (`--web.enable-remote-write-receiver`), Mimir, Thanos and
/// VictoriaMetrics take it.
///
/// A histogram is its series `_bucket`, `_sum` and `_count`, with exemplars, as if it had been scraped; native buckets are not
/// sent. All samples of a push have one time. What a family is and its help go along once a minute.
#[derive(Clone)]
#[must_use = "a target does nothing until it is pushed to"]
pub struct RemoteWrite {
    url: String,
    labels: Vec<(String, String)>,
    stale_at_end: bool,
}

impl RemoteWrite {
    /// To the whole URL of a receiver, such as `http://prometheus:9090/api/v1/write`. `job` becomes the label of
    /// that name, which a scrape would have added.
    pub fn new(url: impl Into<String>, job: impl Into<String>) -> Self {
        let labels = vec![("job".to_owned(), job.into())];
        Self { url: url.into(), labels, stale_at_end: false }
    }

    /// A label on every sample that has none of that name. Give each process of a job an `instance` of its own, or
    /// their samples are taken for those of one.
    pub fn label(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.labels.push((name.into(), value.into()));
        self
    }

    /// Says at the end that the series have ended, as Prometheus notes of a target that is gone: gauges vanish at
    /// once rather than after five minutes. For services; the totals of a job are mostly asked for when it has ended.
    pub fn stale_at_end(mut self) -> Self {
        self.stale_at_end = true;
        self
    }
}

/// Without a login or a query, which may be secrets.
impl fmt::Debug for RemoteWrite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { url, labels, stale_at_end } = self;
        f.debug_struct("RemoteWrite")
            .field("url", &without_secrets(url))
            .field("labels", labels)
            .field("stale_at_end", stale_at_end)
            .finish()
    }
}

impl sealed::Sealed for RemoteWrite {}

impl Target for RemoteWrite {
    fn prepare(self) -> Result<Prepared, PushError> {
        let address = Address::parse(&self.url)?;
        if address.path().is_empty() {
            let why = "there is no path in it: Prometheus takes remote-write at `/api/v1/write`, Mimir at `/api/v1/push`";
            return Err(PushError::Address { address: address.to_string(), why });
        }
        check_labels("RemoteWrite::label", &self.labels)?;
        Ok(Prepared {
            name: "remote_write",
            address,
            headers: &[
                ("Content-Type", "application/x-protobuf"),
                ("Content-Encoding", "snappy"),
                ("X-Prometheus-Remote-Write-Version", "0.1.0"),
            ],
            max_request_bytes: 1 << 20,
            // The specification's "Retries & Backoff": no other 4xx.
            is_temporary: |status| matches!(status, 429 | 500..=599),
            encoder: Box::new(RemoteWriter {
                labels: self.labels,
                stale_at_end: self.stale_at_end,
                metadata_sent: None,
                metadata_waits: 0,
            }),
        })
    }
}

struct RemoteWriter {
    labels: Vec<(String, String)>,
    stale_at_end: bool,
    metadata_sent: Option<Instant>,
    /// How many requests have to arrive until what families are did.
    metadata_waits: usize,
}

/// How often Prometheus itself sends what families are.
const METADATA_INTERVAL: Duration = Duration::from_secs(60);

impl Encoder for RemoteWriter {
    fn read(&mut self, metrics: &AgentMetrics, max_bytes: usize) -> Vec<Body> {
        let with_metadata = self.metadata_sent.is_none_or(|sent| sent.elapsed() >= METADATA_INTERVAL);
        let mut writer = RequestWriter::new(&self.labels, metrics, max_bytes);
        writer.set_metadata(with_metadata);
        walk(metrics, &mut writer);
        let bodies = writer.finish();
        self.metadata_waits = if with_metadata { bodies.len() } else { 0 };
        bodies
    }

    fn farewell(&mut self, metrics: &AgentMetrics, max_bytes: usize) -> Vec<Body> {
        if !self.stale_at_end {
            return Vec::new();
        }
        let mut writer = RequestWriter::new(&self.labels, metrics, max_bytes);
        writer.end_series();
        walk(metrics, &mut writer);
        writer.finish()
    }

    fn taken(&mut self, _: &Answer) -> Result<(), String> {
        if self.metadata_waits > 0 {
            self.metadata_waits -= 1;
            if self.metadata_waits == 0 {
                self.metadata_sent = Some(Instant::now());
            }
        }
        Ok(())
    }

    fn refused(&mut self) {
        (self.metadata_sent, self.metadata_waits) = (None, 0);
    }
}
