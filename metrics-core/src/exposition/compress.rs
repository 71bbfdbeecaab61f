//! Compression of what is sent, all at once or in pieces.

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
    /// The compressor that a client prefers, and what `Content-Encoding` says of it.
    pub(super) fn new(encoding: Encoding) -> (Self, Option<&'static str>) {
        match encoding {
            Encoding::Identity => (Self::Identity, None),
            #[cfg(feature = "gzip")]
            Encoding::Gzip => {
                let encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
                (Self::Gzip(encoder), Some("gzip"))
            }
            // Its lowest level packs better than gzip's and takes half the time. Without memory for it, plain is right.
            #[cfg(feature = "zstd")]
            Encoding::Zstd => match zstd::stream::write::Encoder::new(Vec::new(), 1) {
                Ok(encoder) => (Self::Zstd(encoder), Some("zstd")),
                Err(_) => (Self::Identity, None),
            },
        }
    }

    /// Takes in a piece. Gives what can be sent so far, which may be nothing.
    ///
    /// Writing to a `Vec` doesn't fail, so that what compressors say of it is not looked at.
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

    /// Takes in the last piece. Gives what is left to send.
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
