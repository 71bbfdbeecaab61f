//! Steps of a task, and calls that record nothing.

use super::Site;
use super::call::{CallRecorder, Elapsed};
use super::ledger;
use super::nesting;
use crate::status::Status;
use crate::storage::ShardHandle;

/// One step. It is counted in the enclosing task when it starts.
#[derive(Debug)]
pub struct StepCall(());

/// Creates the call of a tracked function.
#[inline]
pub fn step(_: &'static Site) -> StepCall {
    StepCall(())
}

impl CallRecorder for StepCall {
    const TIMED: bool = false;

    #[inline]
    fn start(&mut self, _: ShardHandle) {
        ledger::add_step();
    }

    #[inline]
    fn enter(&mut self) {
        nesting::enter();
    }

    #[inline]
    fn leave(&mut self) {
        nesting::leave();
    }

    #[inline]
    fn end(&mut self, _: ShardHandle, _: Status, _: Elapsed) {}
}

/// A call of a function whose attribute does more than measure, under the feature `disabled`: it records nothing.
#[derive(Debug)]
pub struct UnrecordedCall;

impl CallRecorder for UnrecordedCall {
    const TIMED: bool = false;

    #[inline]
    fn start(&mut self, _: ShardHandle) {}

    #[inline]
    fn end(&mut self, _: ShardHandle, _: Status, _: Elapsed) {}
}
