//! Unused tracked functions and methods, and the items used only by them, are reported as dead code.
#![allow(unused_imports)] // Without the attribute, its name is unused.
use agent_metrics::track_tool;

#[track_tool]
async fn dead() {
    helper();
}

#[track_tool]
fn dead_sync() {}

fn helper() {}

struct Agent {
    never_read: u8,
    read: u8,
}

impl Agent {
    #[track_tool]
    async fn dead_method(&self) {}

    #[track_tool]
    fn used(&self) -> u8 {
        self.read
    }
}

enum Kind {
    Made,
    NeverMade,
}

#[track_tool]
async fn makes() -> Kind {
    Kind::Made
}

fn main() {
    Agent { never_read: 1, read: 1 }.used();
    drop(makes());
}
