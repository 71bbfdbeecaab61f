//! What the feature `disabled` leaves of a call.

use super::call::{Elapsed, Observed};
use crate::plane::Writer;
use crate::status::Status;

/// A call of a function that does more than measure, under the feature `disabled`.
pub struct Uncounted;

impl Observed for Uncounted {
    const TIMED: bool = false;

    #[inline]
    fn start(&mut self, _: Writer) {}

    #[inline]
    fn end(&mut self, _: Writer, _: Status, _: Elapsed) {}
}
