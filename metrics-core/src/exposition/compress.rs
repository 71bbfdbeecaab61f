//! Compression of expositions, at once or in pieces.

use super::negotiate::Encoding;
#[cfg(any(feature = "gzip", feature = "zstd"))]
use std::io::Write;

/// Compresses one exposition.
pub(super) enum Compressor {
    Identity,
    #[cfg(feature = "gzip")]
    Gzip(flate2::write::GzEncoder<Vec<u8>>),
    #[cfg(feature = "zstd")]
    Zstd(zstd::stream::write::Encoder<'static, Vec<u8>>),
}

impl Compressor {
    /// Creates a compressor. Returns it with the value of the `Content-Encoding` header.
    pub(super) fn new(encoding: Encoding) -> (Self, Option<&'static str>) {
        match encoding {
            Encoding::Identity => (Self::Identity, None),
            #[cfg(feature = "gzip")]
            Encoding::Gzip => {
                let encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
                (Self::Gzip(encoder), Some("gzip"))
            }
            // The lowest level compresses better than gzip's and takes half the time. If the memory for its tables cannot
            // be allocated, the exposition is sent uncompressed.
            #[cfg(feature = "zstd")]
            Encoding::Zstd => match zstd::stream::write::Encoder::new(Vec::new(), 1) {
                Ok(encoder) => (Self::Zstd(encoder), Some("zstd")),
                Err(_) => (Self::Identity, None),
            },
        }
    }

    /// Compresses a piece. Returns the output that can be sent so far, which may be empty.
    ///
    /// The results of the compressors are ignored, since writing to a `Vec` cannot fail.
    pub(super) fn push(&mut self, piece: Vec<u8>) -> Vec<u8> {
        match self {
            Self::Identity => piece,
            #[cfg(feature = "gzip")]
            Self::Gzip(encoder) => {
                let _ = encoder.write_all(&piece);
                std::mem::take(encoder.get_mut())
            }
            #[cfg(feature = "zstd")]
            Self::Zstd(encoder) => {
                let _ = encoder.write_all(&piece);
                std::mem::take(encoder.get_mut())
            }
        }
    }

    /// Compresses the last piece. Returns the rest of the output.
    pub(super) fn finish(mut self, piece: Vec<u8>) -> Vec<u8> {
        let mut left = self.push(piece);
        let end = match self {
            Self::Identity => Vec::new(),
            #[cfg(feature = "gzip")]
            Self::Gzip(encoder) => encoder.finish().unwrap_or_default(),
            #[cfg(feature = "zstd")]
            Self::Zstd(encoder) => encoder.finish().unwrap_or_default(),
        };
        if left.is_empty() {
            return end;
        }
        left.extend_from_slice(&end);
        left
    }
}
