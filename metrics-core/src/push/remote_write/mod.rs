//! Prometheus remote-write 1.0: protocol buffers, compressed with snappy.
//!
//! Source: <https://prometheus.io/docs/specs/prw/remote_write_spec/>.

mod writer;

use std::fmt;
use std::time::{Duration, Instant};

use super::address::{Address, without_secrets};
use super::target::{Encoder, PreparedTarget, RequestBody, Target, check_labels, sealed, walk};
use super::transport::Response;
use crate::error::PushError;
use crate::instance::AgentMetrics;
use writer::RequestWriter;

/// A receiver of Prometheus remote-write 1.0: Prometheus (with `--web.enable-remote-write-receiver`), Mimir, Thanos or
/// VictoriaMetrics.
///
/// A histogram is sent as its series `_bucket`, `_sum` and `_count` with exemplars, as a scrape would store it. Native buckets
/// are not sent. All samples of a push have the same time, except those to which a foreign collector gave one. The kinds,
/// units and help texts of families are sent once a minute.
#[derive(Clone)]
#[must_use = "a target does nothing until it is pushed to"]
pub struct RemoteWrite {
    url: String,
    labels: Vec<(String, String)>,
    stale_at_end: bool,
}

impl RemoteWrite {
    /// Creates a target from the whole URL of a receiver, such as `http://prometheus:9090/api/v1/write`.
    ///
    /// `job` becomes the label of that name, which a scrape would add.
    pub fn new(url: impl Into<String>, job: impl Into<String>) -> Self {
        let labels = vec![("job".to_owned(), job.into())];
        Self { url: url.into(), labels, stale_at_end: false }
    }

    /// Adds a label to every sample that has none of that name. Give every process of a job a different `instance`;
    /// otherwise the receiver takes their samples for those of one process.
    pub fn label(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.labels.push((name.into(), value.into()));
        self
    }

    /// Marks all series as stale when the [`Pusher`](super::Pusher) ends, as Prometheus does for a scrape target that is
    /// gone. Gauges then vanish from queries at once rather than after five minutes.
    ///
    /// Use it for services. The totals of a job are usually queried after it has ended.
    pub fn stale_at_end(mut self) -> Self {
        self.stale_at_end = true;
        self
    }
}

/// Leaves out the login and the query of the URL, which may be secrets.
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
    fn prepare(self) -> Result<PreparedTarget, PushError> {
        let address = Address::parse(&self.url)?;
        if address.path().is_empty() {
            let why =
                "it has no path: Prometheus accepts remote-write at `/api/v1/write`, Mimir at `/api/v1/push`";
            return Err(PushError::Address { address: address.to_string(), why });
        }
        check_labels("RemoteWrite::label", &self.labels)?;
        Ok(PreparedTarget {
            name: "remote_write",
            address,
            headers: &[
                ("Content-Type", "application/x-protobuf"),
                ("Content-Encoding", "snappy"),
                ("X-Prometheus-Remote-Write-Version", "0.1.0"),
            ],
            max_request_bytes: 1 << 20,
            // Source: "Retries & Backoff" of the specification. It forbids retries after any other 4xx.
            is_temporary: |status| matches!(status, 429 | 500..=599),
            encoder: Box::new(RemoteWriteEncoder {
                labels: self.labels,
                stale_at_end: self.stale_at_end,
                metadata_sent: None,
                pending_metadata: 0,
            }),
        })
    }
}

/// Encodes pushes as remote-write requests.
struct RemoteWriteEncoder {
    labels: Vec<(String, String)>,
    stale_at_end: bool,
    /// The time at which the metadata of families last arrived.
    metadata_sent: Option<Instant>,
    /// The number of requests that must still arrive until the metadata has arrived.
    pending_metadata: usize,
}

/// The time from one sending of metadata to the next. Prometheus uses the same.
const METADATA_INTERVAL: Duration = Duration::from_secs(60);

impl Encoder for RemoteWriteEncoder {
    fn encode(&mut self, metrics: &AgentMetrics, max_bytes: usize) -> Vec<RequestBody> {
        let with_metadata = self.metadata_sent.is_none_or(|sent| sent.elapsed() >= METADATA_INTERVAL);
        let mut writer = RequestWriter::new(&self.labels, metrics, max_bytes);
        writer.set_metadata(with_metadata);
        walk(metrics, &mut writer);
        let bodies = writer.finish();
        self.pending_metadata = if with_metadata { bodies.len() } else { 0 };
        bodies
    }

    fn encode_end(&mut self, metrics: &AgentMetrics, max_bytes: usize) -> Vec<RequestBody> {
        if !self.stale_at_end {
            return Vec::new();
        }
        let mut writer = RequestWriter::new(&self.labels, metrics, max_bytes);
        writer.mark_stale();
        walk(metrics, &mut writer);
        writer.finish()
    }

    fn accepted(&mut self, _: &Response) -> Result<(), String> {
        if self.pending_metadata > 0 {
            self.pending_metadata -= 1;
            if self.pending_metadata == 0 {
                self.metadata_sent = Some(Instant::now());
            }
        }
        Ok(())
    }

    fn refused(&mut self) {
        (self.metadata_sent, self.pending_metadata) = (None, 0);
    }
}
