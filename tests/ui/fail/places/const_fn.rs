//! A tracking attribute on a `const fn` is an error, since the function may run at compile time.
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

// The functions are kept, so that uses of them add no errors.
const ONE: u8 = constant();

fn main() {
    let _ = ONE;
    exported();
    // SAFETY: the method does nothing.
    unsafe { Agent.method() };
}
