//! A response body that ends its request when it ends or is dropped.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;

use super::request::Observed;

pin_project! {
    /// A body under observation: the request lasts until it has been sent.
    pub struct MeasuredBody<B> {
        #[pin]
        body: B,
        request: Observed,
    }
}

impl<B> MeasuredBody<B> {
    pub(super) fn new(body: B, request: Observed) -> Self {
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

impl<B: Default> Default for MeasuredBody<B> {
    fn default() -> Self {
        Self::new(B::default(), Observed::default())
    }
}
