//! Needless `mut` is reported in arguments, patterns, locals and receivers.
#![allow(unused_imports)] // Without the attribute, its name is unused.
use agent_metrics::track_tool;

#[track_tool]
async fn arguments(mut needless: u8, mut needed: u8, (mut part, other): (u8, u8)) -> u8 {
    needed += 1;
    needless + needed + part + other
}

#[track_tool]
fn arguments_sync(mut needless: u8, mut needed: u8, (mut part, other): (u8, u8)) -> u8 {
    needed += 1;
    needless + needed + part + other
}

#[track_tool]
async fn locals() -> u8 {
    let mut needless = 1;
    needless
}

#[track_tool]
fn locals_sync() -> u8 {
    let mut needless = 1;
    needless
}

struct Agent(u8);

impl Agent {
    #[track_tool]
    async fn receiver(mut self) -> u8 {
        self.0
    }

    #[track_tool]
    fn receiver_sync(mut self) -> u8 {
        self.0
    }
}

fn main() {
    drop(arguments(1, 2, (3, 4)));
    arguments_sync(1, 2, (3, 4));
    drop(locals());
    locals_sync();
    drop(Agent(1).receiver());
    Agent(1).receiver_sync();
}
