//! The exposition as a response body.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};

use crate::exposition::Chunks;

/// Each chunk is written when the one before it was sent.
impl Body for Chunks {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        Poll::Ready(self.next().map(|chunk| Ok(Frame::data(chunk.into()))))
    }

    fn is_end_stream(&self) -> bool {
        self.remaining_bytes() == Some(0)
    }

    fn size_hint(&self) -> SizeHint {
        self.remaining_bytes().map_or_else(SizeHint::default, |bytes| SizeHint::with_exact(bytes as u64))
    }
}
