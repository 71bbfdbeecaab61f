//! An exposition in chunks, each written when it is requested.

use super::compress::Compressor;
use super::negotiate::{Encoding, Format};
use super::walk::Walk;
use super::writer::FamilyWriter;
use super::writer_of;
use crate::builtin::Health;
use crate::clock;
use crate::registry::Registry;
use std::sync::Arc;

/// An exposition in chunks, so that it is never in memory as a whole.
///
/// Each chunk is written when the iterator is advanced. A chunk has about 64 KiB before compression and contains the
/// values at the time at which it is written. Families of foreign collectors are gathered at the beginning, since the
/// `prometheus` registry only gathers all of them at once.
///
/// With the feature `tower` it is an `http_body::Body`; axum, actix-web and rocket accept it as a response.
pub struct Chunks {
    /// The value of the `Content-Type` header.
    pub content_type: &'static str,
    /// The value of the `Content-Encoding` header, if the chunks are compressed.
    pub content_encoding: Option<&'static str>,
    health: Arc<Health>,
    walk: Walk,
    writer: Box<dyn FamilyWriter>,
    /// `None` after the last chunk was written.
    compressor: Option<Compressor>,
    /// A chunk that was written before it was requested.
    next: Option<Vec<u8>>,
    nanos: u64,
    bytes: usize,
}

/// The minimum length of a chunk before compression, in bytes. The last chunk may be shorter.
const MIN_CHUNK: usize = 64 * 1024;

impl Chunks {
    pub(crate) fn new(
        registry: &Registry,
        health: &Arc<Health>,
        accept: &str,
        accept_encoding: &str,
    ) -> Self {
        let format = Format::negotiate(accept);
        let (compressor, content_encoding) = Compressor::new(Encoding::negotiate(accept_encoding));
        let begin = clock::now();
        let walk = Walk::new(registry);
        let mut chunks = Self {
            content_type: format.content_type(),
            content_encoding,
            writer: writer_of(format, &walk, registry, MIN_CHUNK + MIN_CHUNK / 4),
            health: health.clone(),
            walk,
            compressor: Some(compressor),
            next: None,
            nanos: clock::nanos(clock::now().since(begin)),
            bytes: 0,
        };
        // Most expositions have only one chunk. Writing it now makes their length known before they are sent.
        chunks.next = chunks.write_next();
        chunks
    }

    /// Returns the length of the remaining chunks in bytes, if it is known: after the last chunk was written.
    pub fn remaining_bytes(&self) -> Option<usize> {
        self.compressor.is_none().then(|| self.next.as_ref().map_or(0, Vec::len))
    }

    fn write_next(&mut self) -> Option<Vec<u8>> {
        let begin = clock::now();
        let mut sendable = Vec::new();
        while sendable.is_empty() {
            let Some(mut compressor) = self.compressor.take() else { break };
            let is_last = !self.write_chunk();
            let piece = self.writer.take();
            self.bytes += piece.len();
            if is_last {
                sendable = compressor.finish(piece);
                let nanos = self.nanos + clock::nanos(clock::now().since(begin));
                self.health.scraped(nanos, self.bytes);
            } else {
                sendable = compressor.push(piece);
                self.compressor = Some(compressor);
            }
        }
        self.nanos += clock::nanos(clock::now().since(begin));
        (!sendable.is_empty()).then_some(sendable)
    }

    /// Writes families until a chunk is complete. Returns `false` if it is the last one.
    fn write_chunk(&mut self) -> bool {
        while self.writer.ready() < MIN_CHUNK {
            if !self.walk.step(&mut *self.writer) {
                self.writer.finish();
                return false;
            }
        }
        true
    }
}

impl Iterator for Chunks {
    type Item = Vec<u8>;

    fn next(&mut self) -> Option<Vec<u8>> {
        self.next.take().or_else(|| self.write_next())
    }
}

impl std::iter::FusedIterator for Chunks {}

impl std::fmt::Debug for Chunks {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { content_type, content_encoding, bytes, .. } = self;
        f.debug_struct("Chunks")
            .field("content_type", content_type)
            .field("content_encoding", content_encoding)
            .field("written", bytes)
            .finish_non_exhaustive()
    }
}
