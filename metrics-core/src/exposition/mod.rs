//! The encoding of expositions, in every format. Nothing here changes a series.
//!
//! A [`Walk`] visits the families, a [`FamilyWriter`] writes them in its format, and a [`Compressor`] compresses the output:
//! at once or in chunks.

mod chunks;
mod compress;
mod foreign;
mod negotiate;
mod open_names;
mod protobuf;
mod text;
mod walk;
pub(crate) mod wire;
mod writer;

use crate::builtin::Health;
use crate::clock;
use crate::registry::Registry;
pub use chunks::Chunks;
use compress::Compressor;
use negotiate::{Encoding, Format};
use protobuf::ProtobufWriter;
use text::TextWriter;
pub(crate) use walk::Walk;
use writer::FamilyWriter;
#[cfg(any(feature = "remote-write", feature = "otlp"))]
pub(crate) use writer::{FamilyVisitor, Head};

/// An exposition as the body of an HTTP response.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct Exposition {
    /// The value of the `Content-Type` header.
    pub content_type: &'static str,
    /// The value of the `Content-Encoding` header, if the body is compressed.
    pub content_encoding: Option<&'static str>,
    /// The body, compressed if `content_encoding` is set.
    pub body: Vec<u8>,
}

/// Encodes the whole registry in the format and compression that the client prefers.
pub(crate) fn encode(
    registry: &Registry,
    health: &Health,
    accept: &str,
    accept_encoding: &str,
) -> Exposition {
    let format = Format::negotiate(accept);
    let body = timed(health, || {
        let mut walk = Walk::new(registry);
        let mut writer = writer_of(format, &walk, registry, health.last_size() + GROWTH);
        while walk.step(&mut *writer) {}
        writer.finish();
        writer.into_bytes()
    });
    let (compressor, content_encoding) = Compressor::new(Encoding::negotiate(accept_encoding));
    Exposition { content_type: format.content_type(), content_encoding, body: compressor.finish(body) }
}

/// Encodes the whole registry as Prometheus text 0.0.4.
pub(crate) fn to_text(registry: &Registry, health: &Health) -> String {
    timed(health, || {
        let mut walk = Walk::new(registry);
        let mut writer =
            TextWriter::new(Format::Text, registry.additions().labels(), health.last_size() + GROWTH);
        while walk.step(&mut writer) {}
        writer.finish();
        writer.into_string()
    })
}

/// The bytes reserved for the growth of an exposition since the last one.
const GROWTH: usize = 4096;

/// Records the duration and the size of an exposition in the health metrics.
fn timed<T: AsRef<[u8]>>(health: &Health, write: impl FnOnce() -> T) -> T {
    let begin = clock::now();
    let body = write();
    health.scraped(clock::nanos(clock::now().since(begin)), body.as_ref().len());
    body
}

/// Creates the writer of a format for the families of a walk.
fn writer_of(format: Format, walk: &Walk, registry: &Registry, bytes: usize) -> Box<dyn FamilyWriter> {
    let registry_labels = registry.additions().labels();
    if format == Format::Protobuf {
        return Box::new(ProtobufWriter::new(registry_labels, bytes));
    }
    let mut writer = TextWriter::new(format, registry_labels, bytes);
    writer.expect(walk.names());
    Box::new(writer)
}
