//! One step of a task.

use super::Site;
use super::call::{CallRecorder, Elapsed};
use super::ledger;
use crate::status::Status;
use crate::storage::ShardHandle;

/// A step: it is counted in the task around it when it starts.
pub struct StepCall(());

/// The call of a tracked function.
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
    fn end(&mut self, _: ShardHandle, _: Status, _: Elapsed) {}
}
