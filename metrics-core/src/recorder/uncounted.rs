//! What the feature `disabled` leaves of a call.

use super::call::{CallRecorder, Elapsed};
use crate::status::Status;
use crate::storage::ShardHandle;

/// A call of a function that does more than measure, under the feature `disabled`.
pub struct UnrecordedCall;

impl CallRecorder for UnrecordedCall {
    const TIMED: bool = false;

    #[inline]
    fn start(&mut self, _: ShardHandle) {}

    #[inline]
    fn end(&mut self, _: ShardHandle, _: Status, _: Elapsed) {}
}
