//! What is exposed, in which format: encoding only, nothing here changes a series.
//!
//! A [`Walk`] goes through the families, a [`FamilyWriter`] writes them in its format, a compressor packs what was
//! written: all of it at once, or chunk by chunk.

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

/// An exposition as it goes over the wire.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct Exposition {
    /// For the `Content-Type` header.
    pub content_type: &'static str,
    /// For the `Content-Encoding` header, if the body is compressed.
    pub content_encoding: Option<&'static str>,
    /// The body.
    pub body: Vec<u8>,
}

/// Everything in the registry, in the format and compression that a client prefers.
pub(crate) fn encode(
    registry: &Registry,
    health: &Health,
    accept: &str,
    accept_encoding: &str,
) -> Exposition {
    let format = Format::negotiate(accept);
    let body = timed(health, || {
        let mut walk = Walk::new(registry);
        let mut writer = writer_of(format, &walk, registry, health.last_size() + SPARE);
        while walk.step(&mut *writer) {}
        writer.finish();
        writer.into_bytes()
    });
    let (compressor, content_encoding) = Compressor::new(Encoding::negotiate(accept_encoding));
    Exposition { content_type: format.content_type(), content_encoding, body: compressor.finish(body) }
}

/// Everything in the registry as Prometheus text 0.0.4.
pub(crate) fn to_text(registry: &Registry, health: &Health) -> String {
    timed(health, || {
        let mut walk = Walk::new(registry);
        let mut writer = TextWriter::new(Format::Text, registry.outer().labels(), health.last_size() + SPARE);
        while walk.step(&mut writer) {}
        writer.finish();
        writer.into_string()
    })
}

/// What an exposition may have grown by since the last one.
const SPARE: usize = 4096;

/// Notes how long it took to write an exposition, and how long that is.
fn timed<T: AsRef<[u8]>>(health: &Health, write: impl FnOnce() -> T) -> T {
    let begin = clock::now();
    let body = write();
    health.scraped(clock::nanos(clock::now().since(begin)), body.as_ref().len());
    body
}

/// A writer of a format, for what a walk will show it.
fn writer_of(format: Format, walk: &Walk, registry: &Registry, bytes: usize) -> Box<dyn FamilyWriter> {
    let outer_labels = registry.outer().labels();
    if format == Format::Protobuf {
        return Box::new(ProtobufWriter::new(outer_labels, bytes));
    }
    let mut writer = TextWriter::new(format, outer_labels, bytes);
    writer.expect(walk.names());
    Box::new(writer)
}
