//! OTLP over HTTP, as binary protocol buffers.
//!
//! Source: <https://opentelemetry.io/docs/specs/otlp/>, and for the mapping of kinds
//! <https://opentelemetry.io/docs/specs/otel/compatibility/prometheus_and_openmetrics/>.

mod buckets;
mod converter;
mod delta;
mod units;

use std::fmt;
use std::time::{SystemTime, UNIX_EPOCH};

use opentelemetry_proto::tonic::collector::metrics::v1::{
    ExportMetricsServiceRequest, ExportMetricsServiceResponse,
};
use opentelemetry_proto::tonic::common::v1::InstrumentationScope;
use opentelemetry_proto::tonic::metrics::v1::{ResourceMetrics, ScopeMetrics};
use opentelemetry_proto::tonic::resource::v1::Resource;
use prost::Message;

use super::address::{Address, without_secrets};
use super::target::{Encoder, PreparedTarget, RequestBody, Target, sealed, walk};
use super::transport::Response;
use crate::error::PushError;
use crate::instance::AgentMetrics;
use converter::{Batch, Converter, attribute};
use delta::Deltas;

/// A receiver of OTLP over HTTP: an OpenTelemetry Collector, or a backend that accepts OTLP itself.
///
/// Metrics keep the names that a scrape shows, so that queries and dashboards stay the same. The families of a
/// [`Profile`](crate::Profile) have the names, units and attributes of its conventions instead
/// (`gen_ai.client.operation.duration`), without the prefix of the registry.
///
/// | Prometheus | OTLP |
/// |---|---|
/// | counter | monotonic sum |
/// | gauge | gauge |
/// | info | sum that is not monotonic |
/// | histogram with classic buckets | histogram with explicit bounds |
/// | histogram with native buckets | exponential histogram |
/// | summary | summary |
///
/// Units are in UCUM (`s`, `By`, `{token}`).
#[derive(Clone)]
#[must_use = "a target does nothing until it is pushed to"]
pub struct Otlp {
    url: String,
    attributes: Vec<(String, String)>,
    delta: bool,
}

impl Otlp {
    /// Creates a target from a URL such as `http://collector:4318`. Without a path in it the path is `/v1/metrics`.
    ///
    /// `service` becomes the attribute `service.name` of the resource.
    pub fn new(url: impl Into<String>, service: impl Into<String>) -> Self {
        let attributes = vec![("service.name".to_owned(), service.into())];
        Self { url: url.into(), attributes, delta: false }
    }

    /// Adds an attribute to the resource. Give every process of a service a different `service.instance.id`; otherwise the
    /// receiver takes their samples for those of one process.
    pub fn attribute(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.attributes.push((name.into(), value.into()));
        self
    }

    /// Sends counters and histograms as deltas: the growth since the last push that arrived. Series without growth are left
    /// out. The default is cumulative values.
    ///
    /// The growth of a failed push is part of the next one. If the receiver accepted a push but its response was lost, that
    /// growth is counted twice, which cannot happen with cumulative values.
    pub fn delta(mut self) -> Self {
        self.delta = true;
        self
    }

    fn check(&self) -> Result<(), PushError> {
        for (at, (name, value)) in self.attributes.iter().enumerate() {
            let refuse = |why| Err(PushError::setting("Otlp::attribute", name, why));
            if name.is_empty() {
                return refuse("its name is empty");
            }
            if self.attributes[..at].iter().any(|(earlier, _)| earlier == name) {
                return refuse("given twice");
            }
            if at == 0 && value.is_empty() {
                return refuse("the name of the service is empty");
            }
        }
        Ok(())
    }
}

/// Leaves out the login and the query of the URL, which may be secrets.
impl fmt::Debug for Otlp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { url, attributes, delta } = self;
        f.debug_struct("Otlp")
            .field("url", &without_secrets(url))
            .field("attributes", attributes)
            .field("delta", delta)
            .finish()
    }
}

impl sealed::Sealed for Otlp {}

impl Target for Otlp {
    fn prepare(self) -> Result<PreparedTarget, PushError> {
        self.check()?;
        let address = Address::parse(&self.url)?;
        let has_path = !address.path().is_empty();
        let attributes = self.attributes.iter().map(|(name, value)| attribute(name, value)).collect();
        Ok(PreparedTarget {
            name: "otlp",
            address: if has_path { address } else { address.with_path("/v1/metrics") },
            headers: &[("Content-Type", "application/x-protobuf")],
            max_request_bytes: 1 << 20,
            // Source: "Retryable Response Codes" of the specification. It forbids retries after any other status.
            is_temporary: |status| matches!(status, 429 | 502..=504),
            encoder: Box::new(OtlpEncoder {
                resource: Resource { attributes, ..Resource::default() },
                deltas: self.delta.then(Deltas::default),
            }),
        })
    }
}

/// Encodes pushes as OTLP requests.
struct OtlpEncoder {
    resource: Resource,
    deltas: Option<Deltas>,
}

impl OtlpEncoder {
    fn body(&self, batch: Batch) -> RequestBody {
        let scope = InstrumentationScope {
            name: env!("CARGO_PKG_NAME").to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            ..InstrumentationScope::default()
        };
        let metrics = ScopeMetrics { scope: Some(scope), metrics: batch.metrics, ..ScopeMetrics::default() };
        let resource_metrics = ResourceMetrics {
            resource: Some(self.resource.clone()),
            scope_metrics: vec![metrics],
            ..ResourceMetrics::default()
        };
        let request = ExportMetricsServiceRequest { resource_metrics: vec![resource_metrics] };
        RequestBody { method: "POST", bytes: request.encode_to_vec(), samples: batch.points }
    }
}

impl Encoder for OtlpEncoder {
    fn encode(&mut self, metrics: &AgentMetrics, max_bytes: usize) -> Vec<RequestBody> {
        let now = nanos(SystemTime::now());
        let since = nanos(metrics.since());
        let mut converter = Converter::new(metrics, since, now, self.deltas.take(), max_bytes);
        walk(metrics, &mut converter);
        let (batches, deltas) = converter.finish();
        self.deltas = deltas;
        batches.into_iter().map(|batch| self.body(batch)).collect()
    }

    /// A partial success reports how many points the receiver rejected. The specification forbids sending them again.
    fn accepted(&mut self, response: &Response) -> Result<(), String> {
        if let Some(deltas) = &mut self.deltas {
            deltas.accepted();
        }
        let partial = ExportMetricsServiceResponse::decode(&*response.body)
            .ok()
            .and_then(|response| response.partial_success);
        match partial {
            Some(partial) if partial.rejected_data_points > 0 => Err(format!(
                "{} data points rejected: {}",
                partial.rejected_data_points, partial.error_message
            )),
            _ => Ok(()),
        }
    }

    fn refused(&mut self) {
        if let Some(deltas) = &mut self.deltas {
            deltas.refused();
        }
    }
}

fn nanos(time: SystemTime) -> u64 {
    let since_1970 = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since_1970.as_nanos()).unwrap_or(u64::MAX)
}
