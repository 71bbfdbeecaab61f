//! Unknown names are reported where they are written, in the signature and in the body.
use agent_metrics::track_tool;

struct Agent {
    name: String,
}

#[track_tool]
async fn function() {
    nowhere();
}

#[track_tool]
fn variable_sync() -> u8 {
    nowhere
}

#[track_tool]
async fn module() -> u8 {
    nowhere::f()
}

#[track_tool]
fn macro_sync() {
    nowhere!();
}

impl Agent {
    #[track_tool]
    fn constructor_sync() -> Self {
        Agent { nme: String::new() }
    }
}

#[track_tool]
fn lifetime_sync(text: &'a str) -> &'a str {
    text
}

#[track_tool]
async fn argument(argument: Nowhere) {
    let _ = argument;
}

fn main() {}
