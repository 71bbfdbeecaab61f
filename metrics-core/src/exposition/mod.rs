//! What is exposed, in which format: encoding only, nothing here changes a series.

mod foreign;
mod negotiate;
mod open_names;
mod text;

use crate::clock;
use crate::collector;
use crate::families::Health;
use crate::registry::Registry;
use negotiate::{Encoding, Format};
use text::TextWriter;

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
    let (content_encoding, body) =
        Encoding::negotiate(accept_encoding).apply(write(registry, health, format).into_bytes());
    Exposition { content_type: format.content_type(), content_encoding, body }
}

/// Everything in the registry as Prometheus text 0.0.4.
pub(crate) fn to_text(registry: &Registry, health: &Health) -> String {
    write(registry, health, Format::Text)
}

/// What an exposition may have grown by since the last one.
const SPARE: usize = 4096;

/// Writes our families as they are, without an intermediate tree, and between them, by name,
/// whatever else is in the registry.
fn write(registry: &Registry, health: &Health, format: Format) -> String {
    let begin = clock::now();
    let outer = registry.outer();
    let sources = registry.sources();
    let mut own: Vec<_> = sources
        .iter()
        .flat_map(|source| {
            let families = source.families().iter().enumerate();
            families.map(move |(number, info)| (outer.name(&info.name), info, source, number))
        })
        .collect();
    own.sort_by(|left, right| left.0.cmp(&right.0));
    let others = collector::gather_others(registry.prometheus());
    let mut writer = TextWriter::new(format, outer.labels(), health.last_size() + SPARE);
    let own_names = own.iter().map(|(name, info, ..)| (info.kind, name.as_str()));
    writer.expect(own_names.chain(others.iter().map(|other| (foreign::kind(other), other.name()))));
    let mut others = others.iter().peekable();
    for (name, info, source, number) in own {
        while let Some(other) = others.next_if(|other| *other.name() < *name) {
            foreign::write(other, &mut writer);
        }
        writer.family(&name, info.kind, info.unit, &info.help, |visitor| source.visit(number, visitor));
    }
    for other in others {
        foreign::write(other, &mut writer);
    }
    let body = writer.finish();
    health.scraped(clock::nanos(clock::now().since(begin)), body.len());
    body
}
