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
use opentelemetry_proto::tonic::common::v1::{AnyValue, InstrumentationScope, KeyValue, any_value};
use opentelemetry_proto::tonic::metrics::v1::{ResourceMetrics, ScopeMetrics};
use opentelemetry_proto::tonic::resource::v1::Resource;
use prost::Message;

use super::PushError;
use super::address::{Address, without_secrets};
use super::target::{Body, Encoder, Prepared, Target, sealed, walk};
use super::transport::Answer;
use crate::instance::AgentMetrics;
use converter::{Batch, Converter};
use delta::Deltas;

/// OTLP over HTTP, as OpenTelemetry's collectors and most engines take it.
///
/// Metrics keep the names that a scrape would show, so that what reads them needs no other; those of a
/// [`Profile`](crate::Profile) have the names, units and attributes of its conventions (`gen_ai.client.operation.duration`),
/// whatever the registry's prefix. A counter is a monotonic sum, a
/// gauge a gauge, an info a sum that is not monotonic, a histogram with buckets an explicit one, a native one an exponential
/// one. Units are those of UCUM (`s`, `By`, `{token}`).
#[derive(Clone)]
#[must_use = "a target does nothing until it is pushed to"]
pub struct Otlp {
    url: String,
    attributes: Vec<(String, String)>,
    delta: bool,
}

impl Otlp {
    /// To a receiver such as `http://collector:4318`, whose path is `/v1/metrics` unless it has another. `service` becomes the
    /// resource's `service.name`.
    pub fn new(url: impl Into<String>, service: impl Into<String>) -> Self {
        let attributes = vec![("service.name".to_owned(), service.into())];
        Self { url: url.into(), attributes, delta: false }
    }

    /// An attribute of the resource. Give each process of a service a `service.instance.id` of its own, or their samples are
    /// taken for those of one.
    pub fn attribute(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.attributes.push((name.into(), value.into()));
        self
    }

    /// Counters and histograms tell what they grew by since the last push that arrived, for engines that want deltas, and are
    /// left out where they didn't. What an engine missed is in the next; but if it took a push and its answer was lost, that
    /// is there twice. Totals, which are sent otherwise, know no such case.
    pub fn delta(mut self) -> Self {
        self.delta = true;
        self
    }

    fn check(&self) -> Result<(), PushError> {
        for (at, (name, value)) in self.attributes.iter().enumerate() {
            let refuse = |why| Err(PushError::setting("Otlp::attribute", name, why));
            if name.is_empty() {
                return refuse("an attribute needs a name");
            }
            if self.attributes[..at].iter().any(|(earlier, _)| earlier == name) {
                return refuse("given twice");
            }
            if at == 0 && value.is_empty() {
                return refuse("a service needs a name");
            }
        }
        Ok(())
    }
}

/// Without a login or a query, which may be secrets.
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
    fn prepare(self) -> Result<Prepared, PushError> {
        self.check()?;
        let address = Address::parse(&self.url)?;
        let has_path = !address.path().is_empty();
        let attributes = self.attributes.iter().map(|(name, value)| attribute(name, value)).collect();
        Ok(Prepared {
            name: "otlp",
            address: if has_path { address } else { address.with_path("/v1/metrics") },
            headers: &[("Content-Type", "application/x-protobuf")],
            max_request_bytes: 1 << 20,
            // The specification's "Retryable Response Codes": the others must not be tried again.
            is_temporary: |status| matches!(status, 429 | 502..=504),
            encoder: Box::new(OtlpWriter {
                resource: Resource { attributes, ..Resource::default() },
                deltas: self.delta.then(Deltas::default),
            }),
        })
    }
}

fn attribute(name: &str, value: &str) -> KeyValue {
    let value = AnyValue { value: Some(any_value::Value::StringValue(value.to_owned())) };
    KeyValue { key: name.to_owned(), value: Some(value), ..KeyValue::default() }
}

struct OtlpWriter {
    resource: Resource,
    deltas: Option<Deltas>,
}

impl OtlpWriter {
    fn body(&self, batch: Batch) -> Body {
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
        Body { method: "POST", bytes: request.encode_to_vec(), samples: batch.points }
    }
}

impl Encoder for OtlpWriter {
    fn read(&mut self, metrics: &AgentMetrics, max_bytes: usize) -> Vec<Body> {
        let now = nanos(SystemTime::now());
        let since = nanos(metrics.since());
        let mut converter = Converter::new(metrics, since, now, self.deltas.take(), max_bytes);
        walk(metrics, &mut converter);
        let (batches, deltas) = converter.finish();
        self.deltas = deltas;
        batches.into_iter().map(|batch| self.body(batch)).collect()
    }

    /// A partial success says how many points were left out. They must not be sent again.
    fn taken(&mut self, answer: &Answer) -> Result<(), String> {
        if let Some(deltas) = &mut self.deltas {
            deltas.taken();
        }
        let partial = ExportMetricsServiceResponse::decode(&*answer.body)
            .ok()
            .and_then(|answer| answer.partial_success);
        match partial {
            Some(partial) if partial.rejected_data_points > 0 => Err(format!(
                "{} data points left out: {}",
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
