//! An attribute on another item says what it found and what it expects, and the item stays.
use agent_metrics::{track_llm, track_step, track_task, track_tool};

#[track_tool]
struct Struct;

#[track_task]
enum Enum {
    Variant,
}

#[track_step]
mod module {
    pub fn function() {}
}

#[track_llm(modl = "m")]
pub(crate) trait Trait {
    fn method(&self) {}
}

#[track_tool]
const CONSTANT: fn() = module::function;

#[track_tool]
macro_rules! made {
    () => {};
}

impl Trait for Struct {}

fn main() {
    made!();
    let _ = (Enum::Variant, CONSTANT);
    Struct.method();
}
