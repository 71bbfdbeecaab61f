//! A `const fn` may run in the compiler, where nothing is measured.
use agent_metrics::{track_step, track_task, track_tool};

#[track_tool]
const fn constant() -> u8 {
    1
}

struct Agent;

impl Agent {
    #[track_task(task_type = "a")]
    pub const unsafe fn method(&self) {}
}

#[track_step]
pub(crate) const extern "C" fn exported() {}

// They are still there.
const ONE: u8 = constant();

fn main() {
    let _ = ONE;
    exported();
    // SAFETY: it does nothing.
    unsafe { Agent.method() };
}
