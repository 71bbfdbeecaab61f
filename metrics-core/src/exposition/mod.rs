//! What is exposed, in which format: encoding only, nothing here changes a series.

mod collector;
mod foreign;
mod negotiate;
mod text;

pub(crate) use collector::{Exported, Outer, register, unregister};

use crate::clock;
use crate::registry::AgentMetrics;
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

impl AgentMetrics {
    /// Everything in the registry, in the format and compression that the client prefers.
    ///
    /// `accept` and `accept_encoding` are the headers of a request as they came, several lines
    /// joined by commas. Formats: OpenMetrics 1.0.0, and Prometheus text 0.0.4, which is also the
    /// answer to a header that is absent, unreadable or asks for something else. Compression: gzip,
    /// with the feature of that name.
    pub fn encode(&self, accept: Option<&str>, accept_encoding: Option<&str>) -> Exposition {
        let format = Format::negotiate(accept.unwrap_or_default());
        let text = self.write(format);
        let encoding = Encoding::negotiate(accept_encoding.unwrap_or_default());
        let (content_encoding, body) = encoding.apply(text);
        Exposition { content_type: format.content_type(), content_encoding, body }
    }

    /// Everything in the registry as Prometheus text 0.0.4.
    pub fn to_text(&self) -> String {
        String::from_utf8(self.write(Format::Text)).unwrap_or_default()
    }

    /// Writes our families as they are, without an intermediate tree, and between them, by name,
    /// whatever else is in the registry.
    fn write(&self, format: Format) -> Vec<u8> {
        let begin = clock::now();
        let outer = self.outer();
        let sources = self.sources();
        let mut own: Vec<_> = sources
            .iter()
            .flat_map(|source| {
                source.families().iter().enumerate().map(move |(number, info)| (info, source, number))
            })
            .collect();
        own.sort_by(|left, right| left.0.name.cmp(&right.0.name));
        let others = collector::gather_others(self.registry());
        let mut others = others.iter().peekable();
        let mut writer = TextWriter::new(format, outer.labels());
        for (info, source, number) in own {
            let name = outer.name(&info.name);
            while let Some(other) = others.next_if(|other| *other.name() < *name) {
                foreign::write(other, &mut writer);
            }
            writer.family(&name, info.kind, info.unit, &info.help, |visitor| source.visit(number, visitor));
        }
        for other in others {
            foreign::write(other, &mut writer);
        }
        let body = writer.finish();
        self.health().scraped(clock::nanos(clock::now().since(begin)), body.len());
        body
    }
}
