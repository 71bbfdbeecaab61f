//! Changes to immutable or uninitialised values are reported at the change.
use agent_metrics::track_tool;

struct Agent(u8);

#[track_tool]
async fn argument(values: Vec<u8>) {
    values.push(1);
}

#[track_tool]
fn argument_sync(values: Vec<u8>) {
    values.push(1);
}

#[track_tool]
async fn through_reference(values: &Vec<u8>) {
    values.push(1);
}

#[track_tool]
fn twice_sync() -> u8 {
    let number = 1;
    number = 2;
    number
}

impl Agent {
    #[track_tool]
    async fn method(&self) {
        self.0 += 1;
    }

    #[track_tool]
    fn method_sync(self) {
        self.0 += 1;
    }
}

#[track_tool]
async fn not_initialised() -> u8 {
    let number: u8;
    number
}

fn main() {}
