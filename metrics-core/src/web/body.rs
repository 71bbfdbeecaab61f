//! Response bodies: one that ends its request when it ends or is dropped, and the exposition.

use std::convert::Infallible;
use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;

use super::request::ObservedRequest;
use crate::exposition::Chunks;

pin_project! {
    /// A response body that ends its request when it has been sent or is dropped.
    pub struct MeasuredBody<B> {
        #[pin]
        body: B,
        request: ObservedRequest,
    }
}

impl<B> MeasuredBody<B> {
    pub(super) fn new(body: B, request: ObservedRequest) -> Self {
        Self { body, request }
    }
}

impl<B: Body> Body for MeasuredBody<B> {
    type Data = B::Data;
    type Error = B::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<B::Data>, B::Error>>> {
        let this = self.project();
        let frame = ready!(this.body.poll_frame(cx));
        if frame.is_none() {
            this.request.end();
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl<B> fmt::Debug for MeasuredBody<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MeasuredBody").finish_non_exhaustive()
    }
}

impl<B: Default> Default for MeasuredBody<B> {
    fn default() -> Self {
        Self::new(B::default(), ObservedRequest::default())
    }
}

/// A body that encodes each chunk after the previous one was sent.
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
